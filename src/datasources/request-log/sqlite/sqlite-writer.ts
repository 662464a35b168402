import { ulid } from 'ulid';
import { GatewayError } from '../../../errors.ts';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { cleanRequestId } from '../../thingspace/wire/carrier-request-id.ts';
import { onlyWhatSettles } from '../log-limits.ts';
import type { AppendResult, IncomingCallback } from '../callback-intake.ts';
import type { NewRequest, QueueRoom } from '../request-sending.ts';
import { type SendingStep, CARRIER_STATE, isAnswer, mayBegin, REUSED_ID } from '../sending-steps.ts';
import type { RequestedDevice } from '../stored-request.ts';
import { RequestChanges, type ChangeOptions } from './request-changes.ts';
import { awaits, type Owner } from '../carrier-owner.ts';
import { insertRequest } from './insert-rows.ts';
import { hasRoomForExternal } from './held.ts';
import { insertAudit } from './sqlite-audit.ts';
import { keepAside, moveAside, type DeadLetterParts } from './sqlite-dead-letters.ts';
import { toUnclaimed, type UnclaimedRow } from './sqlite-rows.ts';
import { findCarrier, type Statements } from './sqlite-statements.ts';
import { UnclaimedMessages, type Taken } from './unclaimed-messages.ts';

/** The carrier's ids have 36 characters. A longer text is no id. */
const LONGEST_ID = 16_384;

export interface WriterOptions extends DeadLetterParts, ChangeOptions {
  /** Whether the disk has little room left for so many bytes: then only what settles a known request is taken. */
  readonly isLow: (bytes: number) => boolean;
}

/** The jobs of the SQLite store, which run inside a transaction. They change rows and memory. `rollback()` forgets what they changed. */
export class SqliteWriter {
  readonly #options: WriterOptions;
  readonly #sql: Statements;
  readonly #pks = new BoundedCache<string, number>(100_000);
  readonly #carriers = new BoundedCache<string, Owner>(100_000);
  readonly changes: RequestChanges;
  readonly unclaimed: UnclaimedMessages;
  /** Unclaimed messages that the open transaction has looked at. */
  claimed = 0;

  constructor(options: WriterOptions) {
    const { sql, forwards, limits } = options;
    this.#options = options;
    this.#sql = sql;
    this.changes = new RequestChanges(options);
    this.unclaimed = new UnclaimedMessages(sql, forwards, limits);
  }

  /** Ends a transaction: writes the row of each Request once, however often it changed. Gives back the topics of what has changed. */
  finish(): string[] {
    this.claimed = 0;
    return this.changes.finish();
  }

  rollback(): void {
    this.changes.rollback();
    // These may hold what was read inside the failed transaction.
    this.#carriers.clear();
    this.#pks.clear();
    this.unclaimed.forget();
    this.claimed = 0;
  }

