import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { successCallback } from '../support/callback-samples.ts';
import { iccid } from '../support/devices.ts';
import type { FlatStore } from '../support/flat-store.ts';

export const FILE = 'gateway.sqlite';
const ENDS = ['', '-wal', '-synced'];

/** Copies what a kill at this moment would leave. */
export function keepFiles(from: string, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const to = `${folder}/${FILE}`;
  for (const end of ENDS) if (existsSync(`${from}${end}`)) copyFileSync(`${from}${end}`, `${to}${end}`);
  return to;
}

/** Stores callbacks that no request has, one commit each. */
export async function storeCallbacks(log: FlatStore, from: number, count: number): Promise<void> {
  for (let at = from; at < from + count; at++)
    await log.append(successCallback({ requestId: 'of-another-tool', ids: [['ICCID', iccid(at)]], account: 'account-1' }));
}

export async function countStored(log: FlatStore): Promise<number> {
  return (await log.upkeep.stats()).unclaimed;
}

/** Reads and closes a store as another program would: SQLite moves the log into the main file and removes it. */
export function lookInto(path: string): void {
  const db = new DatabaseSync(path);
  db.prepare('SELECT count(*) FROM request').get();
  db.close();
}
