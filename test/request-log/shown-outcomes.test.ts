import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createLoaders } from '../../src/schema/loaders.ts';
import type { DeviceSummary, OutcomePage } from '../../src/datasources/request-log/outcome-reads.ts';
import { failureCallback, incoming, niddCallback, successCallback } from '../support/callback-samples.ts';
import { iccid } from '../support/devices.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, B, C, submitted } from './contract-support.ts';
import { storeOf, type FlatStore } from '../support/flat-store.ts';

const page = (requestId: string, more: Partial<OutcomePage> = {}): OutcomePage => ({
  requestId,
  statuses: null,
  afterIndex: -1,
  limit: 1_000,
  ...more,
});

/** Requests of every kind, some of whose devices have reported. */
async function fill(log: FlatStore): Promise<readonly string[]> {
  const whole = await submitted(log, [A, B, C], 'guid-1');
  await log.append(successCallback({ requestId: 'guid-1', ids: B }));
  await log.append(failureCallback({ requestId: 'guid-1', ids: A }));
  await log.append(failureCallback({ requestId: 'guid-1', ids: B }));
  await log.append(niddCallback({ requestId: 'guid-1', ids: B }));
  const silent = await submitted(log, [A, B], 'guid-2');
  const group = await submitted(log, null, 'guid-3');
  await log.append(successCallback({ requestId: 'guid-3', ids: C }));
  // The members of a group are read before the request is sent.
  const members = newRequest(null);
  await log.create(members);
  await log.setMembers(
    members.id,
    [1, 2].map((number) => ({ deviceIds: [{ kind: 'ICCID', id: iccid(number) }] })),
  );
  const stranger = await submitted(log, [A], 'guid-5');
  await log.append(successCallback({ requestId: 'guid-5', ids: A }));
  await log.append(successCallback({ requestId: 'guid-5', ids: C }));
  const refused = newRequest([A, B]);
  await log.create(refused);
  await log.step(refused.id, 0, { type: 'SENDING' });
  await log.step(refused.id, 0, { type: 'REFUSED', error: { code: 'X', message: 'No.' } });
  return [whole, silent, group, members.id, stranger, refused.id];
}

async function shown(log: FlatStore, ids: readonly string[]) {
  const pages = await log.outcomePages([
    ...ids.map((id) => page(id)),
    ...ids.map((id) => page(id, { afterIndex: 0, limit: 1 })),
    ...ids.map((id) => page(id, { statuses: ['SUCCEEDED', 'PENDING'], limit: 1 })),
  ]);
  const outcomes = pages.flatMap(({ rows }) => rows.map(({ id }) => id));
  return { pages, byId: await log.outcomesById([...outcomes, `out_${ids[0]?.slice(4)}_99`]) };
}

test('devices read from the tables are shown exactly as from memory', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  const log = openLog(path);
  const ids = await fill(log);
  const before = await shown(log, ids);
  await log[Symbol.asyncDispose]();
  await using reopened = openLog(path);
  expect(await shown(reopened, ids)).toEqual(before);
  // And again, from the cached summaries.
  expect(await shown(reopened, ids)).toEqual(before);
  expect(before.pages.slice(0, ids.length).map(({ rows }) => rows.map(({ status }) => status))).toEqual([
    ['FAILED', 'SUCCEEDED', 'PENDING'],
    ['PENDING', 'PENDING'],
    ['SUCCEEDED'],
    ['PENDING', 'PENDING'],
    ['SUCCEEDED', 'SUCCEEDED'],
    ['REJECTED', 'REJECTED'],
  ]);
});

test('identifiers are shown letter for letter, whatever they contain', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  const log = openLog(path);
  const ids = ['"', '\\', '\\"', '}', '{', '},{"deviceIds":[]}', ']', ',', '\u2028', '😀', ''];
  const group = newRequest(null);
  await log.create(group);
  await log.setMembers(
    group.id,
    ids.map((id) => ({
      deviceIds: [
        { kind: 'ICCID', id },
        { kind: 'Odd"}', id: `${id}x` },
      ],
    })),
  );
  await log[Symbol.asyncDispose]();
  await using reopened = openLog(path);
  const [{ rows } = { rows: [] }] = await reopened.outcomePages([page(group.id)]);
  expect(rows.map(({ requested }) => requested?.map(({ id }) => id))).toEqual(ids.map((id) => [id, `${id}x`]));
});

