import { once } from 'node:events';
import { expect, test } from 'vitest';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { HandMadeSocket } from '../support/hand-made-socket.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { until } from '../support/until.ts';

const { frame } = HandMadeSocket;
const HELLO = '{ __typename }';
const QUERY = '{ requests { nodes { id } } }';

/** Doors that ask everybody for the word, and let a test answer for those who say `slow`; what is run is counted. */
async function openAskingDoors() {
  const asked = Promise.withResolvers<void>();
  const answer = Promise.withResolvers<void>();
  let executed = 0;
  const doors = await openGraphqlDoors({
    identify: async (authorization) => {
      if (authorization === 'slow') {
        asked.resolve();
        await answer.promise;
      }
      return LOCAL_IDENTITY;
    },
    faulty: (log) => {
      const list = log.list.bind(log);
      log.list = (...args) => {
        executed++;
        return list(...args);
      };
      return log;
    },
  });
  return { ...doors, asked: asked.promise, answer: () => answer.resolve(), executed: () => executed };
}

type Doors = Awaited<ReturnType<typeof openAskingDoors>>;

const sockets = async ({ metrics }: Doors) => (await metrics.sockets.get()).values[0]?.value;

/** Whatever a stranger did: somebody else is let in and answered. */
async function unharmed(doors: Doors): Promise<void> {
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.subscribe('1', HELLO);
  expect(await raw.ending('1')).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
  expect(doors.logged).toEqual([]);
}

const init = (payload: object) => JSON.stringify({ type: 'connection_init', payload });
const ask = (padding: string) => JSON.stringify({ id: '1', type: 'subscribe', payload: { query: QUERY, variables: { unused: padding } } });

test('a client may use 60,000 bytes to say who it is', async () => {
  await using doors = await openAskingDoors();
  await using raw = await RawWebSocket.open(doors.websocketUrl);
  raw.send(init({ note: 'x'.repeat(60_000) }));
  await raw.message(({ type }) => type === 'connection_ack');
});

test.each([
  ['says it in 70,000 bytes', [frame('text', init({ authorization: 'slow', note: 'x'.repeat(70_000) }))]],
  ['sends an operation of 70,000 bytes', [frame('text', ask('x'.repeat(70_000)))]],
  [
    'sends an operation of 70,000 bytes before it is answered',
    [frame('text', init({ authorization: 'slow' })), frame('text', ask('x'.repeat(70_000)))],
  ],
  ['sends half of such an operation', [frame('text', ask('x'.repeat(140_000))).subarray(0, 70_000)]],
  ['sends 101 pings', Array.from({ length: 101 }, () => frame('ping'))],
  [
    'sends 101 pings before it is answered',
    [frame('text', init({ authorization: 'slow' })), ...Array.from({ length: 100 }, () => frame('ping'))],
  ],
  ['sends 101 pongs', Array.from({ length: 101 }, () => frame('pong'))],
  ['sends 101 pings that are messages', Array.from({ length: 101 }, () => frame('text', '{"type":"ping"}'))],
])('a stranger who %s is cut off, and nothing is run', async (_what, frames) => {
  await using doors = await openAskingDoors();
  await using stranger = await HandMadeSocket.open(doors.websocketUrl);
  const closed = once(stranger.socket, 'close');
  await stranger.write(Buffer.concat(frames));
  await closed;
  await until(async () => (await sockets(doors)) === 0);
  doors.answer();
  await unharmed(doors);
  expect(doors.executed()).toBe(0);
});

test('a client that was admitted may send more', async () => {
  await using doors = await openAskingDoors();
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.send(ask('x'.repeat(140_000)));
  expect(await raw.ending('1')).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
  for (let number = 0; number < 200; number++) raw.send({ type: 'ping', payload: { number } });
  await raw.message(({ type, payload }) => type === 'pong' && JSON.stringify(payload) === '{"number":199}');
});

test('an operation before the answer to connection_init closes the socket with 4401, and is not run', async () => {
  await using doors = await openAskingDoors();
  await using raw = await RawWebSocket.open(doors.websocketUrl);
  raw.send(init({ authorization: 'slow' }));
  await doors.asked;
  raw.subscribe('1', QUERY);
  expect(await raw.closed).toBe(4401);
  doors.answer();
  await unharmed(doors);
  expect(doors.executed()).toBe(0);
});

test('1,000 sockets that say nothing keep none out, and are gone after 3 seconds, also those that do not take their leave', async () => {
  await using doors = await openAskingDoors();
  const silent = await Promise.all(Array.from({ length: 1_000 }, () => HandMadeSocket.open(doors.websocketUrl)));
  const closed = Promise.all(silent.map(({ socket }) => once(socket, 'close')));
  expect(await sockets(doors)).toBe(1_000);
  await unharmed(doors);
  await closed;
  for (const stranger of silent) expect(await stranger.closeCode()).toBe(4408);
  await until(async () => (await sockets(doors)) === 0);
});

test('a caller has a limited number of sockets: the next one is told to come later, and gets in when one has closed', async () => {
  await using doors = await openGraphqlDoors({ socketsPerCaller: 50 });
  await using opened = new AsyncDisposableStack();
  const [first] = await Promise.all(Array.from({ length: 50 }, async () => opened.use(await RawWebSocket.ready(doors.websocketUrl))));
  const another = async () => {
    const raw = opened.use(await RawWebSocket.open(doors.websocketUrl));
    raw.send({ type: 'connection_init' });
    return raw;
  };
  for (const refused of [await another(), await another()]) {
    expect(await refused.closed).toBe(1013);
    expect(refused.rest()).toEqual([]);
  }
  first?.socket.close();
  await first?.closed;
  await (await another()).message(({ type }) => type === 'connection_ack');
  expect(await (await another()).closed).toBe(1013);
});

test.each<readonly [how: string, leave: (raw: RawWebSocket) => void]>([
  ['closes', (raw) => raw.socket.close()],
  ['is cut', (raw) => raw.socket.terminate()],
  ['is closed for a second connection_init', (raw) => raw.send(init({}))],
])('a socket that %s while it is being asked who it is takes no place', async (_how, leave) => {
  const [asked, answer] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  let isFirst = true;
  await using doors = await openGraphqlDoors({
    socketsPerCaller: 1,
    identify: async () => {
      if (isFirst) {
        isFirst = false;
        asked.resolve();
        await answer.promise;
      }
      return LOCAL_IDENTITY;
    },
  });
  await using leaving = await RawWebSocket.open(doors.websocketUrl);
  leaving.send({ type: 'connection_init' });
  await asked.promise;
  leave(leaving);
  await leaving.closed;
  answer.resolve();
  await using next = await RawWebSocket.ready(doors.websocketUrl);
  next.subscribe('1', HELLO);
  await next.ending('1');
  await using refused = await RawWebSocket.open(doors.websocketUrl);
  refused.send({ type: 'connection_init' });
  expect(await refused.closed).toBe(1013);
});
