import { expect, test } from 'vitest';
import { openClockedGateway } from '../callback-door/support/clocked-gateway.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { deviceCallback } from '../support/device-callback.ts';
import { FOLLOW } from '../support/follow.ts';
import { makeKey } from '../support/make-key.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { readMetric } from '../support/read-metric.ts';
import { graphql } from '../support/stack.ts';
import { until } from '../support/until.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** Everything that goes by the time runs every second. */
const ENV = { M2M_AUTH: 'on', M2M_EXTERNAL_QUIET_MS: '1000', M2M_ADOPT_AFTER_MS: '1000' };
const STATE = `query ($id: ID!) { request(id: $id) { status } requests(first: 10) { nodes { id origin } } unclaimedCallbacks { nodes { id } } }`;

/** A gateway with something of everything that ends by time: an open request, a complete one, an unclaimed callback, a key, a former path. */
async function openWorld() {
  await using undo = new AsyncDisposableStack();
  const stack = undo.use(await openClockedGateway(ENV));
  const { account, clock } = stack;
  let looks = 0;
  let wrongMs = 0;
  Object.defineProperty(clock, 'wrongMs', {
    get: () => (looks++, wrongMs),
    set(ms: number) {
      wrongMs = ms;
    },
  });
  await stack.command('POST', '/callbacks/register');
  const formerPath = stack.gateway.callbackPath(account, 'CarrierService');
  await stack.command('POST', '/callbacks/rotate');
  const key = await makeKey(stack.gateway, { scopes: { '*': ['read', 'write'] }, livesMs: DAY_MS });
  const query = <Data>(document: string, variables?: Record<string, unknown>) =>
    graphql<Data>(stack.gateway.urls.graphql, document, variables, key.authorization);
  const open = await activateDevices({ account, query }, 2);
  const complete = await activateDevices({ account, query }, 1, { first: 3 });
  const unclaimed = JSON.stringify({ ...deviceCallback('of-another-tool', 9), status: 'Success' });
  expect(await stack.post(formerPath, JSON.stringify(deviceCallback(complete.carrierRequestId, 3)))).toBe(200);
  expect(await stack.post(formerPath, unclaimed)).toBe(200);
  const built = undo.move();
  return {
    stack,
    key,
    /** Waits until the gateway has looked at the wall clock again. After two looks it has done all of its work in between. */
    async looked(times = 2) {
      const before = looks;
      await until(() => looks >= before + times);
    },
    follow: async () => {
      const socket = await RawWebSocket.ready(stack.gateway.urls.websocket, key.authorization);
      socket.subscribe('open', FOLLOW, { id: open.id });
      await socket.message(({ type }) => type === 'next');
      return socket;
    },
    /** Everything that a caller, the carrier and an operator can see of what must not end. */
    async state() {
      const { data, errors } = await query<Record<string, unknown>>(STATE, { id: open.id });
      return {
        data,
        errors,
        purged: (await stack.command<{ requests: number; messages: number }>('POST', '/store/purge')).body,
        formerPath: await stack.post(formerPath, unclaimed),
      };
    },
    clockCheck: async () => (await stack.command<{ checks: Record<string, string> }>('GET', '/health/ready')).body.checks['clock'],
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

test('nothing expires, ends, is purged, adopted or refused by a wall clock that is wrong for a while, also at a start; what is due later comes to its end', async () => {
  await using world = await openWorld();
  const { stack } = world;
  const { clock } = stack;
  const before = await world.state();
  expect(before).toMatchObject({ formerPath: 200, purged: { requests: 0, messages: 0 } });
  await using socket = await world.follow();
  for (const [wrongMs, words] of [
    [31 * DAY_MS, '31 days ahead'],
    [-clock.ms, 'years behind'],
  ] as const) {
    clock.wrongMs = wrongMs;
    await world.looked();
    expect(await world.clockCheck()).toContain(words);
    expect(await world.state()).toEqual(before);
    expect(Math.round(await readMetric(stack.gateway.urls.admin, 'm2m_clock_off_seconds'))).toBe(Math.round(wrongMs / 1000));
    clock.wrongMs = 0;
    await world.looked(1);
    expect(await world.clockCheck()).toBeUndefined();
  }
  expect(await world.state()).toEqual(before);
  expect(stack.log.of('clock_jumped', 'clock_back', 'clock_followed').map(({ event }) => event)).toEqual(
    Array.from({ length: 2 }, () => ['clock_jumped', 'clock_back']).flat(),
  );
  expect(socket.socket.readyState).toBe(socket.socket.OPEN);

  for (const wrongMs of [13 * HOUR_MS, -clock.ms]) {
    clock.wrongMs = wrongMs;
    await stack.restart();
    await using again = await world.follow();
    await world.looked();
    expect(await world.state()).toEqual(before);
    expect(again.socket.readyState).toBe(again.socket.OPEN);
  }
  clock.wrongMs = 0;
  await world.looked(1);

  await using last = await world.follow();
  clock.ms += DAY_MS + MINUTE_MS;
  last.subscribe('again', FOLLOW, { id: 'req_none' });
  expect(await last.closed).toBe(4403);
  await world.looked();
  const other = await makeKey(stack.gateway, { scopes: { '*': ['read'] }, livesMs: 3 * DAY_MS });
  const { data } = await graphql<{ requests: { nodes: { origin: string; status: string }[] } }>(
    stack.gateway.urls.graphql,
    '{ requests(first: 10) { nodes { origin status } } }',
    {},
    other.authorization,
  );
  const statuses = data?.requests.nodes.map(({ origin, status }) => `${origin} ${status}`);
  expect(statuses).toContain('GATEWAY EXPIRED');
  expect(statuses?.some((each) => each.startsWith('EXTERNAL'))).toBe(true);
});

test('while the time is in doubt, a key that seems to have expired is refused for now and not for good', async () => {
  await using world = await openWorld();
  const { stack, key } = world;
  stack.clock.wrongMs = -2 * HOUR_MS;
  stack.clock.ms += DAY_MS + MINUTE_MS;
  await world.looked();
  const ask = () => graphql(stack.gateway.urls.graphql, '{ __typename }', {}, key.authorization);
  expect(JSON.stringify(await ask())).toContain('Try again later.');
  await using socket = await RawWebSocket.open(stack.gateway.urls.websocket);
  socket.send({ type: 'connection_init', payload: { authorization: key.authorization } });
  expect(await socket.closed).toBe(1013);
});
