import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { devices } from '../support/devices.ts';
import { issuerEnv } from '../support/issuer-env.ts';
import { makeKey, type TestKey } from '../support/make-key.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { startIssuer, type Issuer } from '../support/start-issuer.ts';
import { ask, type Answer } from './support/ask.ts';
import { HOSTILE_DOCUMENTS } from './support/hostile-documents.ts';
import { openWithSecrets, type WithSecrets } from './support/with-secrets.ts';

const DOCUMENTS = join(import.meta.dirname, '../../documents/gql/persisted-documents.json');

let issuer: Issuer;
let world: WithSecrets;
/** Reads another account than the one everything is in, and has no grant. */
let stranger: TestKey;
/** Reads the account, and has no grant. */
let reader: TestKey;
beforeAll(async () => {
  issuer = await startIssuer();
  world = await openWithSecrets({ env: { ...issuerEnv(issuer), M2M_TRUSTED_DOCUMENTS: 'prefer', M2M_TRUSTED_DOCUMENTS_FILES: DOCUMENTS } });
  stranger = await makeKey(world.stack.gateway, { scopes: { 'TestAccount-1': ['read', 'write', 'admin'] } });
  reader = await makeKey(world.stack.gateway, { scopes: { [world.account]: ['read'] } });
});
afterAll(async () => {
  await world[Symbol.asyncDispose]();
  await issuer[Symbol.asyncDispose]();
});

/** What must be in no answer to either of them. */
function expectNothing({ text }: Pick<Answer, 'text'>, who: TestKey): void {
  expect(text).not.toContain(world.activated.password);
  expect(text).not.toContain(world.renewed.activationCode);
  expect(text).not.toContain('"__schema":{');
  if (who === stranger)
    for (const { id, outcomeId } of [world.activated, world.renewed]) expect(text).not.toMatch(new RegExp(`${id}|${outcomeId}`));
}

const INPUT = () => `{ accountName: "${world.account}", servicePlan: "m2m4G2GB", mdnZipCode: "98801",
  devices: [{ deviceIds: [{ kind: ICCID, value: "${devices(1, 70)[0]?.deviceIds[1]?.value}" }, { kind: IMEI, value: "${devices(1, 70)[0]?.deviceIds[0]?.value}" }] }] }`;

/** The text that is sent, with what the placeholders stand for. */
function filled(body: unknown): string {
  const put = { $REQ: world.renewed.id, $OUT: world.renewed.outcomeId, $ACCOUNT: world.account };
  const text = JSON.stringify(body).replaceAll('$ACTIVATE', JSON.stringify(INPUT()).slice(1, -1));
  return Object.entries(put).reduce((all, [name, value]) => all.replaceAll(name, value), text);
}

test.each(HOSTILE_DOCUMENTS)('%s gets nobody a secret, another’s request or an action', async (_what, body) => {
  const { simulator, gateway } = world.stack;
  const posts = simulator.ledger.posts.length;
  const text = filled(body);
  for (const who of [stranger, reader]) {
    for (const accept of ['application/json', 'text/event-stream']) {
      const answer = await ask(world.url, who.authorization, text, accept);
      expectNothing(answer, who);
      expect(answer.status).toBeLessThan(500);
    }
    await using socket = await RawWebSocket.ready(gateway.urls.websocket, who.authorization);
    socket.send(`{"id":"1","type":"subscribe","payload":${text}}`);
    const told = await Promise.race([socket.ending('1'), socket.closed]);
    expectNothing({ text: JSON.stringify(told) }, who);
  }
  expect(simulator.ledger.posts).toHaveLength(posts);
});

const trusted = () => JSON.parse(readFileSync(DOCUMENTS, 'utf8')) as Record<string, string>;

