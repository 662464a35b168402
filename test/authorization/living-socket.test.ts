import { expect, test } from 'vitest';
import { followWithGraphqlWs } from '../../examples/follow-with-graphql-ws.ts';
import WebSocket from 'ws';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { issuerEnv } from '../support/issuer-env.ts';
import { makeKey } from '../support/make-key.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { RawWebSocket, type ProtocolMessage } from '../support/raw-websocket.ts';
import { readSse, type SseMessage } from '../support/sse-client.ts';
import { startIssuer } from '../support/start-issuer.ts';
import { openTwoOpen, SLIM, type TwoOpen } from './support/two-open.ts';

const READ = { '*': ['read'] } as const;

/** The clocks of an issuer and of a gateway may differ by so much: a token is good for as long after its end. */
const TOLERANCE_S = 5;

/** When a token has to end for the gateway to take it for two or three seconds from now. */
function soon(): number {
  return Math.floor(Date.now() / 1000) + 3 - TOLERANCE_S;
}

/** An open stream of events, its first event taken. */
async function streaming({ url, mine }: TwoOpen, authorization: string): Promise<AsyncGenerator<SseMessage, void, void>> {
  const stream = readSse(url, SLIM, { id: mine.id }, authorization);
  expect((await stream.next()).value?.event).toBe('next');
  return stream;
}

/** What is left of it, until the server has ended it. */
async function rest(stream: AsyncIterable<SseMessage>): Promise<SseMessage[]> {
  const messages: SseMessage[] = [];
  for await (const message of stream) messages.push(message);
  return messages;
}

const ENDED = [
  { event: 'next', data: expect.stringContaining('"code":"UNAUTHENTICATED"') as string },
  { event: 'complete', data: '' },
];

/** A socket that follows, its first event taken. */
async function following({ websocket, mine }: TwoOpen, authorization: string): Promise<RawWebSocket> {
  const socket = await RawWebSocket.ready(websocket, authorization);
  socket.subscribe('mine', SLIM, { id: mine.id });
  await socket.message(({ type }) => type === 'next');
  return socket;
}

test.concurrent('a token that expires closes its socket with 4403 and ends its stream with an error, though nothing happens on them', async () => {
  await using issuer = await startIssuer();
  await using world = await openTwoOpen({ env: issuerEnv(issuer) });
  const token = async (exp?: number) => `Bearer ${await issuer.sign({ m2m: { accounts: READ }, ...(exp !== undefined && { exp }) })}`;
  await using lasting = await following(world, await token());
  const short = await token(soon());
  await using socket = await following(world, short);
  await using idle = await RawWebSocket.ready(world.websocket, short);
  const stream = await streaming(world, short);
  expect(await Promise.all([socket.closed, idle.closed])).toEqual([4403, 4403]);
  expect(await rest(stream)).toEqual(ENDED);
  // An error before the close would end the subscription for its client, which could come back with another token.
  expect(socket.rest()).toEqual([]);
  expect(await openSubscriptions(world.stack.gateway)).toBe(1);
  await world.mine.report();
  expect(await lasting.message(({ type }) => type === 'next')).toMatchObject({ payload: { data: {} } });
  await using again = await RawWebSocket.open(world.websocket);
  again.send({ type: 'connection_init', payload: { authorization: short } });
  expect(await again.closed).toBe(4403);
});

test.concurrent('an API key that expires does the same', async () => {
  await using world = await openTwoOpen();
  const key = await makeKey(world.stack.gateway, { scopes: READ, livesMs: 2_000 });
  await using socket = await following(world, key.authorization);
  const stream = await streaming(world, key.authorization);
  expect([await socket.closed, socket.closeReason]).toEqual([4403, 'The key was revoked, or the token has expired']);
  expect(await rest(stream)).toEqual(ENDED);
});

test.concurrent('a client that is asked for its token at each connection comes back by itself and goes on after its cursor: no gap, no repeat', async () => {
  const devices = 30;
  await using issuer = await startIssuer();
  await using world = await openTwoOpen({ devices, env: issuerEnv(issuer) });
  const rights = { accounts: READ, grants: ['deviceCredential', 'activationCode'] };
  const ledger = new EventLedger(devices);
  const connections: string[] = [];
  let reported = 0;
  const report = async (count: number) => {
    for (; reported < count; reported++) await world.mine.report();
  };
  const second = Promise.withResolvers<void>();
  const followed = followWithGraphqlWs({
    url: world.websocket,
    requestId: world.mine.id,
    batchSize: 3,
    webSocketImpl: WebSocket,
    firstPauseMs: 10,
    authorization: async () => {
      connections.push('asked');
      // Twice they are short, then one lasts.
      if (connections.length === 3) second.resolve();
      return `Bearer ${await issuer.sign({ m2m: rights, ...(connections.length < 3 && { exp: soon() }) })}`;
    },
    onEvent: (event) => ledger.add(event),
  });
  await report(10);
  await second.promise;
  await report(devices);
  await followed;
  expect(connections).toHaveLength(3);
  expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
});

