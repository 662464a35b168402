import { createHash } from 'node:crypto';
import { DatabaseSync } from 'node:sqlite';
import { parseCallback } from '../../src/datasources/thingspace/wire/callback.ts';
import { expect, test } from 'vitest';
import { LOG_LIMITS, type LogLimits } from '../../src/datasources/request-log/log-limits.ts';
import { CLAIMED_AT_ONCE } from '../../src/datasources/request-log/sqlite/unclaimed-messages.ts';
import { callbackMessage as message, named } from '../support/callback-message.ts';
import { niddCallback } from '../support/callback-samples.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog, type OpenLogOptions } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { outcomesOf, requestOf, statuses, submitted } from './contract-support.ts';
import type { FlatStore } from '../support/flat-store.ts';

/** What one path, one id or one request may hold, lowered so that a few messages exceed it. */

async function withLog(options: OpenLogOptions, work: (log: FlatStore, path: string) => Promise<void>): Promise<void> {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  await using log = openLog(path, options);
  await work(log, path);
}

const limits = (more: Partial<LogLimits>) => ({ limits: more });
const request = (more: Partial<LogLimits['request']>) => limits({ request: { ...LOG_LIMITS.request, ...more } });

test('a path that is full of unclaimed messages refuses more; other paths and known requests do not notice, and a purge makes room', async () => {
  await withLog(limits({ messages: 3 }), async (log) => {
    const id = await submitted(log, [named(1)], 'known');
    for (const n of [1, 2, 3]) expect(await log.append(message({ id: `of-nobody-${n}` }))).toBe('UNCLAIMED');
    expect(await log.append(message({ id: 'of-nobody-4' }))).toBe('PATH_FULL');
    expect(await log.append(message({ id: null }))).toBe('PATH_FULL');
    expect(await log.append(message({ id: 'of-nobody-3' }))).toBe('DUPLICATE');
    expect(await log.append(message({ id: 'of-nobody-4', account: 'account-2' }))).toBe('UNCLAIMED');
    expect(await log.append(message({ id: 'of-nobody-4', service: 'StateService' }))).toBe('UNCLAIMED');
    expect(await log.append(message({}))).toBe('APPLIED');
    expect(statuses(await outcomesOf(log, id))).toEqual(['SUCCEEDED']);
    expect(await log.counts()).toMatchObject({ unclaimed: 5 });
    while (!(await log.upkeep.purgeStep(2_000)).done);
    expect(await log.append(message({ id: 'of-nobody-4' }))).toBe('UNCLAIMED');
  });
});

test('a path is full by its bytes too', async () => {
  await withLog(limits({ messageBytes: 3_000 }), async (log) => {
    const text = 'x'.repeat(1_200);
    for (const n of [1, 2]) expect(await log.append(message({ id: `of-nobody-${n}`, text }))).toBe('UNCLAIMED');
    expect(await log.append(message({ id: 'of-nobody-3', text }))).toBe('PATH_FULL');
    const letter = (body: string) => ({
      account: 'account-1',
      service: 'CarrierService',
      receivedAt: 1,
      reason: 'QUARANTINED' as const,
      contentType: null,
      body: Buffer.from(body.repeat(1_200)),
    });
    for (const body of ['a', 'b']) expect(await log.keep(letter(body))).toBe('KEPT');
    expect(await log.keep(letter('c'))).toBe('PATH_FULL');
    expect(await log.keep(letter('a'))).toBe('KEPT');
  });
});

test.each([
  ['another account', { account: 'account-2' }, 'FOREIGN'],
  ['another service', { service: 'StateService' }, 'WRONG_SERVICE'],
] as const)('messages by %s for a known request are bounded for their path', async (_whose, who, outcome) => {
  await withLog(limits({ messages: 2 }), async (log) => {
    await submitted(log, [named(1)], 'known');
    for (const text of ['1', '2']) expect(await log.append(message({ ...who, text }))).toBe(outcome);
    expect(await log.append(message({ ...who, text: '3' }))).toBe('PATH_FULL');
    expect(await log.append(message({ ...who, text: '2' }))).toBe(outcome);
    expect(await log.append(message({}))).toBe('APPLIED');
  });
});

