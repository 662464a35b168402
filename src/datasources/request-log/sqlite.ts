import { createHash, randomUUID } from 'node:crypto';
import type { DatabaseSync } from 'node:sqlite';
import { ulid } from 'ulid';
import { BoundedCache } from './bounded-cache.ts';
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts';
import type { Hub } from './hub.ts';
import { THIS_ROW } from './log-event.ts';
import * as log from './request-log.ts';
import { RequestState } from './request-state.ts';
import { openSqlite } from './sqlite-open.ts';
import { SqliteReader } from './sqlite-reader.ts';
import { prepareStatements, type Statements } from './sqlite-statements.ts';
import { toLogEvent, toUnclaimed, type EventRow, type UnclaimedRow } from './sqlite-rows.ts';
import { transition, type Change } from './transition.ts';

export interface SqliteRequestLogOptions {
  /** The database file; its folder is made when missing. `:memory:` keeps nothing. */
  readonly path: string;
  readonly hub: Hub;
  readonly now: () => number;
  readonly onCommit?: GroupCommitOptions['afterCommit'];
  readonly onFatal: GroupCommitOptions['onFatal'];
}

/** Devices whose matching state stays in memory, over all Requests; about 300 bytes each. */
const CACHED_DEVICES = 1_000_000;

/** The request log in one file of this process: node:sqlite, WAL, fsync before every answer, one writer. */
export class SqliteRequestLog implements log.RequestLog {
  readonly epoch: string;
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #hub: Hub;
  readonly #now: () => number;
  readonly #commits: GroupCommit;
  readonly #reader: SqliteReader;
  readonly #states = new BoundedCache<number, RequestState>(CACHED_DEVICES);
  readonly #carriers = new BoundedCache<string, { pk: number; position: number; account: string }>(100_000);
  /** Requests written to in the open transaction, by pk. */
  readonly #touched = new Map<number, { state: RequestState; id: string; at: number }>();
  #wake: string[] = [];

