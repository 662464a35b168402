import { afterAll, beforeAll, expect, test } from 'vitest';
import { SCOPES, type Scope } from '../../src/resolvers/access/caller.ts';
import { schema } from '../../src/schema/index.ts';
import { inputLiteral } from '../support/input-literal.ts';
import { issuerEnv } from '../support/issuer-env.ts';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { OPERATION_CASES } from '../support/operation-fixtures.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startIssuer, type Issuer } from '../support/start-issuer.ts';
import { ask, codeOf } from './support/ask.ts';
import { CARRIER_FIELDS, operationOf } from './support/carrier-fields.ts';
import { ACCOUNTS, openTwoAccounts, type TwoAccounts } from './support/two-accounts.ts';

const PLACES = { 'the account': ACCOUNTS.mine, 'another account': ACCOUNTS.theirs, 'every account': '*' } as const;

interface Holder {
  readonly scope: Scope | null;
  readonly place: keyof typeof PLACES | null;
  readonly key: Pick<TestKey, 'authorization'>;
}

let world: TwoAccounts;
let issuer: Issuer;
/** Authenticated, and that is all. */
let nobody: string;
const holders: Holder[] = [];
beforeAll(async () => {
  issuer = await startIssuer();
  world = await openTwoAccounts(issuerEnv(issuer));
  const { gateway } = world.stack;
  nobody = `Bearer ${await issuer.sign({ m2m: { accounts: {} } })}`;
  holders.push({ scope: null, place: null, key: { authorization: nobody } });
  for (const scope of SCOPES) {
    for (const place of Object.keys(PLACES) as (keyof typeof PLACES)[])
      holders.push({ scope, place, key: await makeKey(gateway, { scopes: { [PLACES[place]]: [scope] } }) });
  }
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

const NO_ID = 'req_01ARZ3NDEKTSV4RRFFQ69G5FAV';
const FAULTS = '... on InvalidInput { faults { code } }';

interface Field {
  readonly needs: Scope;
  readonly query: (world: TwoAccounts) => string;
  /** What the answer has where the caller may, and nowhere else. */
  readonly allowed: (world: TwoAccounts) => string;
  /** What it has where the scope is with another account. */
  readonly missing: string;
  /** It looks a request up, which only a reader can. */
  readonly alsoReads?: boolean;
  /** It may reach devices of every account. */
  readonly needsEvery?: boolean;
}

const FIELDS: Readonly<Record<string, Field>> = {
  'Query.request': {
    needs: 'read',
    query: ({ mine }) => `{ request(id: "${mine.settled.id}") { id } }`,
    allowed: ({ mine }) => mine.settled.id,
    missing: '{"request":null}',
  },
  'Query.node': {
    needs: 'read',
    query: ({ mine }) => `{ node(id: "${mine.outcomeId}") { id } }`,
    allowed: ({ mine }) => mine.outcomeId,
    missing: '{"node":null}',
  },
  'Query.requests': {
    needs: 'read',
    query: ({ mine }) => `{ requests(accountName: "${mine.account}") { nodes { id } } }`,
    allowed: ({ mine }) => mine.settled.id,
    missing: '{"requests":{"nodes":[]}}',
  },
  'Query.unclaimedCallbacks': {
    needs: 'read',
    query: ({ mine }) => `{ unclaimedCallbacks(accountName: "${mine.account}") { nodes { comment } } }`,
    allowed: () => '"comment":"unclaimed"',
    missing: '{"unclaimedCallbacks":{"nodes":[]}}',
  },
  'Query.checkDevices': {
    needs: 'read',
    query: ({ mine }) => `{ checkDevices(accountName: "${mine.account}", operation: SUSPEND_DEVICES,
      devices: [{ deviceIds: [{ kind: ICCID, value: "89148000000000000001" }] }]) { devices { verdict } } }`,
    allowed: () => '"verdict"',
    missing: '"code":"NOT_FOUND"',
  },
  'Query.deadLetters': {
    needs: 'admin',
    query: ({ mine }) => `{ deadLetters(accountName: "${mine.account}") { nodes { reason } } }`,
    allowed: () => '"reason":"UNREADABLE"',
    missing: '{"deadLetters":{"nodes":[]}}',
  },
  'Query.auditLog': {
    needs: 'admin',
    query: ({ mine }) => `{ auditLog(accountName: "${mine.account}") { nodes { action } } }`,
    allowed: () => '"action":"ACTIVATE_DEVICES"',
    missing: '{"auditLog":{"nodes":[]}}',
  },
  ...Object.fromEntries(
    OPERATION_CASES.map(({ operation: { mutation, typeName, scope, namesNoAccount = false }, input }): [string, Field] => [
      `Mutation.${mutation}`,
      {
        needs: scope,
        query: ({ mine }) =>
          `mutation { ${mutation}(input: ${inputLiteral(typeName, { ...input, accountName: mine.account, validateOnly: true })}) { __typename ${FAULTS} } }`,
        allowed: () => 'InputAccepted',
        missing: 'UNKNOWN_ACCOUNT',
        needsEvery: namesNoAccount,
      },
    ]),
  ),
  ...Object.fromEntries(
    Object.entries(CARRIER_FIELDS).map(([name, field]): [string, Field] => [
      name,
      { ...field, query: ({ mine }) => operationOf(field, mine), allowed: () => field.allowed },
    ]),
  ),
  'Mutation.cancelRequest': {
    needs: 'write',
    query: ({ mine }) => `mutation { cancelRequest(input: { requestId: "${mine.settled.id}" }) { ${FAULTS} } }`,
    allowed: () => 'NOTHING_QUEUED',
    missing: 'NOT_FOUND',
    alsoReads: true,
  },
  'Mutation.checkNow': {
    needs: 'write',
    query: ({ mine }) => `mutation { checkNow(input: { requestId: "${mine.settled.id}" }) { ${FAULTS} } }`,
    allowed: () => 'NOTHING_TO_ASK',
    missing: 'NOT_FOUND',
    alsoReads: true,
  },
  'Mutation.retryFailedDevices': {
    needs: 'write',
    query: ({ mine }) => `mutation { retryFailedDevices(input: { requestId: "${mine.settled.id}" }) { ${FAULTS} } }`,
    allowed: () => 'NOTHING_FAILED',
    missing: 'NOT_FOUND',
    alsoReads: true,
  },
  'Mutation.resolveUnknownRequest': {
    needs: 'write',
    query: ({ mine }) =>
      `mutation { resolveUnknownRequest(input: { requestId: "${mine.settled.id}", fate: { neverArrived: true } }) { ${FAULTS} } }`,
    allowed: () => 'NOT_UNKNOWN',
    missing: 'NOT_FOUND',
    alsoReads: true,
  },
  'Mutation.redriveDeadLetters': {
    needs: 'admin',
    query: ({ mine }) => `mutation { redriveDeadLetters(input: { ids: ["${mine.deadLetterId}"] }) { outcome } }`,
    allowed: () => '"outcome":"UNREADABLE"',
    missing: '"outcome":"NOT_FOUND"',
  },
  'Subscription.requestStatus': {
    needs: 'read',
    query: ({ mine }) => `subscription { requestStatus(requestId: "${mine.settled.id}") { cursor } }`,
    allowed: ({ mine }) => `.${mine.settled.id}.`,
    missing: '"code":"NOT_FOUND"',
  },
};

/** They need no scope: test/front-end/viewer.test.ts shows who is told what. */
const OF_ONESELF = ['Query.viewer'];
/** It stays open: test/subscriptions/requests-changed.test.ts shows who is told what. */
const STAYS_OPEN = ['Subscription.requestsChanged'];

test('the table lists every field that leads into the graph', () => {
  const roots = [schema.getQueryType(), schema.getMutationType(), schema.getSubscriptionType()];
  const fields = roots.flatMap((type) => Object.keys(type?.getFields() ?? {}).map((field) => `${type?.name}.${field}`));
  expect([...Object.keys(FIELDS), ...OF_ONESELF, ...STAYS_OPEN].toSorted()).toEqual(fields.toSorted());
});

test.each(Object.entries(FIELDS))(
  '%s is for who has its scope with the account',
  async (name, { needs, query, allowed, missing, alsoReads, needsEvery }) => {
    const seen: string[] = [];
    for (const { scope, place, key } of holders) {
      const accept = name.startsWith('Subscription') ? 'text/event-stream' : 'application/graphql-response+json';
      const { status, text } = await ask(world.url, key.authorization, { query: query(world) }, accept);
      const found = [
        text.includes(allowed(world)) && 'allowed',
        text.includes(missing) && 'missing',
        text.includes('"FORBIDDEN"') && 'forbidden',
        text.includes('NEEDS_EVERY_ACCOUNT') && 'more',
      ].filter(Boolean);
      const isMissing = place === 'another account' || alsoReads;
      const expected = scope !== needs ? 'forbidden' : isMissing ? 'missing' : needsEvery && place !== 'every account' ? 'more' : 'allowed';
      expect(found, `${scope} on ${place}: ${text}`).toEqual([expected]);
      if (expected === 'forbidden' && !name.startsWith('Subscription')) {
        expect(status).toBe(403);
        expect(text).toContain(`the scope ${needs} (${name})`);
        expect(text).not.toContain('"data"');
      }
      seen.push(expected);
    }
    expect(new Set(seen).size).toBe(alsoReads ? 2 : needsEvery ? 4 : 3);
  },
);

test.each(Object.entries(FIELDS).filter(([, { alsoReads }]) => alsoReads))(
  '%s is for who may read the request, too',
  async (_name, { query, allowed, missing }) => {
    const { gateway } = world.stack;
    const both = await makeKey(gateway, { scopes: { [ACCOUNTS.mine]: ['read', 'write'] } });
    expect((await ask(world.url, both.authorization, { query: query(world) })).text).toContain(allowed(world));
    // With one account the one, with another the other: that is neither.
    const apart = await makeKey(gateway, { scopes: { [ACCOUNTS.mine]: ['read'], [ACCOUNTS.theirs]: ['write'] } });
    expect((await ask(world.url, apart.authorization, { query: query(world) })).text).toContain(missing);
  },
);

test('a caller that lacks one scope of an operation gets nothing of it', async () => {
  const reader = await makeKey(world.stack.gateway, { scopes: { '*': ['read'] } });
  const query = `{ request(id: "${world.mine.settled.id}") { id } deadLetters { nodes { id } } }`;
  const { status, text } = await ask(world.url, reader.authorization, { query });
  expect({ status, code: codeOf({ text }) }).toEqual({ status: 403, code: 'FORBIDDEN' });
  expect(text).not.toContain(world.mine.settled.id);
});

test('over a WebSocket too the operation is refused, and the socket stays open', async () => {
  const reader = await makeKey(world.stack.gateway, { scopes: { [ACCOUNTS.mine]: ['read'] } });
  await using socket = await RawWebSocket.ready(world.stack.gateway.urls.websocket, reader.authorization);
  for (const [name, { needs, query, allowed }] of Object.entries(FIELDS)) {
    socket.subscribe(name, query(world));
    const messages = JSON.stringify(await socket.ending(name));
    expect(messages, name).toContain(needs === 'read' ? allowed(world) : '"FORBIDDEN"');
  }
});

test('an unknown id is not found for a caller with all rights, and forbidden for a caller without rights', async () => {
  const query = `{ request(id: "${NO_ID}") { id } }`;
  expect((await ask(world.url, world.owner.authorization, { query })).text).toBe('{"data":{"request":null}}');
  expect(codeOf(await ask(world.url, nobody, { query }))).toBe('FORBIDDEN');
});