test('one unknown id holds a bounded number of messages, after a restart too; another id has room', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  const options = limits({ messagesOfId: 3 });
  {
    await using log = openLog(path, options);
    for (const device of [1, 2]) expect(await log.append(message({ id: 'one', device }))).toBe('UNCLAIMED');
  }
  await using log = openLog(path, options);
  expect(await log.append(message({ id: 'one', device: 3 }))).toBe('UNCLAIMED');
  expect(await log.append(message({ id: 'one', device: 4 }))).toBe('REQUEST_FULL');
  expect(await log.append(message({ id: 'two', device: 4 }))).toBe('UNCLAIMED');
  while (!(await log.upkeep.purgeStep(2_000)).done);
  expect(await log.append(message({ id: 'one', device: 4 }))).toBe('UNCLAIMED');
});

const MANY = 4 * CLAIMED_AT_ONCE;

test('what came before the id is claimed in steps, in the order it came, also when a stop comes between', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  const waiting = newRequest(Array.from({ length: MANY }, (_, n) => named(n)));
  {
    await using log = openLog(path);
    await log.create(waiting);
    await log.step(waiting.id, 0, { type: 'SENDING' });
    await Promise.all(Array.from({ length: MANY }, (_, device) => log.append(message({ id: 'early', device }))));
    await log.step(waiting.id, 0, { type: 'ACCEPTED', carrierRequestId: 'early' });
    // One job took the first ones, and no more.
    expect((await requestOf(log, waiting.id)).progress).toMatchObject({ SUCCEEDED: CLAIMED_AT_ONCE, PENDING: MANY - CLAIMED_AT_ONCE });
  }
  await using log = openLog(path);
  // It says the opposite of one that still waits. The first verdict stands.
  expect(await log.append(message({ id: 'early', device: MANY - 1, status: 'Failed' }))).toBe('UNCLAIMED');
  while ((await log.counts()).unclaimed > 0) await log.probe();
  const outcomes = await outcomesOf(log, waiting.id);
  expect(statuses(outcomes).every((status) => status === 'SUCCEEDED')).toBe(true);
  expect(outcomes.at(-1)?.contradicted).toBe(true);
});

test('an id has room again as soon as some of its messages are claimed', async () => {
  const many = CLAIMED_AT_ONCE + 50;
  await withLog(limits({ messagesOfId: many }), async (log) => {
    const waiting = newRequest(Array.from({ length: many + 1 }, (_, n) => named(n)));
    await log.create(waiting);
    await log.step(waiting.id, 0, { type: 'SENDING' });
    const early = (device: number) => log.append(message({ id: 'early', device }));
    await Promise.all(Array.from({ length: many }, (_, device) => early(device)));
    expect(await early(many)).toBe('REQUEST_FULL');
    const accepted = { type: 'ACCEPTED', carrierRequestId: 'early' } as const;
    expect((await Promise.all([log.step(waiting.id, 0, accepted), early(many)]))[1]).toBe('UNCLAIMED');
  });
});

test('a result behind many messages that its request does not take is found, and those are not tried again', async () => {
  await withLog(request({ quietPerDevice: 0 }), async (log) => {
    const waiting = newRequest([named(1), named(2)]);
    await log.create(waiting);
    await log.step(waiting.id, 0, { type: 'SENDING' });
    const quiet = Array.from({ length: CLAIMED_AT_ONCE + 50 }, (_, n) => message({ id: 'early', status: 'Pending', text: `${n}` }));
    await Promise.all([...quiet, message({ id: 'early' })].map((each) => log.append(each)));
    await log.step(waiting.id, 0, { type: 'ACCEPTED', carrierRequestId: 'early' });
    while ((await requestOf(log, waiting.id)).progress.SUCCEEDED === 0) await log.probe();
    expect((await log.counts()).unclaimed).toBe(quiet.length);
    const [, applied] = await Promise.all([log.settleUnclaimed(2_000), log.append(message({ id: 'early', device: 2 }))]);
    expect(applied).toBe('APPLIED');
  });
});

test('messages that wait under an id become another tool’s request in steps', async () => {
  await withLog({}, async (log) => {
    await Promise.all(Array.from({ length: MANY }, (_, device) => log.append(message({ id: 'of-another-tool', device }))));
    const { adopted } = await log.settleUnclaimed(2_000);
    expect((await requestOf(log, adopted[0] ?? '')).progress).toMatchObject({ SUCCEEDED: CLAIMED_AT_ONCE });
    while ((await log.counts()).unclaimed > 0) await log.probe();
    expect((await requestOf(log, adopted[0] ?? '')).progress).toMatchObject({ SUCCEEDED: MANY });
  });
});

