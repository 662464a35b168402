import { RequestState, type Owed, type StoredCarrierState } from '../request-state.ts';
import type { RequestOrigin, RequestStatus } from '../stored-request.ts';
import type { Queries, Transaction } from './database.ts';

/** A Request whose row is locked by the open transaction, as it stood when the lock was taken. */
export interface LockedRequest {
  readonly pk: number;
  readonly id: string;
  readonly account: string;
  readonly origin: RequestOrigin;
  readonly status: RequestStatus;
  readonly total: number | null;
  readonly counts: readonly number[];
  readonly lastSeq: number;
  readonly learntSeq: number;
  readonly quiet: number;
  readonly messageBytes: number;
  readonly carriers: readonly LockedCarrier[];
}

export interface LockedCarrier extends StoredCarrierState {
  readonly carrierRequestId: string | null;
  readonly service: string;
  readonly owedJson: string | null;
}

type CarrierRow = Omit<LockedCarrier, 'owed'> & { readonly pk: number };

/**
 * Locks Requests in the order of their keys, so that no two transactions wait for each other. Everybody who changes anything of a Request
 * locks it first. A purged one is left out.
 */
export async function lockRequests(tx: Transaction, pks: readonly number[]): Promise<Map<number, LockedRequest>> {
  if (pks.length === 0) return new Map();
  const requests = await tx.rows<Omit<LockedRequest, 'carriers'>>(LOCK, [pks]);
  // After the lock: what was read before it may be old.
  return withCarriers(tx, requests);
}

/** Locks one Request by its id. Null when it is not in the store. */
export async function lockRequest(tx: Transaction, id: string): Promise<LockedRequest | null> {
  const requests = await tx.rows<Omit<LockedRequest, 'carriers'>>(LOCK_BY_ID, [id]);
  return [...(await withCarriers(tx, requests)).values()][0] ?? null;
}

/** Reads a Request as it stands, for a question that changes nothing. */
export async function readState(db: Queries, id: string): Promise<LockedRequest | null> {
  const requests = await db.rows<Omit<LockedRequest, 'carriers'>>(READ_BY_ID, [id]);
  return [...(await withCarriers(db, requests)).values()][0] ?? null;
}

async function withCarriers(db: Queries, requests: readonly Omit<LockedRequest, 'carriers'>[]): Promise<Map<number, LockedRequest>> {
  const rows = requests.length === 0 ? [] : await db.rows<CarrierRow>(CARRIERS, [requests.map(({ pk }) => pk)]);
  const carriersOf = Map.groupBy(rows, ({ pk }) => pk);
  return new Map(
    requests.map((request) => [
      request.pk,
      {
        ...request,
        carriers: (carriersOf.get(request.pk) ?? []).map(({ pk: _pk, ...carrier }) => ({
          ...carrier,
          owed: JSON.parse(carrier.owedJson ?? 'null') as Owed | null,
        })),
      },
    ]),
  );
}

/** A new state, to be changed. */
export function stateOf({ id, total, carriers, counts, ...rest }: LockedRequest): RequestState {
  const copies = carriers.map((carrier) => ({ ...carrier, tallies: carrier.tallies && [...carrier.tallies] }));
  return new RequestState({ ...rest, requestId: id, total, carriers: copies, ...(rest.lastSeq > 0 && { counts: [...counts] }) });
}

const STATE = `pk, id, account, origin, status, total, counts, last_seq AS "lastSeq", learnt_seq AS "learntSeq", quiet,
  message_bytes AS "messageBytes"`;
const LOCK = `SELECT ${STATE} FROM request WHERE pk = ANY($1::bigint[]) AND account <> '' ORDER BY pk FOR NO KEY UPDATE`;
const READ_BY_ID = `SELECT ${STATE} FROM request WHERE id = $1::word AND account <> ''`;
const LOCK_BY_ID = `${READ_BY_ID} FOR NO KEY UPDATE`;
const CARRIERS = `SELECT request_pk AS pk, carrier_request_id AS "carrierRequestId", service, first_index AS "firstIndex",
  device_count AS "deviceCount", device_decides AS "deviceDecides", state, tallies, owed AS "owedJson" FROM carrier_request
  WHERE request_pk = ANY($1::bigint[]) ORDER BY request_pk, position`;