test('a document that is trusted is trusted for its form, not for its caller', async () => {
  const [id = '', text = ''] = Object.entries(trusted()).find(([, document]) => /query DeviceSecrets\(/.test(document)) ?? [];
  expect(text).toContain('activationCode');
  const [mutationId = '', mutation = ''] =
    Object.entries(trusted()).find(([, document]) => /mutation ActivateDevices/.test(document)) ?? [];
  expect(mutation).toContain('activateDevices');
  const hash = createHash('sha256').update(text).digest('hex');
  const variables = {
    id: world.renewed.id,
    input: { accountName: world.account, target: { devices: devices(1, 70) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' },
  };
  const bodies = [
    { documentId: id, variables },
    { documentId: id.replace('sha256:', ''), variables },
    { query: text, variables },
    { extensions: { persistedQuery: { version: 1, sha256Hash: hash } }, variables },
    { query: '', documentId: id, variables },
    { documentId: mutationId, variables },
    // Another document than the id says.
    { documentId: id, query: '{ __typename }', variables },
  ];
  for (const who of [stranger, reader]) {
    for (const body of bodies) {
      const answer = await ask(world.url, who.authorization, JSON.stringify(body));
      expectNothing(answer, who);
      expect(answer.text).toMatch(/FORBIDDEN|BAD_REQUEST|UNKNOWN_ACCOUNT/);
    }
    await using socket = await RawWebSocket.ready(world.stack.gateway.urls.websocket, who.authorization);
    socket.send({ id: '1', type: 'subscribe', payload: { query: '', documentId: id, variables } });
    expectNothing({ text: JSON.stringify(await socket.ending('1')) }, who);
  }
  expect((await ask(world.url, world.owner.authorization, JSON.stringify(bodies[0]))).text).toContain(world.renewed.activationCode);
});

const QUERY = '{"query":"mutation { cancelRequest(input: { requestId: \\"x\\" }) { __typename } }"}';
const JSON_BODY = { 'content-type': 'application/json' };

interface OddRequest {
  readonly what: string;
  readonly method?: 'GET' | 'PUT';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly path?: string;
}

/** By somebody who may cancel. */
const ODD_REQUESTS: readonly OddRequest[] = [
  { what: 'a batch', headers: JSON_BODY, body: `[${QUERY},${QUERY}]` },
  { what: 'a batch of one', headers: JSON_BODY, body: `[${QUERY}]` },
  { what: 'text', headers: { 'content-type': 'text/plain' }, body: QUERY },
  { what: 'a form', headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: 'query=mutation%7B__typename%7D' },
  { what: 'a document', headers: { 'content-type': 'application/graphql' }, body: 'mutation { __typename }' },
  { what: 'two content types', headers: { 'content-type': 'text/plain, application/json' }, body: QUERY },
  { what: 'no content type', body: QUERY },
  { what: 'a GET', method: 'GET', path: '?query=mutation%7B__typename%7D' },
  {
    what: 'a GET that says it is a POST',
    method: 'GET',
    headers: { 'x-http-method-override': 'POST', ...JSON_BODY },
    path: '?query=%7B__typename%7D',
  },
  { what: 'a PUT', method: 'PUT', headers: JSON_BODY, body: QUERY },
  { what: 'another path', headers: JSON_BODY, body: QUERY, path: '/../graphql/x' },
  { what: 'a body that is a text', headers: JSON_BODY, body: '"mutation { __typename }"' },
  { what: 'a body that is a number', headers: JSON_BODY, body: '7' },
];

test.each(ODD_REQUESTS)('$what runs nothing', async ({ method = 'POST', headers = {}, body, path = '' }) => {
  const before = await audited();
  const answer = await request(`${world.url}${path}`, {
    method,
    headers: { ...headers, authorization: world.plain.authorization },
    ...(body !== undefined && { body }),
  });
  expect(answer.statusCode).toBeGreaterThanOrEqual(400);
  expect(answer.statusCode).toBeLessThan(500);
  expect(await answer.body.text()).not.toContain('"data"');
  expect(await audited()).toBe(before);
});

async function audited(): Promise<number> {
  const { data } = await world.stack.query<{ auditLog: { nodes: unknown[] } }>(
    '{ auditLog(first: 1000) { nodes { id } } }',
    {},
    world.owner.authorization,
  );
  return data?.auditLog.nodes.length ?? -1;
}

test.each([
  ['an account of JavaScript', '{"accounts": {"__proto__": ["read", "write", "admin"], "constructor": ["read"]}}'],
  ['an account that is not served', '{"accounts": {"0999999999-00009": ["read", "write", "admin"]}}'],
  ['scopes of no account', '{"accounts": {"": ["read"], " ": ["read"], "**": ["read"], "0868924207-*": ["read"]}}'],
  ['no scopes', '{"accounts": {"0868924207-00001": []}}'],
])('a token with %s may do nothing', async (_what, claim) => {
  const authorization = `Bearer ${await issuer.sign({ m2m: JSON.parse(claim) as object })}`;
  for (const query of [
    '{ requests { nodes { id } } }',
    `{ request(id: "${world.renewed.id}") { id } }`,
    '{ deadLetters { nodes { id } } }',
    'mutation { __typename cancelRequest(input: { requestId: "x" }) { __typename } }',
  ]) {
    const answer = await ask(world.url, authorization, { query });
    expect(answer.text).toContain('FORBIDDEN');
    expect(answer.text).not.toContain('"data"');
  }
});

test('two callers may use the same idempotency key, and neither learns of the other', async () => {
  const scopes = { [world.account]: ['read', 'write'] } as const;
  const [first, second] = [await makeKey(world.stack.gateway, { scopes }), await makeKey(world.stack.gateway, { scopes })];
  const query = `mutation ($input: ResumeProfileInput!) { resumeProfile(input: $input) { __typename ... on IdempotencyKeyReused { requestId } ... on ResumeProfileAccepted { request { id createdBy } } } }`;
  const resume = async ({ authorization }: TestKey, iccid: string) => {
    const input = { accountName: world.account, idempotencyKey: 'the same', devices: [{ deviceIds: [{ kind: 'ICCID', value: iccid }] }] };
    return (
      await world.stack.query<{ resumeProfile: { __typename: string; request?: { id: string; createdBy: string } } }>(
        query,
        { input },
        authorization,
      )
    ).data?.resumeProfile;
  };
  const one = await resume(first, '89141390780800784259');
  const two = await resume(second, '89148000000000000777');
  expect([one?.__typename, two?.__typename]).toEqual(['ResumeProfileAccepted', 'ResumeProfileAccepted']);
  expect(two?.request).toEqual({ id: expect.not.stringContaining(one?.request?.id ?? '') as string, createdBy: second.caller });
  // By a token of the same name too: a subject is no key.
  const token = `Bearer ${await issuer.sign({ sub: first.caller.slice('key:'.length), m2m: { accounts: scopes } })}`;
  expect((await resume({ ...first, authorization: token }, '89148000000000000778'))?.__typename).toBe('ResumeProfileAccepted');
});