test('a revoked key closes its sockets and streams at once, and nobody else’s', async () => {
  await using world = await openTwoOpen();
  const { gateway } = world.stack;
  const key = await makeKey(gateway, { scopes: READ, name: 'two-keys' });
  const other = await makeKey(gateway, { scopes: READ, name: 'two-keys' });
  await using sockets = new AsyncDisposableStack();
  const revoked = [];
  for (let number = 0; number < 3; number++) revoked.push(sockets.use(await following(world, key.authorization)));
  const idle = sockets.use(await RawWebSocket.ready(world.websocket, key.authorization));
  const stream = await streaming(world, key.authorization);
  const stays = sockets.use(await following(world, other.authorization));
  const stayingStream = await streaming(world, other.authorization);
  await key.revoke();
  expect(await Promise.all([...revoked, idle].map(({ closed }) => closed))).toEqual([4403, 4403, 4403, 4403]);
  expect(revoked.flatMap((socket) => socket.rest())).toEqual([]);
  expect(await rest(stream)).toEqual(ENDED);
  expect(await openSubscriptions(gateway)).toBe(2);
  await world.mine.report();
  expect(await stays.message(({ type }) => type === 'next')).toMatchObject({ payload: { data: {} } });
  expect((await stayingStream.next()).value).toMatchObject({ event: 'next' });
  await stayingStream.return();
});

test('a mutation that waits when its key is revoked still gets its result, because it was sent', async () => {
  await using world = await openTwoOpen();
  const { simulator } = world.stack;
  const key = await makeKey(world.stack.gateway, { scopes: { '*': ['read', 'write'] } });
  simulator.faults.add({ endpoint: 'renewActivationCode', latencyMs: 500 });
  const sent = simulator.ledger.posts.length + 1;
  const input = {
    accountName: world.mine.account,
    devices: [
      {
        deviceIds: [
          { kind: 'EID', value: '89049032000000000000000000000001' },
          { kind: 'ICCID', value: '89141390780800784259' },
        ],
      },
    ],
  };
  const query = 'mutation ($input: RenewActivationCodeInput!) { renewActivationCode(input: $input) { __typename } }';
  const answer = world.stack.query(query, { input }, key.authorization);
  await simulator.ledger.until(({ posts }) => posts.length === sent);
  await key.revoke();
  expect(await answer).toEqual({ data: { renewActivationCode: { __typename: 'RenewActivationCodeAccepted' } } });
  expect((await world.stack.query(query, { input }, key.authorization)).errors?.[0]?.extensions?.code).toBe('UNAUTHENTICATED');
  expect(simulator.ledger.posts).toHaveLength(sent);
});

test('operations on a socket are judged by the rights that their caller has now', async () => {
  await using world = await openTwoOpen();
  const { mine, theirs } = world;
  const key = await makeKey(world.stack.gateway, { scopes: { [mine.account]: ['read'] } });
  await using socket = await RawWebSocket.ready(world.websocket, key.authorization);
  let asked = 0;
  const answer = async (query: string): Promise<string> => {
    const id = String(++asked);
    socket.send({ id, type: 'subscribe', payload: { query } });
    const messages: ProtocolMessage[] = await socket.ending(id);
    return JSON.stringify(messages[0]?.payload);
  };
  const show = `{ request(id: "${theirs.id}") { id } }`;
  const cancel = `mutation { cancelRequest(input: { requestId: "${mine.id}" }) { ... on InvalidInput { faults { code } } } }`;
  const secrets = `{ request(id: "${mine.id}") { outcomes { nodes { deviceCredential { password } } } } }`;
  const activate = `mutation { activateDevices(input: { accountName: "${mine.account}", servicePlan: "m2m4G2GB", mdnZipCode: "98801", validateOnly: true,
    target: { devices: [{ deviceIds: [{ kind: ICCID, value: "89148000000000000900" }, { kind: IMEI, value: "990000000009000" }] }] } }) { __typename ... on InvalidInput { faults { code } } } }`;
  expect(await answer(show)).toBe('{"data":{"request":null}}');
  for (const query of [cancel, secrets, activate]) expect(await answer(query)).toContain('FORBIDDEN');
  await key.change({ scopes: { [mine.account]: ['read', 'write'], [theirs.account]: ['read'] }, grants: ['deviceCredential'] });
  expect(await answer(show)).toContain(theirs.id);
  expect(await answer(cancel)).toContain('NOTHING_QUEUED');
  expect(await answer(secrets)).toContain('deviceCredential');
  expect(await answer(activate)).toContain('InputAccepted');
  await key.change({ scopes: { [theirs.account]: ['read', 'write'] }, grants: [] });
  expect(await answer(cancel)).toContain('NOT_FOUND');
  expect(await answer(secrets)).toContain('FORBIDDEN');
  expect(await answer(activate)).toContain('UNKNOWN_ACCOUNT');
});