  constructor(options: SqliteRequestLogOptions) {
    this.#db = openSqlite(options.path);
    this.#sql = prepareStatements(this.#db);
    this.#hub = options.hub;
    this.#now = options.now;
    this.epoch = this.#ownEpoch();
    this.#reader = new SqliteReader(this.#db, this.#sql, (pk) => this.#state(pk));
    this.#commits = new GroupCommit(this.#db, {
      maxBatch: 256,
      beforeCommit: () => this.#writeTouched(),
      afterCommit: (jobs, seconds) => {
        options.onCommit?.(jobs, seconds);
        for (const id of this.#wake.splice(0)) this.#hub.wake(id);
      },
      onRollback: () => this.#forgetTouched(),
      onFatal: options.onFatal,
    });
  }

  create(request: log.NewRequest): ReturnType<log.RequestLog['create']> {
    const devices = request.devices && JSON.stringify(request.devices);
    return this.#commits.run(() => {
      const { account, createdBy, idempotencyKey } = request;
      const existing = idempotencyKey === null ? null : this.#byKey(account, createdBy, idempotencyKey);
      if (existing) {
        return { outcome: Buffer.compare(existing.inputHash, request.inputHash) === 0 ? 'EXISTS' : 'KEY_REUSED', id: existing.id } as const;
      }
      const pk = this.#insertRequest({ ...request, origin: 'GATEWAY', total: request.devices?.length ?? null });
      this.#sql.insertInput.run(pk, devices, request.settings);
      for (const [position, part] of request.carrierRequests.entries()) {
        this.#sql.insertCarrierRequest.run(pk, position, part.service, null, 'QUEUED', part.firstIndex, part.deviceCount);
      }
      const state = new RequestState(request.devices, request.carrierRequests);
      this.#states.set(pk, state, state.outcomes.length + 1);
      this.#change(pk, { type: 'CREATED' }, request.createdAt);
      return { outcome: 'CREATED', id: request.id } as const;
    });
  }

  findByKey(account: string, createdBy: string, key: string): ReturnType<log.RequestLog['findByKey']> {
    return Promise.resolve(this.#byKey(account, createdBy, key));
  }

  step(requestId: string, position: number, step: log.SendingStep): Promise<void> {
    return this.#commits.run(() => {
      const pk = this.#pkOf(requestId);
      const at = this.#now();
      const carrierRequestId = step.type === 'ACCEPTED' ? step.carrierRequestId : null;
      const error = 'error' in step ? JSON.stringify(step.error) : null;
      this.#sql.updateCarrierRequest.run(
        CARRIER_STATE[step.type],
        carrierRequestId,
        step.type === 'SENDING' ? 1 : 0,
        step.type === 'SENDING' ? at : null,
        step.type === 'SENDING' || step.type === 'REQUEUED' ? null : at,
        error,
        pk,
        position,
      );
      this.#sql.setRequestError.run(error, pk);
      this.#change(pk, { type: 'STEP', position, step }, at);
      if (carrierRequestId !== null) this.#claim(pk, position, carrierRequestId);
    });
  }

  append(callback: log.IncomingCallback): Promise<log.AppendResult> {
    return this.#commits.run(() => this.#append(callback));
  }

  keep(message: log.KeptMessage, capPerReason: number): Promise<boolean> {
    const digest = createHash('sha256').update(message.body).digest();
    return this.#commits.run(() => {
      const kept = this.#sql.countKept.get(message.reason) as { rows: number };
      if (kept.rows >= capPerReason) return false;
      const { account, service, receivedAt, reason, contentType, body } = message;
      this.#sql.insertKept.run(account, service, receivedAt, reason, contentType, digest, body);
      return true;
    });
  }

  adoptUnclaimed(before: number): Promise<readonly string[]> {
    return this.#commits.run(() => {
      const groups = this.#sql.adoptable.all(before) as {
        account: string;
        carrier_request_id: string;
        service: string;
        first_at: number;
      }[];
      return groups.map((group) => this.#adopt(group.account, group.carrier_request_id, group.service, group.first_at));
    });
  }

  recover(): Promise<readonly string[]> {
    return this.#commits.run(() => {
      const sending = this.#sql.sendingCarriers.all() as { request_pk: number; position: number }[];
      const error = {
        code: 'UNANSWERED',
        message: 'The gateway stopped while this was on its way to the carrier: nobody knows whether it arrived. It is not sent again.',
      };
      for (const { request_pk: pk, position } of sending) {
        this.#sql.updateCarrierRequest.run('UNKNOWN', null, 0, null, this.#now(), JSON.stringify(error), pk, position);
        this.#sql.setRequestError.run(JSON.stringify(error), pk);
        this.#change(pk, { type: 'STEP', position, step: { type: 'UNANSWERED', error } }, this.#now());
      }
      return (this.#sql.queuedRequests.all() as { id: string }[]).map(({ id }) => id);
    });
  }

  requests(ids: readonly string[]) {
    return Promise.resolve(this.#reader.requests(ids));
  }

  findByCarrierRequestId(carrierRequestId: string) {
    return Promise.resolve(this.#reader.requestByCarrierId(carrierRequestId));
  }

  carrierRequests(requestIds: readonly string[]) {
    return Promise.resolve(this.#reader.carrierRequests(requestIds));
  }

  async list(filter: log.RequestFilter, after: string | null, limit: number) {
    if (filter.deviceKeys) while (await this.indexIdentifiers());
    return this.#reader.list(filter, after, limit);
  }

  outcomePages(wanted: readonly log.OutcomePage[]) {
    return Promise.resolve(this.#reader.outcomePages(wanted));
  }

  outcomesById(ids: readonly string[]) {
    return Promise.resolve(this.#reader.outcomesById(ids));
  }

  unclaimed(accounts: readonly string[] | null, after: string | null, limit: number) {
    return Promise.resolve(this.#reader.unclaimed(accounts, after, limit));
  }

  sendable(requestId: string) {
    return Promise.resolve(this.#reader.sendable(requestId));
  }

  read(requestId: string, afterSeq: number, limit: number) {
    return Promise.resolve(this.#reader.read(this.#pkOf(requestId), requestId, afterSeq, limit));
  }

  niddOutstanding(requestId: string): Promise<number> {
    return Promise.resolve(this.#reader.niddOutstanding(this.#pkOf(requestId)));
  }

  remember(key: string, value: string | null): Promise<void> {
    return this.#commits.run(() => void (value === null ? this.#sql.deleteFact.run(key) : this.#sql.setFact.run(key, value)));
  }

  recall(key: string): Promise<string | null> {
    const row = this.#sql.fact.get(key) as { value: string } | undefined;
    return Promise.resolve(row?.value ?? null);
  }

  probe(): Promise<void> {
    return this.remember('probe', String(this.#now()));
  }

  counts(): Promise<log.LogCounts> {
    return Promise.resolve(this.#reader.counts());
  }

  /** Statements that reads have run so far: what a test of the loaders counts. */
  get statementsRead(): number {
    return this.#reader.statements;
  }

  /**
   * Brings the identifier table up to date with the log, a bounded step at a time (it is never in the way of a callback).
   *
   * @returns false when there is nothing left to do.
   */
  indexIdentifiers(): Promise<boolean> {
    return this.#commits.run(() => {
      const [row] = this.#sql.requestsToIndex.all(1) as { pk: number; indexed_seq: number; last_seq: number }[];
      if (!row) return false;
      const state = this.#state(row.pk);
      const keys = new Set<string>();
      for (const outcome of state.outcomes) {
        if (row.indexed_seq < 0 || outcome.lastSeq > row.indexed_seq) for (const key of outcome.keys) keys.add(key);
      }
      this.#sql.insertIdentifiers.run(JSON.stringify([...keys]), row.pk);
      this.#sql.setIndexed.run(row.last_seq, row.pk);
      return true;
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#commits.close();
    if (this.#db.isOpen) this.#db.close();
  }

  #append(callback: log.IncomingCallback): log.AppendResult {
    const carrierRequestId = callback.message.requestId;
    const owner = carrierRequestId === null ? null : this.#carrier(carrierRequestId);
    if (owner && owner.account !== callback.account) {
      const { account, service, receivedAt, digest, json } = callback;
      this.#sql.insertKept.run(account, service, receivedAt, 'FOREIGN_REQUEST', null, digest, Buffer.from(json));
      return 'FOREIGN';
    }
    if (!owner) {
      const { account, service, receivedAt, callbackCount, digest, json } = callback;
      const { changes } = this.#sql.insertUnclaimed.run(account, service, carrierRequestId, receivedAt, callbackCount, digest, json);
      return changes === 0 ? 'DUPLICATE' : 'UNCLAIMED';
    }
    if (this.#sql.knownDigest.get(owner.pk, callback.digest)) return 'DUPLICATE';
    this.#change(owner.pk, { type: 'CALLBACK', position: owner.position, callback }, callback.receivedAt);
    return 'APPLIED';
  }

  /** What came for this id before we knew it was ours, in the order it came. */
  #claim(pk: number, position: number, carrierRequestId: string): void {
    const account = this.#accountOf(pk);
    for (const row of this.#sql.unclaimedOf.all(carrierRequestId, account) as UnclaimedRow[]) {
      const unclaimed = toUnclaimed(row);
      if (!unclaimed || this.#sql.knownDigest.get(pk, row.digest)) continue;
      const callback = { ...unclaimed, json: row.message, digest: row.digest };
      this.#change(pk, { type: 'CALLBACK', position, callback }, row.received_at);
    }
    this.#sql.deleteUnclaimed.run(carrierRequestId, account);
  }

  #adopt(account: string, carrierRequestId: string, service: string, at: number): string {
    const id = `req_${ulid(at)}`;
    const pk = this.#insertRequest({
      id,
      account,
      operation: null,
      createdBy: 'external',
      clientReference: null,
      idempotencyKey: null,
      inputHash: null,
      origin: 'EXTERNAL',
      total: null,
      createdAt: at,
    });
    this.#sql.insertInput.run(pk, null, '{}');
    this.#sql.insertCarrierRequest.run(pk, 0, service, carrierRequestId, 'QUEUED', 0, null);
    this.#change(pk, { type: 'CREATED' }, at);
    this.#sql.updateCarrierRequest.run('ACCEPTED', null, 0, null, at, null, pk, 0);
    this.#change(pk, { type: 'STEP', position: 0, step: { type: 'ACCEPTED', carrierRequestId } }, at);
    this.#claim(pk, 0, carrierRequestId);
    return id;
  }

  #insertRequest(
    row: Omit<log.NewRequest, 'devices' | 'settings' | 'carrierRequests' | 'operation' | 'inputHash'> & {
      operation: string | null;
      inputHash: Uint8Array | null;
      origin: log.RequestOrigin;
      total: number | null;
    },
  ): number {
    const { lastInsertRowid } = this.#sql.insertRequest.run(
      row.id,
      row.account,
      row.origin,
      row.operation,
      row.createdBy,
      row.clientReference,
      row.idempotencyKey,
      row.inputHash,
      row.total,
      row.createdAt,
      row.createdAt,
    );
    return Number(lastInsertRowid);
  }

  /** Every write to a Request's log goes through here: decide, fold, insert. Its row follows once per transaction. */
  #change(pk: number, change: Change, at: number): void {
    const state = this.#state(pk);
    for (const event of transition(state, change)) {
      const { outcome, callback } = event;
      this.#sql.insertEvent.run(
        pk,
        event.seq,
        at,
        event.kind,
        event.position,
        outcome?.index ?? null,
        outcome?.status ?? null,
        outcome?.source ?? null,
        place(outcome?.finalSeq, event.seq),
        place(outcome?.niddSeq, event.seq),
        outcome?.contradicted ? 1 : 0,
        event.ties,
        event.status,
        `[${event.counts.join(',')}]`,
        callback?.service ?? null,
        callback?.callbackCount ?? null,
        callback?.digest ?? null,
        callback?.json ?? null,
      );
    }
    const touched = this.#touched.get(pk);
    if (touched) touched.at = Math.max(touched.at, at);
    else this.#touched.set(pk, { state, id: this.#reader.idOf(pk), at });
  }

  #writeTouched(): void {
    for (const [pk, { state, id, at }] of this.#touched) {
      const terminal = log.isTerminal(state.status);
      this.#sql.updateRequest.run(state.status, `[${log.countsOf(state.counts).join(',')}]`, state.lastSeq, at, terminal ? 1 : 0, at, pk);
      this.#wake.push(id);
    }
    this.#touched.clear();
  }

  #forgetTouched(): void {
    for (const pk of this.#touched.keys()) this.#states.delete(pk);
    this.#touched.clear();
    this.#wake = [];
  }

  /** The fold of a Request's log, from memory or from its rows. */
  #state(pk: number): RequestState {
    const cached = this.#states.get(pk);
    if (cached) return cached;
    const input = this.#sql.inputOf.get(pk) as { devices: string | null };
    const carriers = this.#sql.carriersOf.all(pk) as { first_index: number; device_count: number | null }[];
    const state = new RequestState(
      input.devices === null ? null : (JSON.parse(input.devices) as log.RequestedDevice[]),
      carriers.map(({ first_index, device_count }) => ({ firstIndex: first_index, deviceCount: device_count })),
    );
    for (const row of this.#sql.eventsAfter.iterate(pk, 0, -1)) state.apply(toLogEvent(row as EventRow));
    this.#states.set(pk, state, state.outcomes.length + 1);
    return state;
  }

  #carrier(carrierRequestId: string): { pk: number; position: number; account: string } | null {
    const cached = this.#carriers.get(carrierRequestId);
    if (cached) return cached;
    const row = this.#sql.carrierById.get(carrierRequestId) as { request_pk: number; position: number; account: string } | undefined;
    if (!row) return null;
    const found = { pk: row.request_pk, position: row.position, account: row.account };
    this.#carriers.set(carrierRequestId, found, 1);
    return found;
  }

  #byKey(account: string, createdBy: string, key: string): { id: string; inputHash: Uint8Array } | null {
    const row = this.#sql.requestByKey.get(account, createdBy, key) as { id: string; input_hash: Uint8Array } | undefined;
    return row ? { id: row.id, inputHash: row.input_hash } : null;
  }

  #pkOf(requestId: string): number {
    const row = this.#sql.pkOfRequest.get(requestId) as { pk: number } | undefined;
    if (!row) throw new RangeError(`no request ${requestId}`);
    return row.pk;
  }

  #accountOf(pk: number): string {
    return (this.#sql.requestByPk.get(pk) as { account: string }).account;
  }

  #ownEpoch(): string {
    const known = this.#sql.fact.get('epoch') as { value: string } | undefined;
    if (known) return known.value;
    const epoch = randomUUID().slice(0, 8);
    this.#sql.setFact.run('epoch', epoch);
    return epoch;
  }
}

const CARRIER_STATE: Record<log.SendingStep['type'], log.CarrierRequestState> = {
  SENDING: 'SENDING',
  ACCEPTED: 'ACCEPTED',
  REFUSED: 'REFUSED',
  UNANSWERED: 'UNKNOWN',
  REQUEUED: 'QUEUED',
};

function place(seq: number | undefined, own: number): number {
  return seq === undefined ? 0 : seq === THIS_ROW ? own : seq;
}