test('another tool’s request has a bounded number of devices; what waits beyond it is kept unclaimed, and what comes is refused', async () => {
  await withLog(request({ strays: 2 }), async (log) => {
    for (const device of [1, 2, 3]) await log.append(message({ id: 'of-another-tool', device }));
    const { adopted } = await log.settleUnclaimed(2_000);
    expect((await requestOf(log, adopted[0] ?? '')).progress).toMatchObject({ SUCCEEDED: 2 });
    expect(await log.counts()).toMatchObject({ unclaimed: 1 });
    expect(await log.append(message({ id: 'of-another-tool', device: 4 }))).toBe('REQUEST_FULL');
    expect(await log.append(message({ id: 'of-another-tool', device: 3 }))).toBe('REQUEST_FULL');
    expect(await log.append(message({ id: 'of-another-tool', device: 2, status: 'Failed' }))).toBe('APPLIED');
    expect(await log.settleUnclaimed(2_000)).toEqual({ resolved: [], adopted: [], done: true });
  });
});

test('all requests of other tools of an account are bounded together, and a purge makes room', async () => {
  await withLog(limits({ externalRows: 6 }), async (log) => {
    const adopt = async (id: string, account: string) => {
      await log.append(message({ id, account }));
      return (await log.settleUnclaimed(2_000)).adopted.length;
    };
    // Each has three rows: created, accepted, a callback.
    expect([await adopt('one', 'account-1'), await adopt('two', 'account-1'), await adopt('three', 'account-1')]).toEqual([1, 1, 0]);
    expect(await adopt('four', 'account-2')).toBe(1);
    expect(await log.append(message({ id: 'one', device: 2 }))).toBe('PATH_FULL');
    const one = await log.findByCarrierRequestId('one');
    await log.lapse(one?.id ?? '', 0, 'EXPIRED', { limit: 10 });
    while (!(await log.upkeep.purgeStep(Date.now() + 1)).done);
    expect(await log.append(message({ id: 'two', device: 2 }))).toBe('APPLIED');
  });
});

test('all requests of other tools of an account are bounded by their bytes too', async () => {
  await withLog(limits({ externalBytes: 1_000 }), async (log) => {
    const text = 'x'.repeat(1_000);
    await log.append(message({ id: 'one', text }));
    expect((await log.settleUnclaimed(2_000)).adopted).toHaveLength(1);
    expect(await log.append(message({ id: 'one', device: 2 }))).toBe('PATH_FULL');
    expect(await log.append(message({ id: 'two' }))).toBe('UNCLAIMED');
    expect((await log.settleUnclaimed(2_000)).adopted).toEqual([]);
  });
});

test('what settles nothing is bounded for each device, and never keeps a result away', async () => {
  await withLog(request({ quietPerDevice: 2 }), async (log) => {
    const id = await submitted(log, [named(1), named(2)], 'known');
    const say = (device: number, status: string, text: string) => log.append(message({ device, status, text }));
    expect(await say(1, 'Pending', 'a')).toBe('APPLIED');
    expect(await say(1, 'Pending', 'b')).toBe('APPLIED');
    expect(await say(1, 'Pending', 'c')).toBe('REQUEST_FULL');
    expect(await say(1, 'Pending', 'b')).toBe('DUPLICATE');
    expect(await say(2, 'Pending', 'c')).toBe('APPLIED');
    expect(await say(1, 'Success', 'd')).toBe('APPLIED');
    expect(await say(1, 'Success', 'e')).toBe('REQUEST_FULL');
    // The first word of the opposite is shown. It is news.
    expect(await say(1, 'Failed', 'f')).toBe('APPLIED');
    expect(await say(1, 'Failed', 'g')).toBe('REQUEST_FULL');
    const [first] = await outcomesOf(log, id);
    expect(first).toMatchObject({ status: 'SUCCEEDED', contradicted: true });
  });
});

test('what settles nothing is bounded for the request, and so is what nobody can tie to a device', async () => {
  await withLog(request({ perDevice: 0, more: 2, strays: 2 }), async (log) => {
    const id = await submitted(log, [named(1), named(2)], 'known');
    const say = (device: number, status: string, text = '') => log.append(message({ device, status, text }));
    for (const text of ['a', 'b']) expect(await say(1, 'Pending', text)).toBe('APPLIED');
    expect(await say(2, 'Pending', 'c')).toBe('REQUEST_FULL');
    for (const device of [11, 12]) expect(await say(device, 'Success')).toBe('APPLIED');
    expect(await say(13, 'Success')).toBe('REQUEST_FULL');
    for (const device of [1, 2]) expect(await say(device, 'Success')).toBe('APPLIED');
    expect((await requestOf(log, id)).status).toBe('SUCCEEDED');
    // Every device has its result. What is left over is of devices that nobody named, and they are bounded too.
    for (const device of [21, 22, 23, 24]) await say(device, 'Success');
    expect((await outcomesOf(log, id)).length).toBeLessThanOrEqual(2 + 2);
  });
});

