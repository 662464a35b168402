import { ulid } from 'ulid';
import { GatewayError, isDamagedRequest } from '../../../errors.ts';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { cleanRequestId, requestIdSpellings } from '../../thingspace/wire/carrier-request-id.ts';
import { THIS_ROW } from '../log-event.ts';
import { RequestFolds } from './request-folds.ts';
import type { AppendResult, IncomingCallback, NewRequest } from '../request-log.ts';
import { type StoredRequest, countsOf, isTerminal } from '../stored-request.ts';
import { type SendingStep, CARRIER_STATE, isAnswer, mayBegin } from '../sending-steps.ts';
import { RequestState } from '../request-state.ts';
import { awaits, type Owner } from './carrier-owner.ts';
import { insertAudit } from './sqlite-audit.ts';
import type { SqliteForward } from './sqlite-forward.ts';
import { keepAside } from './sqlite-dead-letters.ts';
import { toUnclaimed, type UnclaimedRow } from './sqlite-rows.ts';
import { RecentRows } from './recent-rows.ts';
import { findCarrier, type Statements } from './sqlite-statements.ts';
import { transition, type Change, type PlacedEvent } from '../transition.ts';

/**
 * The jobs of the SQLite store, which run inside a transaction. A job changes rows and the folds in memory. When the transaction
 * fails, `rollback()` forgets the folds that it touched.
 */
export class SqliteWriter {
  readonly #sql: Statements;
  readonly #forwards: SqliteForward;
  readonly #now: () => number;
  readonly #isFollowed: (requestId: string) => boolean;
  readonly #pks = new BoundedCache<string, number>(100_000);
  readonly recent = new RecentRows();
  readonly #folds: RequestFolds;
  readonly #carriers = new BoundedCache<string, Owner>(100_000);
  /** The Requests of the open transaction, by pk. `at` is null while the Request has not changed. */
  readonly #touched = new Map<number, { readonly state: RequestState; at: number | null }>();

  constructor(sql: Statements, forwards: SqliteForward, now: () => number, isFollowed: (requestId: string) => boolean) {
    this.#sql = sql;
    this.#folds = new RequestFolds(sql);
    this.#forwards = forwards;
    this.#now = now;
    this.#isFollowed = isFollowed;
  }

  /** Ends a transaction: writes the row of each Request once, however often it changed. Gives back the ids of the changed ones. */
  finish(): string[] {
    const changed: string[] = [];
    for (const [pk, { state, at }] of this.#touched) {
      if (at === null) continue;
      changed.push(state.requestId);
      const terminal = isTerminal(state.status) ? 1 : 0;
      this.#sql.updateRequest.run(state.status, stringifyCounts(countsOf(state.counts)), state.lastSeq, at, terminal, at, pk);
    }
    this.#touched.clear();
    return changed;
  }

  rollback(): void {
    for (const pk of this.#touched.keys()) {
      this.#folds.forget(pk);
      this.recent.forget(pk);
    }
    // These may hold what was read inside the failed transaction.
    this.#carriers.clear();
    this.#pks.clear();
    this.#touched.clear();
  }

