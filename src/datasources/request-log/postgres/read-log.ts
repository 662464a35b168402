import { cutAfterTerminal } from '../batch-rows.ts';
import type { RequestStatus, StoredCallback } from '../stored-request.ts';
import { isTerminal } from '../stored-request.ts';
import type { PlacedEvent } from '../working-set.ts';
import { GatewayError } from '../../../errors.ts';
import type { Queries } from './database.ts';
import { MESSAGE, OUTCOME, toPlacedEvent, toStoredCallback, type EventRow } from './postgres-rows.ts';
import type { InputOf } from './requested-devices.ts';
import type { Seals } from './seals.ts';

/** Rows of the log of one Request, and the older messages that they show. */
export interface LogRows extends InputOf {
  /** The devices of the mutation, when it named any. */
  readonly total: number | null;
  readonly rows: readonly PlacedEvent[];
  /** Null for a message that is none. */
  readonly messages: ReadonlyMap<number, StoredCallback | null>;
}

type Part = 'BEFORE' | 'EARLIER' | 'BATCH';

type LogRow = InputOf & Pick<LogRows, 'total'> & ((EventRow & { readonly part: Part }) | { readonly part: null });

/**
 * Reads up to `limit` rows after `afterSeq` in one statement. Null when nothing is new.
 *
 * @throws GatewayError NOT_FOUND
 */
export async function readLog(
  db: Queries,
  seals: Seals,
  { requestId, afterSeq, limit }: { readonly requestId: string; readonly afterSeq: number; readonly limit: number },
): Promise<LogRows | null> {
  const found = await db.rows<LogRow>(LOG, [requestId, afterSeq, limit]);
  const [first] = found;
  if (!first) throw notFound();
  const { pk, id, total } = first;
  const of = (part: Part) => found.filter((row): row is Extract<LogRow, { part: Part }> => row.part === part);
  const [before] = of('BEFORE');
  const rows = cutAfterTerminal(
    of('BATCH').map((row) => toPlacedEvent(seals, pk, row)),
    () => before !== undefined && isTerminal(before.requestStatus satisfies RequestStatus),
  );
  if (rows.length === 0) return null;
  const earlier = of('EARLIER').map((row) => [row.seq, toStoredCallback(seals, pk, row)] as const);
  const messages = new Map([...earlier, ...rows.map(({ event, seq }) => [seq, event.callback] as const)]);
  return { pk, id, total, rows, messages };
}

export function notFound(): GatewayError {
  return new GatewayError('NOT_FOUND', 'The request is not in the store: its time was over, and it was purged.');
}

const EVENT = `kind, position, ${OUTCOME}, ties, request_status AS "requestStatus", counts, ${MESSAGE}`;

// The row before the batch tells whether the Request had ended. Its message is not needed, unless a row of the batch shows it.
const LOG = `SELECT r.pk, r.id, r.total, e.* FROM request r LEFT JOIN LATERAL (
    WITH batch AS MATERIALIZED (SELECT * FROM event WHERE request_pk = r.pk AND seq > $2::integer ORDER BY seq LIMIT $3),
    earlier AS (SELECT final_seq AS shown FROM batch UNION SELECT nidd_seq FROM batch)
    SELECT 'BEFORE' AS part, ${EVENT.replace('message,', 'NULL AS message,')} FROM event WHERE request_pk = r.pk AND seq = $2
    UNION ALL SELECT 'EARLIER', f.* FROM earlier CROSS JOIN LATERAL (
      SELECT ${EVENT} FROM event WHERE request_pk = r.pk AND seq = shown AND seq <= $2 OFFSET 0) f
    UNION ALL SELECT 'BATCH', ${EVENT} FROM batch
  ) e ON true WHERE r.id = $1::word AND r.account <> '' ORDER BY e.seq`;
