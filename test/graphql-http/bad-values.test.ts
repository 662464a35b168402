import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { startStack, type Stack } from '../support/stack.ts';
import { send } from './support/send.ts';

let stack: Stack;
let url: string;
beforeAll(async () => {
  stack = await startStack({ register: false });
  url = stack.gateway.urls.graphql;
});
afterAll(() => stack[Symbol.asyncDispose]());

const NEWER = { 'content-type': 'application/json', accept: 'application/graphql-response+json' };
const MARK = 'Kowalczyk-4711';
const ACTIVATION = 'accountName: "a", servicePlan: "s", mdnZipCode: "98801"';

const TEXTS = ['"text"', '"FAILED"', '"2026-11-22T09:30:00Z"', '""', `"${MARK}"`, '"\\u0000"', '"\\ud800"'] as const;

/** [type, a document whose `$v` has it, values that fit] */
const TYPES: readonly (readonly [type: string, document: string, fits: readonly string[]])[] = [
  ['Int', 'query ($v: Int) { requests(first: $v) { nodes { id } } }', ['7', '-0', 'null', '1e2', '7.0']],
  [
    'ID!',
    'query ($v: ID!) { request(id: $v) { id } }',
    [...TEXTS, '7', '-0', '7.0', '1e2', '2147483648', '-2147483649', '9007199254740993', '1e300'],
  ],
  ['String', 'query ($v: String) { requests(accountName: $v) { nodes { id } } }', [...TEXTS, 'null']],
  ['Boolean!', 'query ($v: Boolean!) { __typename @include(if: $v) }', ['true']],
  ['RequestStatus', 'query ($v: RequestStatus!) { requests(filter: { status: [$v] }) { nodes { id } } }', ['"FAILED"']],
  [
    '[OutcomeStatus!]',
    'query ($v: [OutcomeStatus!]) { request(id: "x") { outcomes(status: $v) { nodes { id } } } }',
    ['"FAILED"', 'null', '[]'],
  ],
  ['DateTime', 'query ($v: DateTime) { requests(filter: { since: $v }) { nodes { id } } }', ['"2026-11-22T09:30:00Z"', 'null']],
  ['RequestFilter', 'query ($v: RequestFilter) { requests(filter: $v) { nodes { id } } }', ['{}', 'null']],
  [
    '[ActivateDeviceInput!]!',
    `mutation ($v: [ActivateDeviceInput!]!) { activateDevices(input: { ${ACTIVATION}, target: { devices: $v } }) { __typename } }`,
    ['[]'],
  ],
];

/** As they stand in the body: JavaScript could not write some of them. */
const VALUES = [
  'null',
  'true',
  '7',
  '-0',
  '7.0',
  '1e2',
  '7.5',
  '2147483648',
  '-2147483649',
  '9007199254740993',
  '1e300',
  '1e400',
  ...TEXTS,
  '[]',
  '[null]',
  `["${MARK}"]`,
  `[["${MARK}"]]`,
  '{}',
  `{"${MARK}":"${MARK}"}`,
  `{"__proto__":"${MARK}"}`,
  `{"toString":"${MARK}"}`,
] as const;

describe.each(TYPES)('a variable of %s', (_type, document, fits) => {
  test.each(VALUES)('that is %s', async (value) => {
    const answer = await send(url, `{"query":${JSON.stringify(document)},"variables":{"v":${value}}}`, { headers: NEWER });
    const { data, errors = [] } = answer.body as { readonly data?: unknown; readonly errors?: readonly { readonly message: string }[] };
    // What fits may still be refused by the field: 0 is no size of a page.
    if (fits.includes(value)) expect(answer.status).toBe(200);
    else {
      expect([answer.status, data]).toEqual([400, undefined]);
      expect(errors.length).toBeGreaterThan(0);
      expect(errors.filter(({ message }) => !message.startsWith('Variable "$v" has invalid value'))).toEqual([]);
    }
    expect(answer.text).not.toMatch(/Kowalczyk|4711|INTERNAL_SERVER_ERROR/);
    expect(stack.simulator.ledger.posts).toEqual([]);
  });
});

test.each(['NaN', 'Infinity', '-Infinity', 'undefined', '0x10', '010', '+7', '.5', '5.', "'text'", '7n', '1_000', `"${MARK}`, '\u00a07'])(
  '%s is no JSON: the body is no request',
  async (value) => {
    const document = TYPES[0]?.[1] ?? '';
    const answer = await send(url, `{"query":${JSON.stringify(document)},"variables":{"v":${value}}}`, { headers: NEWER });
    expect(answer).toMatchObject({ status: 400, body: { errors: [{ extensions: { code: 'BAD_REQUEST' } }] } });
    expect(answer.text).not.toContain(MARK);
  },
);

test.each([
  'NaN',
  'Infinity',
  '2147483648',
  '-2147483649',
  '1e300',
  '1.5',
  '"5"',
  'true',
  '[7.5]',
  '{}',
  'FIVE',
  '007',
  '7n',
  '0x10',
  '5.',
])('%s in a document is no Int', async (value) => {
  const answer = await send(url, JSON.stringify({ query: `{ requests(first: ${value}) { nodes { id } } }` }), { headers: NEWER });
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ message: expect.any(String) as string }] } });
  expect(answer.body).not.toHaveProperty('data');
  expect(answer.text).not.toContain('INTERNAL_SERVER_ERROR');
});

test.each([
  ['a body', (text: string) => text],
  ['a document', (text: string) => JSON.stringify({ query: `{ request(id: "${text}") { id } }` })],
  ['a variable', (text: string) => JSON.stringify({ query: TYPES[2]?.[1], variables: { v: text } })],
  ['a name', (text: string) => JSON.stringify({ query: '{ __typename }', operationName: text })],
  ['an extension', (text: string) => JSON.stringify({ query: '{ __typename }', extensions: { text } })],
])('10 MB of text as %s are more than is read', async (_what, body) => {
  const answer = await send(url, body('x'.repeat(10_000_000)), { headers: NEWER });
  expect(answer).toMatchObject({
    status: 413,
    body: { errors: [{ message: expect.stringContaining('M2M_GRAPHQL_MAX_BODY_BYTES') as string }] },
  });
});
