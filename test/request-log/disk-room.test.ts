import { expect, test } from 'vitest';
import { DiskRoom } from '../../src/datasources/request-log/sqlite/disk-room.ts';
import { callbackMessage as message, named } from '../support/callback-message.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { outcomesOf, statuses } from './contract-support.ts';

test('while the disk is low only results of known requests are taken, and a repeat of what is there is acknowledged', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/log.sqlite`;
  const first = newRequest([named(1), named(2)], { idempotencyKey: 'key' });
  const letter = {
    account: 'account-1',
    service: 'CarrierService',
    receivedAt: 1,
    reason: 'UNREADABLE' as const,
    contentType: null,
    body: Buffer.from('<'),
  };
  {
    await using log = openLog(path);
    await log.create(first);
    await log.step(first.id, 0, { type: 'SENDING' });
    await log.step(first.id, 0, { type: 'ACCEPTED', carrierRequestId: 'known' });
    await log.append(message({ id: 'of-nobody' }));
    await log.keep(letter);
    await log.append(message({ id: 'of-another-tool', account: 'account-2' }));
    await log.settleUnclaimed(0);
  }
  {
    await using log = openLog(path, { diskFloorBytes: Number.MAX_SAFE_INTEGER });
    expect(await log.upkeep.disk()).toMatchObject({ isLow: true });
    expect(await log.append(message({ device: 1 }))).toBe('APPLIED');
    expect(await log.append(message({ device: 1, text: 'again' }))).toBe('DISK_LOW');
    expect(await log.append(message({ device: 1, status: 'Pending' }))).toBe('DISK_LOW');
    expect(await log.append(message({ device: 9, status: 'Pending' }))).toBe('DISK_LOW');
    expect(await log.append(message({ id: 'new-to-us' }))).toBe('DISK_LOW');
    expect(await log.append(message({ id: 'of-nobody' }))).toBe('DUPLICATE');
    expect(await log.append(message({ device: 2, account: 'account-2' }))).toBe('DISK_LOW');
    expect(await log.keep({ ...letter, body: Buffer.from('<<') })).toBe('DISK_LOW');
    expect(await log.keep(letter)).toBe('KEPT');
    expect((await log.settleUnclaimed(2_000)).adopted).toEqual([]);
    await expect(log.create(newRequest([named(3)]))).rejects.toMatchObject({ code: 'STORE_FAILED' });
    expect(await log.create(first)).toEqual({ outcome: 'EXISTS', id: first.id });
    expect(statuses(await outcomesOf(log, first.id))).toEqual(['SUCCEEDED', 'PENDING']);
  }
  await using log = openLog(path);
  expect(await log.append(message({ id: 'new-to-us' }))).toBe('UNCLAIMED');
  expect((await log.settleUnclaimed(2_000)).adopted).not.toEqual([]);
});

test('what is written between two looks at the disk counts twice, for the log and for the file', async () => {
  await using folder = await tempFolder();
  const room = (floorBytes: number) =>
    new DiskRoom({ path: `${folder.path}/log.sqlite`, floorBytes, reusableBytes: () => 0, onSample: () => undefined });
  using off = room(0);
  expect(off.isLowAfter(Number.MAX_SAFE_INTEGER)).toBe(false);
  const gigabyte = 1e9;
  using low = room(off.state.freeBytes - gigabyte);
  expect(low.isLowAfter(0.3 * gigabyte)).toBe(false);
  expect(low.isLowAfter(0.3 * gigabyte)).toBe(true);
});
