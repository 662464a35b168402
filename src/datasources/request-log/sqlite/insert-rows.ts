import { THIS_ROW } from '../log-event.ts';
import type { NewRequest } from '../request-sending.ts';
import type { StoredRequest } from '../stored-request.ts';
import type { PlacedEvent } from '../working-set.ts';
import type { Statements } from './sqlite-statements.ts';

type NewRow = Pick<NewRequest, 'id' | 'account' | 'createdBy' | 'clientReference' | 'idempotencyKey' | 'retryOf' | 'createdAt'> &
  Pick<StoredRequest, 'operation' | 'origin' | 'total'> & { readonly inputHash: Uint8Array | null };

/** Gives back the primary key. */
export function insertRequest(sql: Statements, row: NewRow): number {
  const { id, account, origin, operation, createdBy, clientReference, idempotencyKey, inputHash, retryOf, total, createdAt } = row;
  const { lastInsertRowid } = sql.insertRequest.run(
    id,
    account,
    origin,
    operation,
    createdBy,
    clientReference,
    idempotencyKey,
    inputHash,
    retryOf,
    total,
    createdAt,
    createdAt,
  );
  return Number(lastInsertRowid);
}

export function insertEvent(sql: Statements, pk: number, at: number, { event, seq, status, counts, isFoundByDevice }: PlacedEvent): void {
  const { kind, position, outcome, callback, ties } = event;
  sql.insertEvent.run(
    pk,
    seq,
    at,
    kind,
    position,
    outcome?.index ?? null,
    outcome?.status ?? null,
    outcome?.source ?? null,
    outcome?.finalSeq === THIS_ROW ? seq : (outcome?.finalSeq ?? 0),
    outcome?.niddSeq === THIS_ROW ? seq : (outcome?.niddSeq ?? 0),
    outcome?.contradicted ? 1 : 0,
    ties,
    status,
    stringifyCounts(counts),
    callback?.service ?? null,
    callback?.callbackCount ?? null,
    isFoundByDevice ? null : (callback?.digest ?? null),
    callback?.json ?? null,
  );
}

export function stringifyCounts(counts: readonly number[]): string {
  return `[${counts.join(',')}]`;
}
