import { afterAll, beforeAll, expect, test } from 'vitest';
import { ask } from '../authorization/support/ask.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { devices } from '../support/devices.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { FOLLOW, type FollowEvent } from '../support/follow.ts';
import { makeKey, type KeyRights } from '../support/make-key.ts';
import { RawWebSocket, type ProtocolMessage } from '../support/raw-websocket.ts';
import { readSse, type SseMessage } from '../support/sse-client.ts';
import { startStack, type Stack } from '../support/stack.ts';

const NEWER = 'application/graphql-response+json';
const OLDER = 'application/json';
const OPERATIONS = 12;
const MUTATIONS = 5;

let stack: Stack;
let trusting: Stack;
beforeAll(async () => {
  const env = {
    M2M_AUTH: 'on',
    M2M_LOG_LEVEL: 'silent',
    M2M_GRAPHQL_MAX_COST: '500',
    M2M_CALLER_OPERATIONS_PER_MINUTE: String(OPERATIONS),
    M2M_CALLER_MUTATIONS_PER_MINUTE: String(MUTATIONS),
  };
  stack = await startStack({ env });
  trusting = await startStack({
    env: { ...env, M2M_TRUSTED_DOCUMENTS: 'require', M2M_TRUSTED_DOCUMENTS_FILES: 'documents/gql/persisted-documents.json' },
    register: false,
  });
});
afterAll(async () => {
  await stack[Symbol.asyncDispose]();
  await trusting[Symbol.asyncDispose]();
});

const READER: KeyRights = { scopes: { '*': ['read'] } };
const WRITER: KeyRights = { scopes: { '*': ['read', 'write'] } };
const REQUESTS = '{ requests { nodes { id } } }';
const ACTIVATE = 'activateDevices(input: $input) { __typename }';
const fields = (count: number, text: (at: number) => string) => Array.from({ length: count }, (_, at) => text(at)).join(' ');

interface Refusal {
  readonly what: string;
  readonly query: string;
  readonly rights?: KeyRights;
  /** Operations that are asked before. */
  readonly before?: number;
  readonly code: string;
  readonly status: number;
  readonly says: RegExp;
}

const TOO_LARGE = { code: 'OPERATION_TOO_LARGE', status: 400 } as const;
const FORBIDDEN = { code: 'FORBIDDEN', status: 403 } as const;
const RATE_LIMITED = { code: 'RATE_LIMITED', status: 429 } as const;

const REFUSALS: readonly Refusal[] = [
  { what: 'a document too long', query: `${REQUESTS} #${'x'.repeat(65_536)}`, ...TOO_LARGE, says: /Bytes/ },
  { what: 'too many tokens', query: `{ requests { nodes { ${'id '.repeat(2_000)} } } }`, ...TOO_LARGE, says: /Tokens/ },
  {
    what: 'fields too deep',
    query: `{ requests { nodes ${'{ retryOf '.repeat(10)} { id } ${'}'.repeat(12)}`,
    ...TOO_LARGE,
    says: /Fields within/,
  },
  { what: 'too many aliases', query: `{ requests { nodes { ${fields(16, (at) => `a${at}: id`)} } } }`, ...TOO_LARGE, says: /Aliases/ },
  { what: 'too many root fields', query: `{ ${'__typename '.repeat(11)} }`, ...TOO_LARGE, says: /Root fields/ },
  {
    what: 'too many directives',
    query: `{ requests { nodes { ${'... @skip(if: false) { id } '.repeat(21)} } } }`,
    ...TOO_LARGE,
    says: /Directives/,
  },
  {
    what: 'an operation that costs too much',
    query: '{ requests(first: 600) { nodes { id } } }',
    ...TOO_LARGE,
    says: /more than 500 objects/,
  },
  {
    what: 'a subscription that costs too much',
    query: 'subscription { requestStatus(requestId: "x", batchSize: 600) { outcomes { id } } }',
    ...TOO_LARGE,
    says: /more than 500 objects/,
  },
  {
    what: 'a mutation without the scope',
    query: `mutation ($input: ActivateDevicesInput!) { ${ACTIVATE} }`,
    ...FORBIDDEN,
    says: /scope write/,
  },
  {
    what: 'a subscription without the scope',
    rights: { scopes: { '*': ['write'] } },
    query: 'subscription { requestStatus(requestId: "x") { cursor } }',
    ...FORBIDDEN,
    says: /scope read/,
  },
  { what: 'introspection without the grant', query: '{ __schema { types { name } } }', ...FORBIDDEN, says: /grant introspection/ },
  {
    what: 'a secret without the grant',
    query: '{ requests { nodes { outcomes { nodes { activationCode } } } } }',
    ...FORBIDDEN,
    says: /grant activationCode/,
  },
  { what: 'too many operations', query: REQUESTS, before: OPERATIONS, ...RATE_LIMITED, says: /too many operations/ },
  {
    what: 'too many mutations',
    rights: WRITER,
    query: `mutation ($input: ActivateDevicesInput!) { ${fields(MUTATIONS + 1, (at) => `a${at}: ${ACTIVATE}`)} }`,
    ...RATE_LIMITED,
    says: /too many mutations/,
  },
  {
    what: 'a document that is not trusted',
    query: REQUESTS,
    code: 'DOCUMENT_NOT_TRUSTED',
    status: 400,
    says: /takes only trusted documents/,
  },
];

