import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { GatewayError } from '../../src/errors.ts';
import { openLog } from '../support/open-log.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { countStored, FILE, keepFiles, storeCallbacks } from './crashed-store.ts';

interface Files {
  readonly main: Buffer;
  readonly log: Buffer;
  readonly synced: Buffer;
  /** Acknowledged callbacks. */
  readonly stored: number;
}

export interface Tried {
  readonly started: number;
  readonly refused: number;
  /** What must not happen, in words. */
  readonly faults: readonly string[];
}

const COMMITS = 40;
const LOG_HEADER = 32;
const FRAME = 4_120;

/** The files of a store after each commit, as a kill would leave them. */
export async function recordCommits(): Promise<Files[]> {
  await using folder = await tempFolder();
  const path = `${folder.path}/${FILE}`;
  await using log = openLog(path);
  const recorded: Files[] = [];
  for (let stored = 0; stored <= COMMITS; stored++) {
    if (stored > 0) await storeCallbacks(log, stored, 1);
    const copy = keepFiles(path, `${folder.path}/copy`);
    const [main, wal, synced] = ['', '-wal', '-synced'].map((end) => readFileSync(copy + end)) as [Buffer, Buffer, Buffer];
    recorded.push({ main, log: wal, synced, stored });
  }
  return recorded;
}

/** Bytes change anywhere in the log. Either all that was acknowledged is there, or the start is refused. */
export async function damageLogs(random: SeededRandom, rounds: number): Promise<Tried> {
  const recorded = await recordCommits();
  return await tryEach(rounds, () => {
    const files = random.pick(recorded as [Files, ...Files[]]);
    const log = Buffer.from(files.log);
    const at = random.between(0, log.length - 1);
    const hasRecord = random.between(0, 3) > 0;
    const how = random.pick(['a bit', 'zeros', 'the end']);
    if (how === 'a bit') log[at] = (log[at] ?? 0) ^ (1 << random.between(0, 7));
    else if (how === 'zeros') log.fill(0, at, Math.min(at + random.between(1, 2 * FRAME), log.length));
    const damaged = how === 'the end' ? log.subarray(0, at) : log;
    const synced = hasRecord || how !== 'a bit' ? files.synced : null;
    const what = `${how} at ${at} of ${log.length}, ${synced ? 'with' : 'without'} a record, ${files.stored} stored`;
    return { files: { ...files, log: damaged, synced }, mustStart: damaged.equals(files.log), what };
  });
}

/** What a kill or a power cut does to the frames of a commit that was not synced yet. The start must not be refused. */
export async function tearLogs(random: SeededRandom, rounds: number): Promise<Tried> {
  const recorded = await recordCommits();
  const pairs = recorded.flatMap((files, at) => {
    const next = recorded[at + 1];
    const isSameLog = next && next.main.equals(files.main) && next.log.subarray(0, LOG_HEADER).equals(files.log.subarray(0, LOG_HEADER));
    return isSameLog ? [{ files, next }] : [];
  });
  return await tryEach(rounds, () => {
    const { files, next } = random.pick(pairs as [(typeof pairs)[0], ...typeof pairs]);
    const synced = LOG_HEADER + FRAME * files.synced.readUInt32BE(12);
    const log = Buffer.from(next.log);
    const at = random.between(synced, log.length);
    const isPowerCut = random.between(0, 1) === 1;
    let torn = log;
    for (let page = synced; isPowerCut && page < log.length; page += 512)
      if (random.between(0, 1) === 1) log.fill(0, page, Math.min(page + 512, log.length));
    if (!isPowerCut) torn = Buffer.concat([log.subarray(0, at), files.log.subarray(at)]);
    // A power cut may leave any earlier state of the record.
    const record = isPowerCut ? random.pick([files.synced, recorded[0]?.synced ?? files.synced, Buffer.alloc(24)]) : files.synced;
    const what = `${isPowerCut ? 'a power cut' : 'a kill'} at ${at} of ${log.length}, ${files.stored} stored`;
    return { files: { ...files, log: torn, synced: record }, mustStart: true, what };
  });
}

interface Try {
  readonly files: Omit<Files, 'synced'> & { readonly synced: Buffer | null };
  readonly mustStart: boolean;
  readonly what: string;
}

async function tryEach(rounds: number, next: () => Try): Promise<Tried> {
  await using folder = await tempFolder();
  const tried = { started: 0, refused: 0, faults: [] as string[] };
  for (let round = 0; round < rounds; round++) {
    const { files, mustStart, what } = next();
    const path = `${folder.path}/${round}/${FILE}`;
    mkdirSync(`${folder.path}/${round}`);
    writeFileSync(path, files.main);
    writeFileSync(`${path}-wal`, files.log);
    if (files.synced) writeFileSync(`${path}-synced`, files.synced);
    try {
      await using log = openLog(path);
      tried.started++;
      const found = await countStored(log);
      if (found < files.stored) tried.faults.push(`${what}: it started with ${found}`);
    } catch (error) {
      if (!(error instanceof GatewayError && error.code === 'STORE_UNUSABLE')) throw error;
      tried.refused++;
      if (mustStart) tried.faults.push(`${what}: ${error.message}`);
    }
    rmSync(`${folder.path}/${round}`, { recursive: true });
  }
  return tried;
}
