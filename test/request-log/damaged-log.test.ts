import { writeFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { SyncedRecord } from '../../src/datasources/request-log/sqlite/write-ahead-log/synced-record.ts';
import { openLog } from '../support/open-log.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { countStored, FILE } from './crashed-store.ts';
import { damageLogs, recordCommits, tearLogs } from './damaged-log.ts';

const ROUNDS = 30;

test('with a damaged write-ahead log a store starts with all that was acknowledged, or not at all', async () => {
  const random = new SeededRandom();
  const { started, refused, faults } = await damageLogs(random, ROUNDS);
  expect(faults, `seed ${random.seed}`).toEqual([]);
  // Bytes behind the last frame belong to nobody.
  expect([started > 0, refused > 0], `seed ${random.seed}`).toEqual([true, true]);
});

test('a write-ahead log whose last commit was never synced starts, whatever of it is on disk', async () => {
  const random = new SeededRandom();
  expect(await tearLogs(random, ROUNDS), `seed ${random.seed}`).toEqual({ started: ROUNDS, refused: 0, faults: [] });
});

test('a power cut while the log is begun anew leaves no header: the start has all, if everything was moved before', async () => {
  const recorded = await recordCommits();
  const begun = recorded.findIndex((files, at) => at > 0 && files.log.readUInt32BE(16) !== recorded[at - 1]?.log.readUInt32BE(16));
  const [before, after] = recorded.slice(begun - 1);
  if (!before || !after) throw new Error('The log was never begun anew.');
  for (const isMoved of [true, false]) {
    await using folder = await tempFolder();
    const path = `${folder.path}/${FILE}`;
    writeFileSync(path, after.main);
    writeFileSync(`${path}-wal`, Buffer.from(before.log).fill(0, 0, 32));
    const record = new SyncedRecord(path);
    record.write({ first: before.log.readUInt32BE(16), second: before.log.readUInt32BE(20), frames: 1, isMoved });
    record.close({ remove: false });
    if (!isMoved) expect(() => openLog(path)).toThrow(/is damaged: its header cannot be read/);
    else {
      await using log = openLog(path);
      expect(await countStored(log)).toBe(after.stored);
    }
  }
});
