import assert from 'node:assert/strict';
import { statfsSync, writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { submitted } from '../request-log/contract-support.ts';
import { callbackMessage, named } from '../support/callback-message.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { smallDisk, whyNoSmallDisk } from '../support/small-disk.ts';
import type { FlatStore } from '../support/flat-store.ts';
import { SqliteUpkeep } from '../../src/datasources/request-log/sqlite/sqlite-upkeep.ts';

const noMount = whyNoSmallDisk();
if (noMount !== null) process.stderr.write(`A low disk is not tested: ${noMount}.\n`);

const MEGABYTE = 'x'.repeat(1_000_000);

/** Sends messages of a megabyte by a path of nobody's, until one is not taken. */
async function fill(log: FlatStore): Promise<string> {
  for (let n = 0; ; n++) {
    const result = await log.append(callbackMessage({ id: `of-nobody-${n}`, text: `${n}${MEGABYTE}` })).catch(() => 'failed');
    if (result !== 'UNCLAIMED') return result;
  }
}

async function purgeAll(log: FlatStore): Promise<number> {
  let rows = 0;
  for (;;) {
    const step = await log.upkeep.purgeStep(Date.now());
    rows += step.rows;
    if (step.done) return rows;
  }
}

test.skipIf(noMount !== null)(
  'a path that fills a small disk is refused before it is full: results are still taken, a purge makes room, and all goes on',
  async () => {
    await using disk = await smallDisk('60m');
    await using log = openLog(`${disk.path}/log.sqlite`);
    await submitted(log, [named(1), named(2)], 'known', { account: 'account-2' });
    expect(await fill(log)).toBe('DISK_LOW');
    const result = (device: number) => callbackMessage({ account: 'account-2', device });
    expect(await log.append(result(1))).toBe('APPLIED');
    await expect(log.create(newRequest([named(3)]))).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(await purgeAll(log)).toBeGreaterThan(10);
    expect(await log.append(callbackMessage({ id: 'of-nobody', account: 'account-2' }))).toBe('UNCLAIMED');
    expect(await log.append(result(2))).toBe('APPLIED');
  },
);

test.skipIf(noMount !== null)('purging works on a disk that is full to the last byte', async () => {
  await using disk = await smallDisk('60m');
  const path = `${disk.path}/log.sqlite`;
  {
    await using log = openLog(path, { diskFloorBytes: 0 });
    for (let n = 0; n < 20; n++) await log.append(callbackMessage({ id: `of-nobody-${n}`, text: `${n}${MEGABYTE}` }));
  }
  // As a longer life of the gateway leaves it.
  writeFileSync(`${path}-reserve`, Buffer.alloc(8 * 1_048_576, 'x'));
  await using log = openLog(path);
  // Another program takes the rest.
  const { bavail, bsize } = statfsSync(disk.path);
  writeFileSync(`${disk.path}/other`, Buffer.alloc(bavail * bsize, 'y'));
  expect(() => writeFileSync(`${disk.path}/more`, Buffer.alloc(65_536))).toThrow(/ENOSPC/);
  expect(await purgeAll(log)).toBeGreaterThanOrEqual(20);
  // What was purged is used again, although the file is as large as before.
  expect(await log.append(callbackMessage({ id: 'of-nobody' }))).toBe('UNCLAIMED');
});

test.skipIf(noMount !== null)('a store on a disk that is full to the last byte is opened, and can be purged', async () => {
  await using disk = await smallDisk('60m');
  const path = `${disk.path}/log.sqlite`;
  {
    await using log = openLog(path, { diskFloorBytes: 0 });
    for (let n = 0; n < 20; n++) await log.append(callbackMessage({ id: `of-nobody-${n}`, text: `${n}${MEGABYTE}` }));
  }
  // As a longer life of the gateway leaves it.
  writeFileSync(`${path}-reserve`, Buffer.alloc(8 * 1_048_576, 'x'));
  const { bavail, bsize } = statfsSync(disk.path);
  writeFileSync(`${disk.path}/other`, Buffer.alloc(bavail * bsize, 'y'));
  await using log = openLog(path);
  await log.recover();
  expect(await purgeAll(log)).toBeGreaterThanOrEqual(20);
  expect(await log.append(callbackMessage({ id: 'of-nobody' }))).toBe('UNCLAIMED');
});

test.skipIf(noMount !== null).each(['1000k', '1048k', '1096k'])(
  'a disk of %s that fills up anywhere in a commit or in moving the log is not taken for a store that somebody else has changed',
  async (size) => {
    await using disk = await smallDisk(size);
    const path = `${disk.path}/log.sqlite`;
    await using log = openLog(path, { diskFloorBytes: 0 });
    const { upkeep } = log;
    assert(upkeep instanceof SqliteUpkeep);
    const changes = new Set<string | null>();
    const append = (n: number) => log.append(callbackMessage({ id: `of-nobody-${n}`, text: 'x'.repeat(300) }));
    let failed = 0;
    for (let n = 0; failed < 40; n++) {
      await append(n).catch(() => failed++);
      if (failed % 10 === 1) await upkeep.emptyWal().catch(() => undefined);
      changes.add(log.findChange());
    }
    expect([...changes]).toEqual([null]);
    disk.resize('8m');
    expect(await append(-1)).toBe('UNCLAIMED');
    expect(log.findChange()).toBeNull();
  },
);
