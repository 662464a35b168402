import { expect, test } from 'vitest';
import { withFields } from '../../src/datasources/thingspace/wire/callback-form.ts';
import { ForwardTargets } from '../../src/resolvers/callbacks/forward-targets.ts';
import { startPreviousListener, type ListenerAnswer } from '../support/previous-listener.ts';
import { until } from '../support/until.ts';
import { ACCOUNT, OTHER_ACCOUNT } from './support/open-door.ts';
import { LANE, openForwarding } from './support/open-forwarding.ts';

const NAMES = ['0', '1', '2', '3', '4', '5'];

test.each<readonly [string, ListenerAnswer, 'refused' | 'unreachable']>([
  ['answers 500', 500, 'refused'],
  ['answers 400', 400, 'refused'],
  ['answers 429', 429, 'refused'],
  ['sends elsewhere (302)', 302, 'refused'],
  ['sends elsewhere (308)', 308, 'refused'],
  ['cuts the connection', 'RESET', 'unreachable'],
  ['does not answer', 'HANG', 'unreachable'],
])('a listener that %s gets the same message again, then the others in order', async (_what, how, result) => {
  await using listener = await startPreviousListener((at) => (at === 2 || at === 3 ? how : 200));
  await using forwarding = await openForwarding();
  forwarding.start(listener.url, how === 'HANG' ? { timeoutMs: 1_000 } : {});
  await forwarding.receive(NAMES);
  await until(() => listener.taken.length === NAMES.length);
  expect(listener.taken).toEqual(NAMES);
  expect(listener.posts.map(({ body }) => (JSON.parse(body.toString()) as { comment: string }).comment)).toEqual(
    NAMES.flatMap((name) => (name === '2' ? ['2', '2', '2'] : [name])),
  );
  expect(new Set(listener.posts.map(({ path }) => path))).toEqual(new Set(['/previous']));
  await until(() => forwarding.results.delivered === NAMES.length);
  expect(forwarding.results).toEqual({ delivered: 6, refused: 0, unreachable: 0, dropped: 0, [result]: 2 });
});

test('a listener that is down gets everything when it is up again', async () => {
  await using forwarding = await openForwarding();
  await using listener = await startPreviousListener();
  // A port that the system assigns to nobody: a port that was free a moment ago may be taken by now.
  const first = forwarding.start('http://127.0.0.1:9/callbacks');
  await forwarding.receive(NAMES);
  await until(() => forwarding.results.unreachable > 2);
  await first[Symbol.asyncDispose]();
  forwarding.start(listener.url);
  await until(() => listener.taken.length === NAMES.length);
  expect(listener.taken).toEqual(NAMES);
});

test('an endless answer is cut off, and its status decides whether it is a delivery', async () => {
  await using listener = await startPreviousListener(() => 'ENDLESS');
  await using forwarding = await openForwarding();
  forwarding.start(listener.url);
  await forwarding.receive(NAMES);
  await until(() => forwarding.results.delivered === NAMES.length);
  expect(listener.taken).toEqual(NAMES);
});

test('a message leaves only when the one before it is gone from the log: a crash repeats one at most', async () => {
  await using forwarding = await openForwarding();
  const heads: boolean[] = [];
  await using listener = await startPreviousListener(async (_at, { body }) => {
    const [head] = await forwarding.log.forwards(LANE, 1);
    heads.push(head !== undefined && body.equals(head.body));
    return 200;
  });
  await forwarding.receive(NAMES);
  forwarding.start(listener.url);
  await until(() => listener.taken.length === NAMES.length);
  expect(heads).toEqual(NAMES.map(() => true));
});

test('a service or an account whose listener hangs holds up no other', async () => {
  await using listener = await startPreviousListener((_at, { body }) => (body.includes('held up') ? 'HANG' : 200));
  await using forwarding = await openForwarding();
  forwarding.start(listener.url);
  await forwarding.receive(['held up', 'behind it']);
  await forwarding.receive(NAMES, { account: ACCOUNT, service: 'NiddService' });
  await forwarding.receive(['of the other account'], { account: OTHER_ACCOUNT, service: 'CarrierService' });
  await until(() => listener.taken.length === NAMES.length + 1);
  expect(listener.taken.filter((name) => name.length === 1)).toEqual(NAMES);
});

