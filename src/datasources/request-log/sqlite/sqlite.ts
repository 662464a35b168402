import type { DatabaseSync } from 'node:sqlite';
import { GroupCommit, type GroupCommitOptions } from './group-commit.ts';
import type { Hub } from '../hub.ts';
import { indexIdentifiers } from './index-identifiers.ts';
import type { AuditFilter, AuditRecord } from '../audit-trail.ts';
import type { Finding } from '../follow-up-log.ts';
import type { ForwardLane } from '../forward-queue.ts';
import type { DeadLetterFilter, DeadLetter } from '../dead-letter-log.ts';
import { sentBeforeRestore, settleInterrupted, settleRestored, takeEpoch } from './recover.ts';
import type { IncomingCallback, NewRequest, OutcomePage, RequestFilter, RequestLog } from '../request-log.ts';
import type { RequestError, RequestedDevice } from '../stored-request.ts';
import type { SendingStep } from '../sending-steps.ts';
import { settleUnclaimed } from './settle-unclaimed.ts';
import { SqliteAudit, type OnAuditFailed } from './sqlite-audit.ts';
import { SqliteApiKeys } from './sqlite-api-keys.ts';
import { SealedWith } from './sealing/sealed-with.ts';
import { openSqlite, describeUnusable } from './sqlite-open.ts';
import { SqliteFollowUp } from './sqlite-follow-up.ts';
import { SqliteForward } from './sqlite-forward.ts';
import { keepDeadLetter, readDeadLetters, readDeadLettersById } from './sqlite-dead-letters.ts';
import { SqliteReader } from './sqlite-reader.ts';
import { SqliteReseal } from './sealing/sqlite-reseal.ts';
import { prepareStatements, type Statements } from './sqlite-statements.ts';
import { SqliteUpkeep } from './sqlite-upkeep.ts';
import { SqliteWriter } from './sqlite-writer.ts';
import { Vault } from './sealing/vault.ts';

export interface SqliteRequestLogOptions {
  /** The database file; its folder is made when missing. `:memory:` keeps nothing. */
  readonly path: string;
  /** Of 32 bytes each: messages and inputs are sealed with the first, and opened with all. None by default: they lie as they came. */
  readonly keys?: readonly Uint8Array[];
  readonly hub: Hub;
  readonly now: () => number;
  readonly onCommit?: (jobs: number, seconds: number) => void;
  /** Told of what has happened and could not be written to the audit log; without it `recordAudit` rejects. */
  readonly onAuditFailed?: OnAuditFailed;
  readonly onFatal: GroupCommitOptions['onFatal'];
}

/**
 * The request log in one file of this process: node:sqlite, WAL, fsync before every answer, one writer. Writes are jobs of a
 * group commit; reads see what is committed, because no transaction is open between two turns of the event loop.
 */
export class SqliteRequestLog implements RequestLog {
  readonly epoch: string;
  readonly upkeep: SqliteUpkeep;
  readonly apiKeys: SqliteApiKeys;
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #now: () => number;
  readonly #commits: GroupCommit;
  readonly #audit: SqliteAudit;
  readonly #writer: SqliteWriter;
  readonly #reader: SqliteReader;
  readonly #followUp: SqliteFollowUp;
  readonly #forwards: SqliteForward;
  #changed: string[] = [];
  /** Unclaimed callbacks are looked at in turns. */
  #unclaimedFrom = 0;

