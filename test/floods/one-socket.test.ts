import { afterAll, beforeAll, expect, test } from 'vitest';
import { iccid } from '../support/devices.ts';
import { FOLLOW } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { HandMadeSocket } from '../support/hand-made-socket.ts';
import { newRequest } from '../support/new-request.ts';
import { openSubscriptions } from '../support/open-subscriptions.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { until } from '../support/until.ts';

type Doors = Awaited<ReturnType<typeof openGraphqlDoors>>;

const HELLO = '{ __typename }';
/** So many at once, and no more while a test runs. */
const STANDSTILL = { perSecond: 0.001, atOnce: 150 };
/** More than a connection holds by itself. */
const FLOOD_BYTES = 64_000_000;
const { frame } = HandMadeSocket;

const subscribe = (id: string, query = HELLO) => frame('text', JSON.stringify({ id, type: 'subscribe', payload: { query } }));
const complete = (id: string) => frame('text', JSON.stringify({ id, type: 'complete' }));

let standing: Doors;
let running: Doors;
beforeAll(async () => {
  standing = await openGraphqlDoors({ pace: STANDSTILL });
  running = await openGraphqlDoors({ pace: { perSecond: 20_000, atOnce: 100 } });
});
afterAll(async () => {
  await standing[Symbol.asyncDispose]();
  await running[Symbol.asyncDispose]();
});

/** One step of each kind of flood; `end` is what the flooder is answered at its end. */
const FLOODS = [
  // More than one read brings: of those that come together the last alone is answered.
  ['pings', () => frame('ping', 'x'.repeat(100)), frame('ping', 'the-end'), 'the-end'],
  [
    'pings that are messages',
    () => frame('text', '{"type":"ping"}'),
    frame('text', '{"type":"ping","payload":{"at":"the-end"}}'),
    'the-end',
  ],
  ['pongs', () => frame('pong'), frame('ping', 'the-end'), 'the-end'],
  ['pongs that are messages', () => frame('text', '{"type":"pong"}'), frame('ping', 'the-end'), 'the-end'],
  ['operations', (step: number) => subscribe(String(step)), subscribe('the-end'), '"the-end","type":"complete"'],
  ['operations that fail', (step: number) => subscribe(String(step), '{'), subscribe('the-end'), '"the-end","type":"complete"'],
  [
    'operations that are completed at once',
    (step: number) => Buffer.concat([subscribe(String(step)), complete(String(step))]),
    subscribe('the-end'),
    '"the-end","type":"complete"',
  ],
  ['operations under one id', () => Buffer.concat([subscribe('1'), complete('1')]), subscribe('the-end'), '"the-end","type":"complete"'],
  ['completions of nothing', (step: number) => complete(String(step)), subscribe('the-end'), '"the-end","type":"complete"'],
] as const;

const many = (step: (at: number) => Buffer, count: number) => Buffer.concat(Array.from({ length: count }, (_, at) => step(at)));

/** A socket of bytes past ConnectionAck. */
async function openReady(url: string): Promise<HandMadeSocket> {
  const made = await HandMadeSocket.open(url);
  await made.write(frame('text', '{"type":"connection_init"}'));
  await made.until('connection_ack');
  return made;
}

/** Answers `asker` so often that all of a flood has its turn in between, if anything of it has. */
async function serveMeanwhile(asker: RawWebSocket): Promise<void> {
  for (let turn = 0; turn < 100; turn++) {
    asker.subscribe(String(turn), HELLO);
    expect(await asker.ending(String(turn))).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
  }
}

test.each(FLOODS)(
  'a flood of %s is taken at its pace: beyond it the flooder waits, and whoever else asks is answered',
  async (_kind, step, end, answer) => {
    await using flooder = await openReady(standing.websocketUrl);
    await flooder.write(Buffer.concat([many(step, 2_000), end]));
    await using other = await RawWebSocket.ready(standing.websocketUrl);
    await serveMeanwhile(other);
    expect(flooder.received()).not.toContain(answer);
    expect(flooder.socket.destroyed).toBe(false);
    expect(standing.logged).toEqual([]);
  },
);

test.each(FLOODS)('nothing of a flood of %s is lost: its end is answered when its turn comes', async (_kind, step, end, answer) => {
  await using flooder = await openReady(running.websocketUrl);
  await flooder.write(Buffer.concat([many(step, 2_000), end]));
  await flooder.until(answer);
  expect(flooder.socket.destroyed).toBe(false);
  await until(async () => (await openSubscriptions(running)) === 0);
});

test('only one read of a flood comes into memory, and the rest waits in the connection', async () => {
  await using flooder = await openReady(standing.websocketUrl);
  await using other = await RawWebSocket.ready(standing.websocketUrl);
  const part = many(() => complete('x'.repeat(1_000)), 100);
  let written = 0;
  const flood = async () => {
    for (; written < FLOOD_BYTES && !flooder.socket.destroyed; written += part.length) await flooder.write(part);
  };
  void flood();
  await serveMeanwhile(other);
  expect(written).toBeLessThan(FLOOD_BYTES);
});

test('a long message counts for many: what comes after it waits', async () => {
  await using doors = await openGraphqlDoors({ pace: { ...STANDSTILL, atOnce: 10 } });
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  await using other = await RawWebSocket.ready(doors.websocketUrl);
  raw.subscribe('long', HELLO, { unused: 'x'.repeat(900_000) });
  await raw.ending('long');
  raw.subscribe('next', HELLO);
  for (const id of ['1', '2', '3', '4', '5']) {
    other.subscribe(id, HELLO);
    await other.ending(id);
  }
  expect(raw.rest()).toEqual([]);
});

test('a page that opens all its subscriptions, leaves them and opens them anew waits for nothing', async () => {
  await using doors = await openGraphqlDoors({ pace: { ...STANDSTILL, atOnce: 301 } });
  const request = newRequest([[['ICCID', iccid(1)]]]);
  await doors.requestLog.create(request);
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  for (const view of ['first', 'second']) {
    for (let number = 0; number < 100; number++) raw.subscribe(`${view} ${number}`, FOLLOW, { id: request.id });
    for (let number = 0; number < 100; number++) await raw.message(({ id, type }) => id === `${view} ${number}` && type === 'next');
    if (view === 'first') for (let number = 0; number < 100; number++) raw.send({ id: `first ${number}`, type: 'complete' });
  }
  await until(async () => (await openSubscriptions(doors)) === 100);
});

test('a client whose pong waits behind its own flood is not taken for gone', async () => {
  await using doors = await openGraphqlDoors({ keepAliveMs: 100, pace: { perSecond: 50, atOnce: 10 }, logLevel: 'warn' });
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  for (let number = 0; number < 60; number++) raw.send({ type: 'ping', payload: { number } });
  for (let number = 0; number < 60; number++) await raw.message(({ type }) => type === 'pong');
  expect(doors.logged).toEqual([]);
});

test('a client that sends pings as messages and takes no answer is closed once its connection holds no more of them', async () => {
  const ping = () => frame('text', JSON.stringify({ type: 'ping', payload: { of: 'x'.repeat(1_000) } }));
  await using doors = await openGraphqlDoors({ stalledAfterMs: 100, pace: { perSecond: 1_000_000, atOnce: 1_000 }, logLevel: 'warn' });
  await using flooder = await openReady(doors.websocketUrl);
  flooder.socket.pause();
  const part = many(ping, 100);
  const isClosed = () => doors.logged.some((line) => line.includes('connection_ended'));
  while (!isClosed()) await Promise.race([flooder.write(part), until(isClosed)]);
  expect(flooder.socket.destroyed).toBe(false);
});