test('pages of many requests are given in order until the work is used up, and at least one', async () => {
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/gateway.sqlite`);
  const ids = await fill(log);
  const all = await log.outcomePages(ids.map((id) => page(id)));
  for (const work of [0, 1, 4, 100]) {
    const some = await log.outcomePages(
      ids.map((id) => page(id)),
      work,
    );
    expect(some.length).toBe({ 0: 1, 1: 1, 4: 2, 100: ids.length }[work]);
    expect(some).toEqual(all.slice(0, some.length));
  }
  expect(await log.outcomePages([], 0)).toEqual([]);
});

test('others have their turn between the pages of a long list, and each caller gets its own page', async () => {
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/gateway.sqlite`);
  const ids: string[] = [];
  for (let number = 0; number < 6; number++) {
    const devices = Array.from({ length: 400 + number }, (_, at) => [['ICCID', iccid(number * 1_000 + at)]] as const);
    ids.push(await submitted(log, devices, `guid-${number}`));
  }
  const seen: string[] = [];
  const read: FlatStore['outcomePages'] = async (wanted, work) => {
    seen.push('read');
    return log.outcomePages(wanted, work);
  };
  const { outcomePage } = createLoaders(storeOf({ outcomePages: read } as FlatStore));
  let over = false;
  const others = (async () => {
    for (; !over; await nextTurn()) seen.push('turn');
  })();
  const pages = await Promise.all([...ids, ...ids].map((id) => outcomePage.load(page(id))));
  over = true;
  await others;
  expect(pages.map(({ rows }) => [rows[0]?.requestId, rows.length])).toEqual([...ids, ...ids].map((id, at) => [id, 400 + (at % 6)]));
  expect(seen.filter((what) => what === 'read')).toHaveLength(2);
  expect(seen.join(' ')).not.toContain('read read');
});

test('only the pages that cannot be read fail', async () => {
  let reads = 0;
  const read: FlatStore['outcomePages'] = () =>
    ++reads > 1 ? Promise.reject(new Error('the disk')) : Promise.resolve([{ rows: [], hasMore: false }]);
  const { outcomePage } = createLoaders(storeOf({ outcomePages: read } as FlatStore));
  const told = await Promise.allSettled(['a', 'b', 'c'].map((id) => outcomePage.load(page(id))));
  expect(told.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'rejected']);
  expect(reads).toBe(2);
});

test('devices that many requests are judged by are not all kept, and those of one request are read once', async () => {
  const reads: string[] = [];
  const device = { index: 0, status: 'FAILED', device: null, fault: null, reported: [] } as const;
  const log: Pick<FlatStore, 'prepare' | 'devices'> = {
    prepare: () => Promise.resolve(true),
    devices: (id) => {
      reads.push(id);
      return Promise.resolve(Array<DeviceSummary>(20_000).fill(device));
    },
  };
  const { failedDevices } = createLoaders(storeOf(log as FlatStore));
  await Promise.all(['a', 'a', 'b', 'c', 'd'].map((id) => failedDevices.load(id)));
  expect(reads).toEqual(['a', 'b', 'c', 'd']);
  await failedDevices.load('d');
  expect(reads).toHaveLength(4);
  await failedDevices.load('a');
  expect(reads).toEqual(['a', 'b', 'c', 'd', 'a']);
});

test('a page of long unclaimed callbacks ends early, and the next goes on where it ended', async () => {
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/gateway.sqlite`);
  for (let number = 0; number < 20; number++) {
    await log.append(incoming('DeviceUsage', { requestId: `usage-${number}`, usage: 'x'.repeat(1_000_000) }));
  }
  const found: (string | null)[] = [];
  let after: string | null = null;
  const sizes: number[] = [];
  for (let more = true; more;) {
    const { rows, hasMore } = await log.unclaimed(null, after, 1_000);
    sizes.push(rows.length);
    found.push(...rows.map(({ message }) => message.requestId));
    after = rows.at(-1)?.id ?? after;
    more = hasMore;
  }
  expect(sizes).toEqual([8, 8, 4]);
  expect(found).toEqual(Array.from({ length: 20 }, (_, number) => `usage-${number}`));
});