test.each(REFUSALS)(
  'over every transport $what is refused with $code, once and before it runs, and harms nothing else on the socket',
  async ({ query, rights = READER, before = 0, code, status, says }) => {
    const at = code === 'DOCUMENT_NOT_TRUSTED' ? trusting : stack;
    const { graphql: url, websocket } = at.gateway.urls;
    const { authorization } = await makeKey(at.gateway, rights);
    const variables = {
      input: { accountName: at.account, target: { devices: devices(1, 777) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' },
    };
    const error = { message: expect.stringMatching(says) as string, extensions: { code } };
    const refused = { errors: [expect.objectContaining({ ...error, extensions: expect.objectContaining(error.extensions) as object })] };

    await using raw = await RawWebSocket.ready(websocket, authorization);
    const running = at === stack && rights.scopes['*']?.includes('read') ? await openRunning(raw) : null;
    const posts = at.simulator.ledger.posts.length;
    for (let asked = 0; asked < before; asked++) await ask(url, authorization, { query: REQUESTS });

    // A subscription has no answer of one piece.
    const types = query.startsWith('subscription')
      ? []
      : ([
          [NEWER, status],
          [OLDER, 200],
        ] as const);
    for (const [type, expected] of types) {
      const answer = await ask(url, authorization, { query, variables }, type);
      expect(answer.status).toBe(expected);
      expect(JSON.parse(answer.text)).toEqual(refused);
      expect(answer.text).not.toContain('"http"');
      expect(answer.headers['retry-after']).toEqual(status === 429 ? expect.stringMatching(/^[1-9]\d*$/) : undefined);
    }

    const stream: SseMessage[] = [];
    for await (const message of readSse(url, query, variables, authorization)) stream.push(message);
    expect(stream.map(({ event }) => event)).toEqual(['next', 'complete']);
    expect(JSON.parse(stream[0]?.data ?? '')).toEqual(refused);
    expect(stream[0]?.data).not.toContain('"http"');

    raw.subscribe('refused', query, variables);
    const [answer, ...rest] = await raw.ending('refused');
    expect(rest.length).toBeLessThanOrEqual(1);
    expect(answer?.type === 'error' ? { errors: answer.payload } : answer?.payload).toEqual(refused);
    expect(JSON.stringify(answer)).not.toContain('"http"');
    expect(at.simulator.ledger.posts).toHaveLength(posts);
    raw.send({ type: 'ping' });
    await raw.message(({ type }) => type === 'pong');
    await running?.expectWhole();
  },
);

let lastDevice = 0;

/** A subscription that runs on the socket until the test has it end. */
async function openRunning(raw: RawWebSocket) {
  const owner = await makeKey(stack.gateway, WRITER);
  stack.simulator.holdCallbacks();
  const asOwner = {
    account: stack.account,
    query: <Data>(text: string, given?: Record<string, unknown>) => stack.query<Data>(text, given, owner.authorization),
  };
  const { id } = await activateDevices(asOwner, 1, { first: ++lastDevice });
  raw.subscribe('running', FOLLOW, { id });
  const ledger = new EventLedger(1);
  const take = ({ type, payload }: ProtocolMessage) =>
    type === 'next' && ledger.add((payload as { data: { requestStatus: FollowEvent } }).data.requestStatus);
  take(await raw.message((message) => message.id === 'running'));
  return {
    async expectWhole() {
      stack.simulator.releaseCallbacks();
      (await raw.ending('running')).forEach(take);
      expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
    },
  };
}