  constructor({ path, keys = [], hub, now, onCommit, onAuditFailed, onFatal }: SqliteRequestLogOptions) {
    this.#db = openSqlite(path);
    this.#now = now;
    const vault = new Vault(keys);
    let sealedWith: SealedWith;
    try {
      this.#sql = prepareStatements(this.#db, vault);
      sealedWith = new SealedWith(this.#sql, vault, path);
      this.epoch = takeEpoch(this.#sql);
      this.#forwards = new SqliteForward(this.#sql);
    } catch (cause) {
      this.#db.close();
      throw describeUnusable(path, cause);
    }
    this.#writer = new SqliteWriter(this.#sql, this.#forwards, now, (requestId) => hub.isFollowed(requestId));
    this.#reader = new SqliteReader(this.#db, this.#sql, this.#writer);
    this.#followUp = new SqliteFollowUp(this.#sql, this.#writer, now);
    this.#commits = new GroupCommit(this.#db, {
      maxBatch: 256,
      beforeCommit: () => {
        this.#changed = this.#writer.finish();
        sealedWith.finish();
      },
      afterCommit: (jobs, seconds, synced) => {
        if (synced) onCommit?.(jobs, seconds);
        sealedWith.afterCommit();
        for (const topic of [...this.#changed.splice(0), ...this.#forwards.afterCommit()]) hub.wake(topic);
      },
      onRollback: () => {
        this.#writer.rollback();
        this.#forwards.rollback();
        sealedWith.rollback();
        this.#changed = [];
      },
      onFatal,
    });
    this.apiKeys = new SqliteApiKeys(this.#db, this.#commits);
    this.#audit = new SqliteAudit(this.#sql, this.#commits, { now, onFailed: onAuditFailed });
    this.upkeep = new SqliteUpkeep({
      db: this.#db,
      sql: this.#sql,
      writer: this.#writer,
      reseal: new SqliteReseal(this.#db, this.#sql, vault, sealedWith),
      run: (job) => this.#commits.run(job),
      outside: (work) => this.#commits.read(work),
      hub,
      path,
      epoch: this.epoch,
      now,
      forwardBacklog: () => this.#forwards.backlog().rows,
    });
  }

  create(request: NewRequest) {
    return this.#commits.run(() => this.#writer.create(request));
  }

  findByKey(account: string, createdBy: string, key: string) {
    return this.#commits.read(() => this.#writer.byKey(account, createdBy, key));
  }

  step(requestId: string, position: number, step: SendingStep) {
    return this.#commits.run(() => this.#writer.step(requestId, position, step));
  }

  append(callback: IncomingCallback) {
    return this.#commits.run(() => this.#writer.append(callback));
  }

  keep(message: DeadLetter, capPerReason: number) {
    return this.#commits.run(() => keepDeadLetter(this.#sql, this.#forwards, message, capPerReason));
  }

  deadLetters(filter: DeadLetterFilter, after: string | null, limit: number) {
    return this.#commits.read(() => readDeadLetters(this.#sql, filter, after, limit));
  }

  deadLettersById(ids: readonly string[], accounts: readonly string[] | null) {
    return this.#commits.read(() => readDeadLettersById(this.#sql, ids, accounts));
  }

  discardDeadLetter(id: string) {
    return this.#commits.run(() => void this.#sql.deleteDeadLetter.run(Number(id)));
  }

  forwardLanes() {
    return this.#commits.read(() => this.#forwards.lanes());
  }

  forwards(lane: ForwardLane, limit: number) {
    return this.#commits.read(() => this.#forwards.waiting(lane, limit));
  }

  discardForwards(lane: ForwardLane, ids: readonly string[]) {
    return this.#commits.runUnsynced(() => this.#forwards.discard(lane, ids));
  }

  forwardBacklog() {
    return this.#commits.read(() => this.#forwards.backlog());
  }

  recordAudit(records: readonly AuditRecord[]) {
    return this.#audit.record(records);
  }

  auditEntries(filter: AuditFilter, before: string | null, limit: number) {
    return this.#audit.entries(filter, before, limit);
  }

  cancelQueued(requestId: string, error: RequestError) {
    return this.#commits.run(() => this.#followUp.cancelQueued(requestId, error));
  }

  resolveUnknown(requestId: string, position: number, carrierRequestId: string | null) {
    return this.#commits.run(() => this.#followUp.resolveUnknown(requestId, position, carrierRequestId));
  }

  setMembers(requestId: string, devices: readonly RequestedDevice[]) {
    return this.#commits.run(() => this.#followUp.setMembers(requestId, devices));
  }

  lapse(requestId: string, position: number, into: 'OVERDUE' | 'EXPIRED', limit: number) {
    return this.#commits.run(() => this.#followUp.lapse(requestId, position, into, limit));
  }

  reconcile(findings: readonly Finding[]) {
    return this.#commits.run(() => this.#followUp.reconcile(findings));
  }

  due(before: number) {
    return this.#commits.read(() => this.#followUp.due(before));
  }

  silentDevices(requestId: string, position: number) {
    return this.#commits.read(() => this.#followUp.silentDevices(requestId, position));
  }

  retriesOf(requestIds: readonly string[]) {
    return this.#commits.read(() => this.#followUp.retriesOf(requestIds));
  }

  settleUnclaimed(before: number) {
    return this.#commits.run(() => {
      const { next, ...settled } = settleUnclaimed(this.#sql, this.#writer, before, this.#unclaimedFrom);
      this.#unclaimedFrom = next;
      return settled;
    });
  }

  async recover() {
    await this.#commits.run(() => settleInterrupted(this.#sql, this.#writer));
    while (await this.#commits.run(() => settleRestored(this.#sql, this.#writer, this.#now())));
    return this.#commits.read(() => (this.#sql.queuedRequests.all() as { id: string }[]).map(({ id }) => id));
  }

  requests(ids: readonly string[]) {
    return this.#commits.read(() => this.#reader.requests(ids));
  }

  findByCarrierRequestId(carrierRequestId: string) {
    return this.#commits.read(() => this.#reader.requestByCarrierId(carrierRequestId));
  }

  carrierRequests(requestIds: readonly string[]) {
    return this.#commits.read(() => this.#reader.carrierRequests(requestIds));
  }

  async list(filter: RequestFilter, after: string | null, limit: number) {
    if (filter.deviceKeys) while (await this.indexIdentifiers());
    return this.#commits.read(() => this.#reader.list(filter, after, limit));
  }

  outcomePages(wanted: readonly OutcomePage[], work?: number) {
    return this.#commits.read(() => this.#reader.outcomePages(wanted, work));
  }

  outcomesById(ids: readonly string[]) {
    return this.#commits.read(() => this.#reader.outcomesById(ids));
  }

  unclaimed(accounts: readonly string[] | null, after: string | null, limit: number) {
    return this.#commits.read(() => this.#reader.unclaimed(accounts, after, limit));
  }

  sendable(requestId: string) {
    return this.#commits.read(() => this.#reader.sendable(requestId));
  }

  read(requestId: string, afterSeq: number, limit: number) {
    return this.#commits.read(() => this.#reader.read(this.#writer.pkOf(requestId), requestId, afterSeq, limit));
  }

  sentSince(operation: string, since: number) {
    return this.#commits.read(() =>
      [...sentBeforeRestore(this.#sql, since), ...this.#reader.sentSince(operation, since)].toSorted((a, b) => a - b),
    );
  }

  niddOutstanding(requestId: string) {
    return this.#commits.read(() => this.#reader.niddOutstanding(this.#writer.pkOf(requestId)));
  }

  remember(key: string, value: string | null) {
    return this.#commits.run(() => this.#writer.remember(key, value));
  }

  recall(key: string): Promise<string | null> {
    return this.#commits.read(() => (this.#sql.fact.get(key) as { value: string } | undefined)?.value ?? null);
  }

  probe() {
    return this.remember('probe', String(this.#now()));
  }

  counts() {
    return this.#commits.read(() => this.#reader.counts());
  }

  /** Brings the identifier table a bounded step nearer to the log; false when there is nothing left to do. */
  indexIdentifiers(): Promise<boolean> {
    return this.#commits.run(() => indexIdentifiers(this.#sql, this.#writer));
  }

  /** Statements that reads have run so far: what a test of the loaders counts. */
  get statementsRead(): number {
    return this.#reader.statements;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A backup reads from another thread: it has ended before the file is closed.
    await this.upkeep[Symbol.asyncDispose]();
    this.#commits.close();
    if (this.#db.isOpen) this.#db.close();
  }
}
