/** Documents that look like less than they are; `$REQ`, `$OUT`, `$ACCOUNT` and `$ACTIVATE` (an input) are to be put in. */
export const HOSTILE_DOCUMENTS: readonly (readonly [what: string, body: object])[] = [
  ['a secret under the name of __typename', { query: '{ request(id: "$REQ") { outcomes { nodes { __typename: activationCode } } } }' }],
  ['a secret under the name of another field', { query: '{ request(id: "$REQ") { outcomes { nodes { id: activationCode } } } }' }],
  ['the schema under the name of __typename', { query: '{ __typename: __schema { queryType { name } } }' }],
  [
    'a secret merged with a field of the same name',
    {
      query: '{ request(id: "$REQ") { outcomes { nodes { x: status } } } node(id: "$OUT") { ... on DeviceOutcome { x: activationCode } } }',
    },
  ],
  [
    'a fragment that is spread in two places, first where it is nothing',
    {
      query:
        'query { a: requests(first: 1, accountName: "none") { nodes { ...R } } b: request(id: "$REQ") { ...R } } fragment R on Request { outcomes { nodes { ...D } } } fragment D on DeviceOutcome { activationCode }',
    },
  ],
  [
    'a fragment on an interface within one on a type',
    {
      query:
        '{ node(id: "$REQ") { ... on Request { ... on Node { ... on Request { outcomes { nodes { ... on Node { ... on DeviceOutcome { activationCode } } } } } } } } }',
    },
  ],
  ['a fragment of a type that it cannot be', { query: '{ request(id: "$REQ") { ... on DeviceOutcome { activationCode } } }' }],
  ['a mutation within a query', { query: '{ ... on Mutation { activateDevices(input: $ACTIVATE) { __typename } } }' }],
  ['a mutation called a query', { query: 'query { activateDevices(input: $ACTIVATE) { __typename } }' }],
  ['a mutation', { query: 'mutation { activateDevices(input: $ACTIVATE) { __typename } }' }],
  [
    'a mutation under a name beginning with underscores',
    { query: 'mutation { __typename: activateDevices(input: $ACTIVATE) { __typename } }' },
  ],
  [
    'a mutation that is only included by a variable',
    { query: 'mutation ($v: Boolean = true) { ... @include(if: $v) { activateDevices(input: $ACTIVATE) { __typename } } }' },
  ],
  [
    'a mutation with a variable that has no type',
    { query: 'mutation ($v: Boolean!) { activateDevices(input: $ACTIVATE) @skip(if: $v) { __typename } }', variables: { v: 'false' } },
  ],
  [
    'a mutation behind a query',
    { query: 'query Q { __typename } mutation M { activateDevices(input: $ACTIVATE) { __typename } }', operationName: 'M' },
  ],
  ['two operations and no name', { query: 'query Q { __typename } mutation M { activateDevices(input: $ACTIVATE) { __typename } }' }],
  ['an empty name', { query: 'mutation { activateDevices(input: $ACTIVATE) { __typename } }', operationName: '' }],
  [
    'an empty name among two',
    { query: 'query Q { __typename } mutation M { activateDevices(input: $ACTIVATE) { __typename } }', operationName: '' },
  ],
  ['a name that is none', { query: 'mutation M { activateDevices(input: $ACTIVATE) { __typename } }', operationName: 'Q' }],
  [
    'a name of JavaScript',
    {
      query: 'query constructor { __typename } mutation __proto__ { activateDevices(input: $ACTIVATE) { __typename } }',
      operationName: '__proto__',
    },
  ],
  [
    'a name that is a list',
    { query: 'query Q { __typename } mutation M { activateDevices(input: $ACTIVATE) { __typename } }', operationName: ['M'] },
  ],
  [
    'two operations of one name',
    { query: 'query M { __typename } mutation M { activateDevices(input: $ACTIVATE) { __typename } }', operationName: 'M' },
  ],
  [
    'two subscriptions in one',
    {
      query:
        'subscription { requestStatus(requestId: "x") { cursor } b: requestStatus(requestId: "$REQ") { outcomes { activationCode } } }',
    },
  ],
  [
    'a subscription by a fragment',
    {
      query:
        'subscription { ...F } fragment F on Subscription { requestStatus(requestId: "$REQ") { outcomes { ...D } } } fragment D on DeviceOutcome { activationCode }',
    },
  ],
  [
    'fragments in a circle',
    {
      query:
        '{ request(id: "$REQ") { ...A } } fragment A on Request { ...B } fragment B on Request { ...A outcomes { nodes { activationCode } } }',
    },
  ],
  ['what comes later', { query: '{ request(id: "$REQ") { outcomes { nodes { id ... @defer { activationCode } } } } }' }],
  [
    'an account that is a list',
    { query: 'query ($a: String) { requests(accountName: $a) { nodes { id } } }', variables: { a: ['$ACCOUNT', 'TestAccount-1'] } },
  ],
  [
    'an account that is an object',
    {
      query: 'query ($a: String) { requests(accountName: $a) { nodes { id } } }',
      variables: { a: { toString: '$ACCOUNT', __proto__: null } },
    },
  ],
  ['an id that is a list', { query: 'query ($a: ID!) { node(id: $a) { id } }', variables: { a: ['$REQ'] } }],
  [
    'an id with more around it',
    {
      query:
        '{ a: node(id: " $REQ") { id } b: node(id: "$REQ\\u0000") { id } c: request(id: "$REQ\' OR 1=1 --") { id } d: node(id: "$OUT") { id } e: node(id: "$OUT.") { id } }',
    },
  ],
  [
    'a purged request',
    { query: '{ a: request(id: "purged_1") { id } b: node(id: "purged_1") { id } c: requests(accountName: "") { nodes { id } } }' },
  ],
  [
    'variables that are a prototype',
    { query: 'query ($a: ID!) { node(id: $a) { id } }', variables: JSON.parse('{"__proto__": {"a": "$REQ"}}') as object },
  ],
  ['the audit log of another', { query: '{ auditLog(caller: "key:owner") { nodes { subject } } }' }],
];