test('what settles nothing is bounded among the messages of the second kind too', async () => {
  const nidd = (device: number, status: string) => niddCallback({ requestId: 'known', ids: named(device) }, status);
  await withLog(request({ quietPerDevice: 1 }), async (log) => {
    await submitted(log, [named(1)], 'known');
    // The first is the device's result of this kind.
    for (const status of ['ConfigCreated', 'a']) expect(await log.append(nidd(1, status))).toBe('APPLIED');
    expect(await log.append(nidd(1, 'b'))).toBe('REQUEST_FULL');
  });
  await withLog(request({ perDevice: 0, more: 2 }), async (log) => {
    await submitted(log, [named(1), named(2)], 'known');
    for (const device of [11, 12]) expect(await log.append(nidd(device, 'ConfigCreated'))).toBe('APPLIED');
    expect(await log.append(nidd(13, 'ConfigCreated'))).toBe('REQUEST_FULL');
    expect(await log.append(nidd(1, 'ConfigCreated'))).toBe('APPLIED');
  });
});

test('a request has a bounded number of bytes; beyond it a result is taken when it has the size of one', async () => {
  const text = 'x'.repeat(1_000);
  const first = message({ device: 1, text });
  const result = message({ device: 2 });
  await withLog(request({ bytes: first.json.length, resultBytes: result.json.length }), async (log) => {
    await submitted(log, [named(1), named(2), named(3)], 'known');
    expect(await log.append(first)).toBe('APPLIED');
    expect(await log.append(message({ device: 2, text }))).toBe('REQUEST_FULL');
    expect(await log.append(message({ device: 2, status: 'x' }))).toBe('REQUEST_FULL');
    expect(await log.append(result)).toBe('APPLIED');
    expect(await log.append(message({ device: 3, text }))).toBe('REQUEST_FULL');
    expect(await log.append(message({ device: 3 }))).toBe('APPLIED');
  });
});

test('a previous listener that is down never keeps a message away: beyond the bound no copy is made, and that is told', async () => {
  const told: number[] = [];
  await withLog({ limits: { messages: 2 }, onNoRoomToForward: (_lane, copies) => told.push(copies) }, async (log) => {
    await submitted(log, [1, 2, 3].map(named), 'known');
    for (const device of [1, 2, 3]) expect(await log.append(message({ device, forward: true }))).toBe('APPLIED');
    expect((await log.forwardBacklog()).rows).toBe(2);
    expect(told).toEqual([1]);
    const lane = { account: 'account-1', service: 'CarrierService' };
    await log.discardForwards(
      lane,
      (await log.forwards(lane, 10)).map(({ id }) => id),
    );
    await log.append(message({ id: null, forward: true }));
    expect((await log.forwardBacklog()).rows).toBe(1);
  });
});

test('a message that names hundreds of identifiers of a device adds a bounded number to its index, and the device is found by the first', async () => {
  await withLog({}, async (log, path) => {
    const id = await submitted(log, [named(1), named(2)], 'known');
    const imei = (n: number) => `35${String(n).padStart(13, '0')}`;
    const raw = (more: object) => ({ requestId: 'known', status: 'Success', ...more });
    const append = (body: ReturnType<typeof raw>) => {
      const json = JSON.stringify(body);
      const parsed = parseCallback('CarrierService', body);
      return log.append({ ...message({}), json, digest: createHash('sha256').update(json).digest(), message: parsed ?? expect.fail(json) });
    };
    const imeis = Array.from({ length: 500 }, (_, n) => ({ kind: 'imei', id: imei(n) }));
    expect(await append(raw({ deviceIds: [{ kind: 'iccid', id: named(1)[0][1] }, ...imeis] }))).toBe('APPLIED');
    expect(await append(raw({ status: 'Failed', deviceIds: [{ kind: 'imei', id: imei(0) }] }))).toBe('APPLIED');
    expect(await outcomesOf(log, id)).toMatchObject([{ status: 'SUCCEEDED', contradicted: true }, { status: 'PENDING' }]);
    await log[Symbol.asyncDispose]();
    using db = new DatabaseSync(path, { readOnly: true });
    const { keys } = db.prepare('SELECT count(*) AS keys FROM device_key WHERE outcome = 0').get() as { keys: number };
    expect(keys).toBeGreaterThan(10);
    expect(keys).toBeLessThanOrEqual(64);
  });
});