  create(request: NewRequest): { outcome: 'CREATED' | 'EXISTS' | 'KEY_REUSED'; id: string } {
    const { account, createdBy, idempotencyKey } = request;
    const existing = idempotencyKey === null ? null : this.findByKey(account, createdBy, idempotencyKey);
    if (existing) {
      return { outcome: Buffer.compare(existing.inputHash, request.inputHash) === 0 ? 'EXISTS' : 'KEY_REUSED', id: existing.id };
    }
    const pk = this.#insertRequest({ ...request, origin: 'GATEWAY', total: request.devices?.length ?? null });
    this.#sql.insertInput.run(pk, request.devicesJson, request.settings);
    if (request.audit) insertAudit(this.#sql, [request.audit], request.createdAt);
    for (const [position, part] of request.carrierRequests.entries()) {
      this.#sql.insertCarrierRequest.run(pk, position, part.service, null, 'QUEUED', part.firstIndex, part.deviceCount);
    }
    // In memory before the first callback: twenty folds to build at once would hold up acknowledgements.
    this.#folds.add(pk, new RequestState(request.id, request.devices, request.carrierRequests));
    this.change(pk, { type: 'CREATED' }, request.createdAt);
    return { outcome: 'CREATED', id: request.id };
  }

  findByKey(account: string, createdBy: string, key: string): { id: string; inputHash: Uint8Array } | null {
    return (this.#sql.requestByKey.get(account, createdBy, key) as { id: string; inputHash: Uint8Array } | undefined) ?? null;
  }

  step(requestId: string, position: number, step: SendingStep): boolean {
    const pk = this.pkOf(requestId);
    if (!mayBegin(step, this.state(pk).carrierState(position))) return false;
    const at = this.#now();
    const sending = step.type === 'SENDING';
    const carrierRequestId = step.type === 'ACCEPTED' ? cleanRequestId(step.carrierRequestId) : null;
    if (isAnswer(step)) this.#releaseId(pk, position, carrierRequestId);
    const error = 'error' in step ? JSON.stringify(step.error) : null;
    const answeredAt = sending || step.type === 'REQUEUED' ? null : at;
    const { changes } = this.#sql.updateCarrierRequest.run(
      CARRIER_STATE[step.type],
      carrierRequestId,
      sending ? 1 : 0,
      sending ? at : null,
      answeredAt,
      error,
      pk,
      position,
    );
    // It has an id already. A second id would cut off the callbacks of the first.
    if (changes === 0) return false;
    this.#sql.setRequestError.run(pk);
    this.change(pk, { type: 'STEP', position, step }, at);
    if (carrierRequestId !== null) this.#claim(pk, position, carrierRequestId);
    return true;
  }

  append(callback: IncomingCallback): AppendResult {
    const { account, service, receivedAt, callbackCount, digest, json } = callback;
    const { requestId } = callback.message;
    const carrierRequestId = requestId === null ? null : cleanRequestId(requestId);
    const owner = carrierRequestId === null ? null : this.#findCarrier(carrierRequestId);
    if (owner && owner.account !== account) return keepAside(this.#sql, this.#forwards, callback, 'FOREIGN_REQUEST');
    if (!owner) {
      const { changes } = this.#sql.insertUnclaimed.run(account, service, carrierRequestId, receivedAt, callbackCount, digest, json);
      if (changes === 0) return 'DUPLICATE';
      this.#forwards.add(callback);
      return 'UNCLAIMED';
    }
    if (this.#sql.knownDigest.get(owner.pk, digest)) return 'DUPLICATE';
    if (!awaits(owner, service)) return keepAside(this.#sql, this.#forwards, callback, 'WRONG_SERVICE');
    if (!this.stateIfWhole(owner.pk)) return keepAside(this.#sql, this.#forwards, callback, 'DAMAGED_REQUEST');
    this.change(owner.pk, { type: 'CALLBACK', position: owner.position, callback }, receivedAt);
    this.#forwards.add(callback);
    return 'APPLIED';
  }

  remember(key: string, value: string | null): void {
    if (value === null) this.#sql.deleteFact.run(key);
    else this.#sql.setFact.run(key, value);
  }

  /** The fold of a Request's log, from memory or from its rows. */
  state(pk: number): RequestState {
    return this.#touched.get(pk)?.state ?? this.#folds.get(pk);
  }

  /** Null when the stored rows of the Request cannot be read. */
  stateIfWhole(pk: number): RequestState | null {
    try {
      return this.state(pk);
    } catch (error) {
      if (isDamagedRequest(error)) return null;
      throw error;
    }
  }

  /** Null when it would have to be built from its rows. */
  stateInMemory(pk: number): RequestState | null {
    // The state that the open transaction changed is the one that counts, even if the cache has dropped it since.
    return this.#touched.get(pk)?.state ?? this.#folds.inMemory(pk);
  }

  pkOf(requestId: string): number {
    const known = this.#pks.get(requestId);
    if (known !== undefined) return known;
    const row = this.#sql.pkOfRequest.get(requestId) as { pk: number } | undefined;
    if (!row) throw new GatewayError('NOT_FOUND', 'The request is not in the store: its time was over, and it was purged.');
    this.#pks.set(requestId, row.pk, 1);
    return row.pk;
  }

  /** Takes another id away from a carrier request. What has come under that id stays in its log. */
  #releaseId(pk: number, position: number, answered: string | null): void {
    const held = this.#sql.carrierIdOf.get(pk, position) as { id: string | null } | undefined;
    if (!held?.id || held.id === answered) return;
    this.#sql.releaseCarrierId.run(pk, position);
    this.#carriers.delete(held.id);
  }

  /** Applies the callbacks that came for this id before we knew that it was ours, in the order they came. */
  #claim(pk: number, position: number, carrierRequestId: string): void {
    const owner = this.#findCarrier(carrierRequestId);
    if (!owner) return;
    const spellings = JSON.stringify(requestIdSpellings(carrierRequestId));
    const rows = this.#sql.unclaimedOf.all(spellings, owner.account) as UnclaimedRow[];
    this.#sql.deleteUnclaimed.run(spellings, owner.account);
    for (const row of rows) {
      const unclaimed = toUnclaimed(row);
      if (!unclaimed || this.#sql.knownDigest.get(pk, row.digest)) continue;
      const callback = { ...unclaimed, digest: row.digest };
      if (awaits(owner, callback.service)) this.change(pk, { type: 'CALLBACK', position, callback }, row.receivedAt);
      else keepAside(this.#sql, this.#forwards, callback, 'WRONG_SERVICE');
    }
  }

  /**
   * Makes a Request for another tool's carrier request, of which we know only the callbacks. Its id has the present time, whatever
   * `at` is: a list goes on by ids when the Request at the end of a page is gone.
   */
  adoptExternal(account: string, carrierRequestId: string, service: string, at: number): string {
    const id = `req_${ulid(this.#now())}`;
    const unknown = { operation: null, clientReference: null, idempotencyKey: null, retryOf: null, inputHash: null, total: null };
    const pk = this.#insertRequest({ ...unknown, id, account, createdBy: 'external', origin: 'EXTERNAL', createdAt: at });
    this.#sql.insertInput.run(pk, null, '{}');
    this.#sql.insertCarrierRequest.run(pk, 0, service, null, 'QUEUED', 0, null);
    this.change(pk, { type: 'CREATED' }, at);
    this.step(id, 0, { type: 'ACCEPTED', carrierRequestId });
    return id;
  }

  #insertRequest(
    row: Pick<NewRequest, 'id' | 'account' | 'createdBy' | 'clientReference' | 'idempotencyKey' | 'retryOf' | 'createdAt'> &
      Pick<StoredRequest, 'operation' | 'origin' | 'total'> & { inputHash: Uint8Array | null },
  ): number {
    const { id, account, origin, operation, createdBy, clientReference, idempotencyKey, inputHash, retryOf, total, createdAt } = row;
    const { lastInsertRowid } = this.#sql.insertRequest.run(
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

  /** Every write to a Request's log goes through here: decide, fold, insert. `finish` writes the Request's own row. */
  change(pk: number, change: Change, at = this.#now()): readonly PlacedEvent[] {
    const state = this.state(pk);
    const touched = this.#touched.get(pk) ?? { state, at: null };
    this.#touched.set(pk, touched);
    const placed = transition(state, change);
    if (placed.length > 0) touched.at = Math.max(touched.at ?? 0, at);
    if (this.#isFollowed(state.requestId)) this.recent.add(pk, placed);
    for (const { event, seq, status, counts } of placed) {
      const { kind, position, outcome, callback, ties } = event;
      this.#sql.insertEvent.run(
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
        callback?.digest ?? null,
        callback?.json ?? null,
      );
    }
    return placed;
  }

  /** The fold of a Request is built from its rows again when it is next needed. */
  forget(pk: number): void {
    this.#folds.forget(pk);
    this.#touched.delete(pk);
  }

  /** Removes a purged Request from memory altogether. Another Request may have its primary key one day. */
  forgetPurged(pk: number, requestId: string, carrierRequestIds: readonly string[]): void {
    this.forget(pk);
    this.recent.forget(pk);
    this.#pks.delete(requestId);
    for (const id of carrierRequestIds) this.#carriers.delete(cleanRequestId(id));
  }

  #findCarrier(carrierRequestId: string): Owner | null {
    const cached = this.#carriers.get(carrierRequestId);
    if (cached) return cached;
    const row = findCarrier(this.#sql, carrierRequestId);
    if (!row) return null;
    this.#carriers.set(carrierRequestId, row, 1);
    return row;
  }
}

function stringifyCounts(counts: readonly number[]): string {
  return `[${counts.join(',')}]`;
}
