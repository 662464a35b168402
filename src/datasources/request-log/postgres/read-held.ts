import type { LogCounts } from '../store-health.ts';
import type { Queries } from './database.ts';

export interface Held extends Pick<LogCounts, 'unclaimed' | 'deadLettersByReason'> {
  /** Copies that wait for the previous listener. */
  readonly copies: number;
}

/** What all paths together hold. */
export async function readHeld(db: Queries): Promise<Held> {
  const rows = await db.rows<{ kind: string; rows: number }>(BY_KIND);
  const {
    UNCLAIMED: unclaimed = 0,
    FORWARD: copies = 0,
    EXTERNAL: _ofOthers,
    ...deadLettersByReason
  } = Object.fromEntries(rows.map(({ kind, rows: found }) => [kind, found]));
  return { unclaimed, copies, deadLettersByReason };
}

const BY_KIND = 'SELECT kind, sum(rows)::bigint AS rows FROM held GROUP BY kind HAVING sum(rows) > 0';