test('messages that have waited too long are dropped and counted, and the rest is delivered', async () => {
  let down = true;
  await using listener = await startPreviousListener(() => (down ? 503 : 200));
  await using forwarding = await openForwarding();
  forwarding.start(listener.url);
  await forwarding.receive(['old', 'old too']);
  await until(() => forwarding.results.refused > 0);
  forwarding.pass(60_001);
  await forwarding.receive(['young']);
  await until(() => forwarding.results.dropped > 0);
  down = false;
  await until(() => listener.taken.length > 0);
  expect(listener.taken).toEqual(['young']);
  expect(forwarding.results.dropped).toBe(2);
});

test('messages wait while the setting is absent, up to the longest time that any message waits', async () => {
  await using listener = await startPreviousListener();
  await using forwarding = await openForwarding();
  await forwarding.receive(['old']);
  forwarding.pass(60_001);
  await forwarding.receive(NAMES);
  const without = forwarding.start(null);
  await until(() => forwarding.results.dropped === 1);
  await without[Symbol.asyncDispose]();
  expect(await forwarding.log.forwardBacklog()).toMatchObject({ rows: NAMES.length });
  forwarding.start(listener.url);
  await until(() => listener.taken.length === NAMES.length);
  expect(listener.taken).toEqual(NAMES);
});

test('a delivered message that could not be removed is not sent again', async () => {
  await using listener = await startPreviousListener();
  await using forwarding = await openForwarding();
  let refusals = 2;
  const { log } = forwarding;
  forwarding.start(listener.url, {
    queue: {
      forwardLanes: () => log.forwardLanes(),
      forwards: (lane, limit) => log.forwards(lane, limit),
      forwardBacklog: () => log.forwardBacklog(),
      addForwards: (lane, copies) => log.addForwards(lane, copies),
      discardForwards: (lane, ids) => (refusals-- > 0 ? Promise.reject(new Error('the disk is full')) : log.discardForwards(lane, ids)),
    },
  });
  await forwarding.receive(NAMES);
  await until(async () => (await log.forwardBacklog()).rows === 0);
  expect(listener.taken).toEqual(NAMES);
  expect(forwarding.lines.filter((line) => line.includes('forwarded_not_removed'))).toHaveLength(2);
});

test('a lane is logged when it begins to fail and when it has recovered, without its URL', async () => {
  await using listener = await startPreviousListener((at) => (at < 3 || at === 4 ? 503 : 200));
  await using forwarding = await openForwarding();
  forwarding.start(`${listener.url}?key=canary`);
  await forwarding.receive(['first']);
  await until(() => forwarding.lines.length === 2);
  await forwarding.receive(['second']);
  await until(() => forwarding.lines.length === 4);
  const events = forwarding.lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  const lane = { service: 'CarrierService', account: `pseudonym of ${ACCOUNT.length} letters` };
  expect(events).toMatchObject([
    { event: 'forwarding_failing', ...lane, status: 503 },
    { event: 'forwarding_recovered', ...lane, count: 3 },
    { event: 'forwarding_failing', ...lane, status: 503 },
    { event: 'forwarding_recovered', ...lane, count: 1 },
  ]);
  expect(forwarding.lines.join('')).not.toMatch(/canary|http:/);
});

test('a stop gives up a message without an answer, and the next start sends it again', async () => {
  await using listener = await startPreviousListener((at) => (at === 0 ? 'HANG' : 200));
  await using forwarding = await openForwarding();
  const stopped = forwarding.start(listener.url);
  await forwarding.receive(NAMES);
  await until(() => listener.posts.length === 1);
  await stopped[Symbol.asyncDispose]();
  expect(forwarding.results).toEqual({ delivered: 0, refused: 0, unreachable: 0, dropped: 0 });
  forwarding.start(listener.url);
  await until(() => listener.taken.length === NAMES.length);
  expect(listener.taken).toEqual(NAMES);
});

