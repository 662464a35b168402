import type { DatabaseSync } from 'node:sqlite';
import type { StoredCarrierState } from '../../request-state.ts';
import type { StoredCounts } from '../../verify/counted-state.ts';
import { isJson } from '../../verify/verify-faults.ts';

type CarrierRow = Omit<StoredCarrierState, 'tallies' | 'owed'> & { readonly tallies: string | null };

/**
 * Prepares what reads the counts of one Request. It gives back null for a Request that was not taken over yet, which has no such rows.
 *
 * @returns null for a store that has no state in rows.
 */
export function prepareCounted(db: DatabaseSync): ((pk: number) => StoredCounts | null) | null {
  if (!db.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'device_event'").get()) return null;
  const isWhole = db.prepare('SELECT state_seq = last_seq AND keyed >= coalesce(total, 0) AS isWhole FROM request WHERE pk = ?');
  const deviceRows = db.prepare('SELECT count(*) AS rows FROM device_event WHERE request_pk = ?');
  const newest = db.prepare(
    'SELECT outcome, max(seq) AS seq, status, source, nidd_seq AS niddSeq FROM device_event WHERE request_pk = ? GROUP BY outcome',
  );
  const unmatched = db.prepare('SELECT seq, position FROM unmatched WHERE request_pk = ? ORDER BY seq');
  const carriers = db.prepare(`SELECT first_index AS firstIndex, device_count AS deviceCount, state, tallies FROM carrier_request
      WHERE request_pk = ? ORDER BY position`);
  return (pk) => {
    if (isWhole.get(pk)?.['isWhole'] !== 1) return null;
    return {
      devices: {
        rows: Number(deviceRows.get(pk)?.['rows']),
        newest: newest.all(pk) as unknown as NonNullable<StoredCounts['devices']>['newest'],
      },
      waiting: unmatched.all(pk) as unknown as StoredCounts['waiting'],
      carriers: (carriers.all(pk) as unknown as CarrierRow[]).map(({ tallies, ...carrier }) => ({
        ...carrier,
        tallies: tallies !== null && isJson(tallies) ? (JSON.parse(tallies) as number[]) : [],
      })),
    };
  };
}