  create(request: NewRequest, room?: QueueRoom): { outcome: 'CREATED' | 'EXISTS' | 'KEY_REUSED' | 'NO_ROOM'; id: string } {
    const { account, createdBy, idempotencyKey } = request;
    const existing = idempotencyKey === null ? null : this.findByKey(account, createdBy, idempotencyKey);
    if (existing) {
      return { outcome: Buffer.compare(existing.inputHash, request.inputHash) === 0 ? 'EXISTS' : 'KEY_REUSED', id: existing.id };
    }
    if (room && !this.hasRoom(createdBy, room)) return { outcome: 'NO_ROOM', id: request.id };
    const devices = request.devicesJson === null ? null : (JSON.parse(request.devicesJson) as RequestedDevice[]);
    const pk = insertRequest(this.#sql, { ...request, origin: 'GATEWAY', total: devices?.length ?? null });
    this.#sql.insertInput.run(pk, request.devicesJson, request.settings);
    if (request.audit) insertAudit(this.#sql, [request.audit], request.createdAt);
    for (const [position, part] of request.carrierRequests.entries()) {
      this.#sql.insertCarrierRequest.run(
        pk,
        position,
        part.service,
        null,
        'QUEUED',
        part.firstIndex,
        part.deviceCount,
        Number(part.deviceDecides ?? false),
      );
    }
    if (devices) this.changes.nameDevices(pk, devices);
    this.changes.apply(pk, { type: 'CREATED' }, request.createdAt);
    return { outcome: 'CREATED', id: request.id };
  }

  hasRoom(createdBy: string, { ofAll, ofCaller }: QueueRoom): boolean {
    const { all, own } = this.#sql.waiting.get(createdBy) as { all: number; own: number };
    return all < ofAll && own < ofCaller;
  }

  findByKey(account: string, createdBy: string, key: string): { id: string; inputHash: Uint8Array } | null {
    return (this.#sql.requestByKey.get(account, createdBy, key) as { id: string; inputHash: Uint8Array } | undefined) ?? null;
  }

  step(requestId: string, position: number, step: SendingStep): boolean {
    const pk = this.pkOf(requestId);
    if (step.type === 'ACCEPTED' && this.#isOfAnother(step.carrierRequestId, pk, position))
      return this.step(requestId, position, { type: 'UNANSWERED', error: REUSED_ID });
    if (!mayBegin(step, this.changes.state(pk).carrierState(position))) return false;
    const at = this.#options.now();
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
    this.changes.apply(pk, { type: 'STEP', position, step }, at);
    if (carrierRequestId !== null) this.#findCarrier(carrierRequestId);
    return true;
  }

  #isOfAnother(carrierRequestId: string, pk: number, position: number): boolean {
    const owner = findCarrier(this.#sql, carrierRequestId);
    return owner !== null && (owner.pk !== pk || owner.position !== position);
  }

  append(callback: IncomingCallback): AppendResult {
    const { account, receivedAt, digest } = callback;
    const { requestId } = callback.message;
    const carrierRequestId = requestId === null || requestId.length > LONGEST_ID ? null : cleanRequestId(requestId);
    const isLow = this.#options.isLow(callback.json.length);
    const owner = carrierRequestId === null ? null : this.#findCarrier(carrierRequestId);
    if (owner && owner.account !== account) return keepAside(this.#options, callback, 'FOREIGN_REQUEST', isLow);
    if (carrierRequestId === null || !owner) return this.unclaimed.keep(callback, carrierRequestId, isLow);
    if (this.#sql.knownDigest.get(owner.pk, digest)) return 'DUPLICATE';
    // It waits behind those that came before it.
    if (this.unclaimed.isWaiting(carrierRequestId)) return this.unclaimed.keep(callback, carrierRequestId, isLow);
    if (!awaits(owner, callback)) return keepAside(this.#options, callback, 'WRONG_SERVICE', isLow);
    if (!this.changes.isWhole(owner.pk)) return this.#keepBehind(callback, carrierRequestId, owner, isLow);
    if (!this.changes.stateIfReadable(owner.pk)) return keepAside(this.#options, callback, 'DAMAGED_REQUEST', isLow);
    if (owner.origin === 'EXTERNAL') {
      if (isLow) return 'DISK_LOW';
      if (!this.mayAdopt(account)) return 'PATH_FULL';
      this.#reopen(owner, receivedAt);
    }
    const { request } = this.#options.limits;
    const change = { type: 'CALLBACK', position: owner.position, callback } as const;
    const { result } = this.changes.apply(owner.pk, change, receivedAt, isLow ? onlyWhatSettles(request) : request);
    if (result === 'NOT_YET') return this.#keepBehind(callback, carrierRequestId, owner, isLow);
    if (result === 'FULL') return isLow ? 'DISK_LOW' : 'REQUEST_FULL';
    if (result === 'DUPLICATE') return 'DUPLICATE';
    this.#options.forwards.add(callback);
    return 'APPLIED';
  }

  /** It is durable now, and is applied in a few steps: its Request must be brought up to date first. */
  #keepBehind(callback: IncomingCallback, carrierRequestId: string, owner: Owner, isLow: boolean): AppendResult {
    const result = this.unclaimed.keep(callback, carrierRequestId, isLow);
    if (result === 'UNCLAIMED') this.unclaimed.beginAgain(carrierRequestId, owner);
    return result;
  }

  /** Whether the requests of other tools may hold more for an account. */
  mayAdopt(account: string): boolean {
    return hasRoomForExternal(this.#sql, this.#options.limits, account);
  }

  /** Nobody knows how many devices another tool's request has. It was closed because nothing had come for a while. */
  #reopen({ pk, position }: Owner, at: number): void {
    if (this.changes.state(pk).carrierState(position) !== 'CLOSED') return;
    this.#sql.setCarrierState.run('ACCEPTED', pk, position);
    this.changes.apply(pk, { type: 'REOPENED', position }, at);
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
    this.unclaimed.forgetIds([held.id]);
  }

  /** Begins to apply what came for this id before we knew whose it is. The first ones are applied in this job. */
  claim(carrierRequestId: string, owner: Owner): void {
    if (this.unclaimed.begin(carrierRequestId, owner)) this.claimed += this.unclaimed.claim(carrierRequestId, this.#take);
  }

  /** Applies more of them. */
  claimMore(): void {
    const next = this.unclaimed.next();
    if (next !== null) this.claimed += this.unclaimed.claim(next, this.#take);
  }

  readonly #take = (owner: Owner, row: UnclaimedRow): Taken => {
    const { pk, position } = owner;
    if (!this.changes.isWhole(pk) && !this.changes.prepare(pk)) return 'NOT_YET';
    const unclaimed = toUnclaimed(row);
    if (!unclaimed) moveAside(this.#sql, row, 'UNREADABLE');
    if (!unclaimed || this.#sql.knownDigest.get(pk, row.digest)) return 'TAKEN';
    const callback = { ...unclaimed, digest: row.digest };
    if (!awaits(owner, callback)) moveAside(this.#sql, row, 'WRONG_SERVICE');
    else if (!this.changes.stateIfReadable(pk)) moveAside(this.#sql, row, 'DAMAGED_REQUEST');
    else {
      const { result } = this.changes.apply(pk, { type: 'CALLBACK', position, callback }, row.receivedAt);
      if (result === 'NOT_YET') return result;
      if (result === 'FULL') return 'LEFT';
    }
    return 'TAKEN';
  };

  /**
   * Makes a Request for another tool's carrier request, of which we know only the callbacks. Its id has the present time, whatever
   * `at` is: a list goes on by ids when the Request at the end of a page is gone.
   */
  adoptExternal(account: string, carrierRequestId: string, service: string, at: number): string {
    const id = `req_${ulid(this.#options.now())}`;
    const unknown = { operation: null, clientReference: null, idempotencyKey: null, retryOf: null, inputHash: null, total: null };
    const pk = insertRequest(this.#sql, { ...unknown, id, account, createdBy: 'external', origin: 'EXTERNAL', createdAt: at });
    this.#sql.insertInput.run(pk, null, '{}');
    this.#sql.insertCarrierRequest.run(pk, 0, service, null, 'QUEUED', 0, null, 0);
    this.changes.apply(pk, { type: 'CREATED' }, at);
    this.step(id, 0, { type: 'ACCEPTED', carrierRequestId });
    return id;
  }

  /** Removes a purged Request from memory altogether. Another Request may have its primary key one day. */
  forgetPurged(pk: number, requestId: string, carrierRequestIds: readonly string[]): void {
    this.unclaimed.forgetIds(carrierRequestIds.map(cleanRequestId));
    this.changes.forgetPurged(pk);
    this.#pks.delete(requestId);
    for (const id of carrierRequestIds) this.#carriers.delete(cleanRequestId(id));
  }

  /** Finds the owner of an id. When it is found for the first time, it begins to claim what came before. */
  #findCarrier(carrierRequestId: string): Owner | null {
    const cached = this.#carriers.get(carrierRequestId);
    if (cached) return cached;
    const row = findCarrier(this.#sql, carrierRequestId);
    if (!row) return null;
    this.#carriers.set(carrierRequestId, row, 1);
    this.claim(carrierRequestId, row);
    return row;
  }
}
