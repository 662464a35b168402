import { DatabaseSync } from 'node:sqlite';
import { setImmediate as nextImmediate } from 'node:timers/promises';
import type { RequestFilter } from '../src/datasources/request-log/request-reads.ts';
import type { NextTurn, Page } from '../src/datasources/request-log/stored-request.ts';
import { openLog } from '../test/support/open-log.ts';
import { tempFolderOnDisk } from '../test/support/temp-folder.ts';
import { ACCOUNTS, APART_MS, fillRequests, FIRST_AT, OFTEN, SELDOM } from './fill-requests.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';

const PAGE = 100;
/** A first list prepares its statements, and brings pages of the file into memory. */
const WARM_UP = 1;

interface Measured {
  readonly rows: number;
  readonly turns: number;
  /** Processor time. Beside other work on the machine it says more than the time that passes. */
  readonly longestTurnMs: number;
  readonly cpuMs: number;
}

type List = (nextTurn: NextTurn) => Promise<Page<unknown>>;

/** Measures a page of each list: the longest turn of the event loop that it takes, and the processor time in all. */
export async function benchLists({ rows: requests, rounds }: BenchOptions): Promise<Section> {
  await using folder = await tempFolderOnDisk();
  const path = `${folder.path}/bench.sqlite`;
  fillRequests(path, requests);
  const floor = await measureFloor(path, rounds);
  await using log = openLog(path);
  const result: Row[] = [];
  for (const [name, list] of Object.entries(listsOf(log, requests))) {
    const all: Measured[] = [];
    for (let round = 0; round < rounds + WARM_UP; round++) all.push(await measure(list));
    const [least = floor, ...others] = all.slice(WARM_UP);
    const longestTurnMs = Math.min(least.longestTurnMs, ...others.map((one) => one.longestTurnMs));
    const cpuMs = Math.min(least.cpuMs, ...others.map((one) => one.cpuMs));
    result.push({
      name,
      figures: { rows: least.rows, turns: least.turns, 'longest turn': longestTurnMs, CPU: cpuMs, '× floor': cpuMs / floor.cpuMs },
    });
  }
  return {
    title: `lists: a page of ${PAGE} among ${requests.toLocaleString('en-US')} requests`,
    notes: [
      `Milliseconds of processor time, the least of ${rounds} rounds after one that is not counted.`,
      `Floor: one statement of SQLite for the newest ${PAGE} requests by their key, nothing made of its rows: ${floor.cpuMs.toFixed(2)} ms.`,
    ],
    rows: result,
  };
}

function listsOf(log: ReturnType<typeof openLog>, requests: number): Readonly<Record<string, List>> {
  const list =
    (filter: Partial<RequestFilter>): List =>
    (nextTurn) =>
      log.list({ accounts: null, ...filter }, null, PAGE, nextTurn);
  const audit =
    (accounts: readonly string[] | null, caller: string | null): List =>
    (nextTurn) =>
      log.auditEntries({ accounts, caller }, null, PAGE, nextTurn);
  const search = (text: string) => ({ deviceKeys: [], requestId: '', carrierRequestId: text, clientReference: text });
  const [large, small, tiny] = ACCOUNTS;
  return {
    'no filter': list({}),
    'one account': list({ accounts: [small] }),
    'an account with few': list({ accounts: [tiny] }),
    'three accounts': list({ accounts: [large, small, tiny] }),
    '200 accounts, 197 empty': list({ accounts: [...ACCOUNTS, ...Array.from({ length: 197 }, (_, at) => `account-${at}`)] }),
    'since: the last 50': list({ since: FIRST_AT + (requests - 50) * APART_MS }),
    'since and until: the oldest 50': list({ since: FIRST_AT, until: FIRST_AT + 50 * APART_MS }),
    'until: all but the newest half': list({ until: FIRST_AT + (requests / 2) * APART_MS }),
    'client reference': list({ clientReference: 'order 100' }),
    'device of few': list({ deviceKeys: [SELDOM] }),
    'device of every tenth': list({ deviceKeys: [OFTEN] }),
    'device of every tenth, FAILED': list({ deviceKeys: [OFTEN], statuses: ['FAILED'] }),
    'search: begins some, not in order': list({ search: search('order 100') }),
    'search: begins one of five': list({ search: search('order') }),
    'search: begins one of five, FAILED': list({ search: search('order'), statuses: ['FAILED'] }),
    'status IN_PROGRESS': list({ statuses: ['IN_PROGRESS'] }),
    'status IN_PROGRESS, seldom operation': list({ statuses: ['IN_PROGRESS'], operation: 'RESUME_PROFILE' }),
    'status SUCCEEDED': list({ statuses: ['SUCCEEDED'] }),
    'status FAILED': list({ statuses: ['FAILED'] }),
    'status FAILED, one account': list({ accounts: [small], statuses: ['FAILED'] }),
    'seldom operation': list({ operation: 'RESUME_PROFILE' }),
    'operation that no request has': list({ operation: 'NO_SUCH' }),
    'audit, three accounts': audit([large, small, tiny], null),
    'audit, seldom caller': audit(null, 'key:seldom'),
    'audit, seldom caller, one account': audit([small], 'key:seldom'),
  };
}

async function measure(list: List): Promise<Measured> {
  let [turns, longestTurnMs, totalMs] = [0, 0, 0];
  let before = process.cpuUsage();
  const end = () => {
    const { user, system } = process.cpuUsage(before);
    const tookMs = (user + system) / 1000;
    [longestTurnMs, totalMs] = [Math.max(longestTurnMs, tookMs), totalMs + tookMs];
  };
  const { rows } = await list(async () => {
    end();
    await nextImmediate();
    turns++;
    before = process.cpuUsage();
  });
  end();
  return { rows: rows.length, turns, longestTurnMs, cpuMs: totalMs };
}

async function measureFloor(path: string, rounds: number): Promise<Measured> {
  const db = new DatabaseSync(path);
  const page = db.prepare('SELECT * FROM request WHERE pk <= ? ORDER BY pk DESC LIMIT ?');
  const ask: List = async (nextTurn) => {
    await nextTurn();
    return { rows: page.all(Number.MAX_SAFE_INTEGER, PAGE + 1), hasMore: true };
  };
  const all: Measured[] = [];
  for (let round = 0; round < rounds + WARM_UP; round++) all.push(await measure(ask));
  db.close();
  return all.slice(WARM_UP).reduce((least, one) => (one.cpuMs < least.cpuMs ? one : least));
}