test('a stop waits for the answer that is on its way, and that message is not sent again', async () => {
  const answer = Promise.withResolvers<number>();
  await using listener = await startPreviousListener((at) => (at === 0 ? answer.promise : 200));
  await using forwarding = await openForwarding();
  const stopping = forwarding.start(listener.url);
  await forwarding.receive(NAMES);
  await until(() => listener.posts.length === 1);
  const stopped = stopping[Symbol.asyncDispose]();
  answer.resolve(200);
  await stopped;
  forwarding.start(listener.url);
  await until(() => listener.taken.length === NAMES.length);
  expect(listener.posts).toHaveLength(NAMES.length);
});

test('a quarantined message is forwarded when an operator has it applied later', async () => {
  await using listener = await startPreviousListener();
  await using forwarding = await openForwarding();
  forwarding.start(listener.url);
  const bytes = Buffer.from(JSON.stringify({ username: 'x', password: 'y', requestId: 'r', status: 'Success', comment: 'after all' }));
  await forwarding.receiver.receive({ ...LANE, bytes, contentType: 'application/json' });
  const bad = { ...LANE, bytes: Buffer.from('nonsense'), contentType: null };
  await forwarding.receiver.receive(bad);
  const { rows } = await forwarding.log.deadLetters({ accounts: null, reason: null }, null, 10);
  for (const kept of rows) await forwarding.receiver.redrive(kept, true);
  await until(() => listener.posts.length === 2);
  await until(async () => (await forwarding.log.forwardBacklog()).rows === 0);
  expect(listener.taken).toEqual(['nonsense', 'after all']);
  expect(listener.posts[0]?.headers['content-type']).toBe('application/octet-stream');
});

test('an unreadable message was forwarded as it was, and is not forwarded again when it can be read', async () => {
  await using forwarding = await openForwarding();
  const body = Buffer.from(JSON.stringify({ requestId: 'r', status: 'Success' }));
  await forwarding.log.keep({ ...LANE, receivedAt: Date.now(), reason: 'UNREADABLE', contentType: null, body }, 10);
  const { rows } = await forwarding.log.deadLetters({ accounts: null, reason: null }, null, 10);
  for (const kept of rows) expect(await forwarding.receiver.redrive(kept, false)).toBe('UNCLAIMED');
  expect(await forwarding.log.forwardBacklog()).toMatchObject({ rows: 0 });
});

test('the most specific target is the listener: account and service, then account, then service', () => {
  const url = (name: string) => `http://127.0.0.1/${name}`;
  const targets = new ForwardTargets([
    { account: null, service: null, url: url('any') },
    { account: null, service: 'NiddService', url: url('service') },
    { account: 'a', service: null, url: url('account') },
    { account: 'a', service: 'CarrierService', url: url('both') },
  ]);
  const found = (account: string, service: string) => targets.find({ account, service })?.pathname;
  expect(found('a', 'CarrierService')).toBe('/both');
  expect(found('a', 'NiddService')).toBe('/account');
  expect(found('b', 'NiddService')).toBe('/service');
  expect(found('b', 'CarrierService')).toBe('/any');
  expect(new ForwardTargets([{ account: 'a', service: null, url: url('account') }]).find({ account: 'b', service: 'x' })).toBeNull();
});

test.each([
  ['a REST message', '{"requestId":"r","status":"Success"}', '{"username":"u","callbackCount":2,"requestId":"r","status":"Success"}'],
  ['an empty one', '{}', '{"username":"u","callbackCount":2}'],
  ['a legacy one', '{"RequestId":"r"}', '{"Username":"u","CallbackCount":2,"RequestId":"r"}'],
  [
    'a legacy one in its wrapper',
    '{"CallbackRequest":{"RequestId":"r"}}',
    '{"CallbackRequest":{"Username":"u","CallbackCount":2,"RequestId":"r"}}',
  ],
  ['an empty one in its wrapper', '{"CallbackRequest":{}}', '{"CallbackRequest":{"Username":"u","CallbackCount":2}}'],
])('%s gets back the fields that were taken out, with its own names', (_what, json, expected) => {
  expect(withFields(json, { username: 'u', callbackCount: 2 })).toBe(expected);
  expect(withFields(json, {})).toBe(json);
});
