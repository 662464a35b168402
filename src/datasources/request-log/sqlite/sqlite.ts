import type { DatabaseSync } from 'node:sqlite';
import { GroupCommit } from './group-commit.ts';
import { indexIdentifiers } from './index-identifiers.ts';
import type { AuditRecord } from '../audit-trail.ts';
import { listSentBeforeRestore, settleInterrupted, settleRestored, takeEpoch } from './recover.ts';
import type { GatewayError } from '../../../errors.ts';
import { LOG_LIMITS } from '../log-limits.ts';
import type { NewRequest, RequestFilter, RequestLog } from '../request-log.ts';
import { DiskRoom, makeRoomToOpen, requireRoom } from './disk-room.ts';
import type { NextTurn } from '../stored-request.ts';
import { settleUnclaimed } from './settle-unclaimed.ts';
import { numberIn } from '../numbered-id.ts';
import { insertAudit, readAudit, readAuditById } from './sqlite-audit.ts';
import { SqliteApiKeys } from './sqlite-api-keys.ts';
import { SealedWith } from './sealing/sealed-with.ts';
import { describeUnusable } from './sqlite-error.ts';
import { openSqlite, readPragma } from './sqlite-open.ts';
import { SqliteFollowUp } from './sqlite-follow-up.ts';
import { SqliteForward } from './sqlite-forward.ts';
import { keepDeadLetter, readDeadLetters, readDeadLettersById, type DeadLetterParts } from './sqlite-dead-letters.ts';
import type { SqliteRequestLogOptions } from './sqlite-options.ts';
import { RequestWork } from './request-work.ts';
import { SqliteReader } from './sqlite-reader.ts';
import { SqliteReseal } from './sealing/sqlite-reseal.ts';
import { prepareStatements, readFact, type Statements } from './sqlite-statements.ts';
import { readUnclaimed, readUnclaimedById } from './sqlite-unclaimed.ts';
import { SqliteUpkeep } from './sqlite-upkeep.ts';
import { SqliteWriter } from './sqlite-writer.ts';
import { Vault } from './sealing/vault.ts';
import { listRequests } from './list-requests.ts';
import { KeyWalker } from './walk-keys.ts';
import { LogKeeper } from './write-ahead-log/log-keeper.ts';

/**
 * The request log in one file of this process: node:sqlite, WAL, fsync before every answer, one writer. Writes are jobs of a
 * group commit. Reads see only what is committed, because no transaction is open between two turns of the event loop.
 */
export class SqliteRequestLog implements RequestLog {
  readonly epoch: string;
  /** There was no store at the path: this one was made now, and is empty. */
  readonly isNew: boolean;
  readonly upkeep: SqliteUpkeep;
  readonly apiKeys: SqliteApiKeys;
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #now: () => number;
  readonly #onAuditFailed: SqliteRequestLogOptions['onAuditFailed'];
  readonly #commits: GroupCommit;
  readonly #keeper: LogKeeper | null;
  readonly #writer: SqliteWriter;
  readonly #work: RequestWork;
  readonly #reader: SqliteReader;
  readonly #walker: KeyWalker;
  readonly #followUp: SqliteFollowUp;
  readonly #forwards: SqliteForward;
  readonly #disk: DiskRoom;
  readonly #keeping: DeadLetterParts;
  #changed: string[] = [];
  /** Where the next look at the unclaimed callbacks begins. */
  #unclaimedFrom = 0;

  constructor(options: SqliteRequestLogOptions) {
    const { path, keys = [], hub, now, onCommit, onAuditFailed, onFatal } = options;
    const limits = { ...LOG_LIMITS, ...options.limits };
    makeRoomToOpen(path);
    const { db, files } = openSqlite(path);
    this.#db = db;
    this.isNew = files?.isNew ?? true;
    this.#now = now;
    this.#onAuditFailed = onAuditFailed;
    const vault = new Vault(keys);
    let sealedWith: SealedWith;
    try {
      this.#sql = prepareStatements(this.#db, vault);
      sealedWith = new SealedWith(this.#sql, vault, path);
      this.epoch = takeEpoch(this.#sql);
      this.#forwards = new SqliteForward(this.#sql, limits, options.onNoRoomToForward ?? (() => undefined));
      this.#keeper = files && new LogKeeper(db, path, files.realPath);
    } catch (cause) {
      this.#db.close();
      throw describeUnusable(path, cause);
    }
    this.#disk = new DiskRoom({
      path,
      floorBytes: options.diskFloorBytes ?? null,
      reusableBytes: () => Number(readPragma(this.#db, 'freelist_count')) * Number(readPragma(this.#db, 'page_size')),
      onSample: (state) => {
        // Its write-ahead log may hold more than the disk has left.
        if (state.isLow) this.upkeep.emptyWal().catch(() => undefined);
        options.onDisk?.(state);
      },
    });
    this.#keeping = { sql: this.#sql, forwards: this.#forwards, limits };
    this.#writer = new SqliteWriter({
      ...this.#keeping,
      now,
      isFollowed: (requestId) => hub.isFollowed(requestId),
      isLow: (bytes) => this.#disk.isLowAfter(bytes),
    });
    this.#reader = new SqliteReader(this.#sql, this.#writer.changes);
    this.#walker = new KeyWalker(this.#db, (work) => this.#commits.read(work));
    this.#followUp = new SqliteFollowUp(this.#sql, this.#writer, now);
    this.#commits = new GroupCommit(this.#db, {
      beforeCommit: () => {
        this.#changed = this.#writer.finish();
        sealedWith.finish();
      },
      afterCommit: (jobs, seconds, synced) => {
        if (synced) onCommit?.(jobs, seconds);
        sealedWith.afterCommit();
        this.#commits.maintain(() => this.#keeper?.afterCommit(synced));
        for (const topic of [...this.#changed.splice(0), ...this.#forwards.afterCommit()]) hub.wake(topic);
        this.#work.goOn();
      },
      onRollback: () => {
        this.#writer.rollback();
        this.#forwards.rollback();
        sealedWith.rollback();
        this.#disk.sample();
        this.#commits.maintain(() => this.#keeper?.afterRollback());
        this.#changed = [];
      },
      onFatal,
    });
    this.#work = new RequestWork(this.#sql, this.#writer, this.#commits);
    this.apiKeys = new SqliteApiKeys(this.#db, this.#commits, () => this.#keeper?.move());
    this.upkeep = new SqliteUpkeep({
      db: this.#db,
      sql: this.#sql,
      writer: this.#writer,
      commits: this.#commits,
      reseal: new SqliteReseal(this.#db, this.#sql, vault, sealedWith),
      forwards: this.#forwards,
      disk: this.#disk,
      hub,
      keeper: this.#keeper,
      path,
      epoch: this.epoch,
      now,
    });
  }

  // Each method is one job of the group commit, or one read. `RequestLog` says what it promises.

  step: RequestLog['step'] = (requestId, position, step) =>
    this.#work.settling(this.#work.change(requestId, () => this.#writer.step(requestId, position, step)));
  append: RequestLog['append'] = (callback) => this.#commits.run(() => this.#writer.append(callback));
  remember: RequestLog['remember'] = (key, value) => this.#commits.run(() => this.#writer.remember(key, value));
  cancelQueued: RequestLog['cancelQueued'] = (requestId, error) =>
    this.#work.settling(this.#work.change(requestId, () => this.#followUp.cancelQueued(requestId, error)));
  resolveUnknown: RequestLog['resolveUnknown'] = (requestId, position, carrierRequestId) =>
    this.#work.settling(this.#work.change(requestId, () => this.#followUp.resolveUnknown(requestId, position, carrierRequestId)));
  setMembers: RequestLog['setMembers'] = (requestId, devices) =>
    this.#work.change(requestId, () => this.#followUp.setMembers(requestId, devices)).then(() => this.#work.prepare(requestId));
  lapse: RequestLog['lapse'] = (requestId, position, into, options) =>
    this.#work.change(requestId, () => this.#followUp.lapse(requestId, position, into, options));
  reconcile: RequestLog['reconcile'] = (findings) => this.#work.find(findings, (rest) => this.#followUp.reconcile(rest));
  learn: RequestLog['learn'] = (findings) => this.#work.find(findings, (rest) => this.#followUp.learn(rest));
  keep: RequestLog['keep'] = (message, most = Infinity) =>
    this.#commits.run(() => keepDeadLetter(this.#keeping, message, most, this.#disk.isLowAfter(message.body.byteLength)));
  discardDeadLetter: RequestLog['discardDeadLetter'] = (id) =>
    this.#commits.run(() => void this.#sql.deleteDeadLetter.run(numberIn('dead', id)));
  discardForwards: RequestLog['discardForwards'] = (lane, ids) => this.#commits.runUnsynced(() => this.#forwards.discard(lane, ids));

  findByKey: RequestLog['findByKey'] = (account, createdBy, key) =>
    this.#commits.read(() => this.#writer.findByKey(account, createdBy, key));
  requests: RequestLog['requests'] = (ids) => this.#commits.read(() => this.#reader.requests(ids));
  findByCarrierRequestId: RequestLog['findByCarrierRequestId'] = (carrierRequestId) =>
    this.#commits.read(() => this.#reader.requestByCarrierId(carrierRequestId));
  carrierRequests: RequestLog['carrierRequests'] = (requestIds) => this.#commits.read(() => this.#reader.carrierRequests(requestIds));
  outcomePages: RequestLog['outcomePages'] = (wanted, work) => this.#commits.read(() => this.#reader.outcomePages(wanted, work));
  prepare: RequestLog['prepare'] = (requestId, of, limit) => this.#commits.read(() => this.#reader.prepare(requestId, of, limit));
  devices: RequestLog['devices'] = (requestId, statuses) => this.#commits.read(() => this.#reader.devices(requestId, statuses));
  outcomesById: RequestLog['outcomesById'] = (ids) => this.#commits.read(() => this.#reader.outcomesById(ids));
  unclaimed: RequestLog['unclaimed'] = (accounts, after, limit, nextTurn) =>
    readUnclaimed(this.#sql, this.#walker, { accounts, after, limit, nextTurn });
  unclaimedById: RequestLog['unclaimedById'] = (ids, accounts) => this.#commits.read(() => readUnclaimedById(this.#sql, ids, accounts));
  steps: RequestLog['steps'] = (requestId, afterSeq, limit) => this.#commits.read(() => this.#reader.steps(requestId, afterSeq, limit));
  settings: RequestLog['settings'] = (requestIds) => this.#commits.read(() => this.#reader.settings(requestIds));
  sendable: RequestLog['sendable'] = (requestId) => this.#commits.read(() => this.#reader.sendable(requestId));
  read: RequestLog['read'] = (requestId, afterSeq, limit) =>
    this.#commits.read(() => this.#reader.read(this.#writer.pkOf(requestId), requestId, afterSeq, limit));
  niddOutstanding: RequestLog['niddOutstanding'] = (requestId) =>
    this.#commits.read(() => this.#reader.niddOutstanding(this.#writer.pkOf(requestId)));
  counts: RequestLog['counts'] = () => this.#commits.read(() => this.#reader.counts());
  recall: RequestLog['recall'] = (key) => this.#commits.read(() => readFact(this.#sql, key));
  due: RequestLog['due'] = (before) => this.#commits.read(() => this.#followUp.due(before));
  completedUnmatched: RequestLog['completedUnmatched'] = (since) => this.#commits.read(() => this.#followUp.completedUnmatched(since));
  askable: RequestLog['askable'] = (requestId) => this.#commits.read(() => this.#followUp.askable(requestId));
  silentDevices: RequestLog['silentDevices'] = (requestId, position) =>
    this.#work.listDevices(requestId, (from) => this.#followUp.silentDevices(requestId, position, from));
  unmatchedDevices: RequestLog['unmatchedDevices'] = async (requestId, position) => ({
    devices: await this.#work.listDevices(requestId, (from) => this.#followUp.unmatchedDevices(requestId, position, from)),
    isAtOdds: await this.#commits.read(() => this.#followUp.isAtOdds(requestId, position)),
  });
  retriesOf: RequestLog['retriesOf'] = (requestIds) => this.#commits.read(() => this.#followUp.retriesOf(requestIds));
  retrySpans: RequestLog['retrySpans'] = (requestIds) => this.#commits.read(() => this.#followUp.retrySpans(requestIds));
  retryPages: RequestLog['retryPages'] = (wanted) => this.#commits.read(() => this.#followUp.retryPages(wanted));
  deadLetters: RequestLog['deadLetters'] = (filter, after, limit, nextTurn) =>
    readDeadLetters(this.#sql, this.#walker, { filter, after, limit, nextTurn });
  deadLettersById: RequestLog['deadLettersById'] = (ids, accounts) =>
    this.#commits.read(() => readDeadLettersById(this.#sql, ids, accounts));
  forwardLanes: RequestLog['forwardLanes'] = () => this.#commits.read(() => this.#forwards.lanes());
  forwards: RequestLog['forwards'] = (lane, limit) => this.#commits.read(() => this.#forwards.waiting(lane, limit));
  forwardBacklog: RequestLog['forwardBacklog'] = () => this.#commits.read(() => this.#forwards.backlog());
  auditEntries: RequestLog['auditEntries'] = (filter, before, limit, nextTurn) =>
    readAudit(this.#walker, { filter, before, limit, nextTurn });
  auditEntriesById: RequestLog['auditEntriesById'] = (ids, accounts) => this.#commits.read(() => readAuditById(this.#sql, ids, accounts));

  async create(request: NewRequest) {
    const { account, createdBy, idempotencyKey } = request;
    // What is stored already needs no room.
    const isRepeated = () => idempotencyKey !== null && this.#writer.findByKey(account, createdBy, idempotencyKey) !== null;
    if (this.#disk.isLow && !isRepeated()) requireRoom(this.#disk);
    const created = await this.#commits.run(() => this.#writer.create(request));
    // It is sent only when all its devices can be found by their identifiers.
    if (created.outcome === 'CREATED') await this.#work.prepare(created.id);
    return created;
  }

  async recordAudit(records: readonly AuditRecord[]): Promise<void> {
    try {
      await this.#commits.run(() => insertAudit(this.#sql, records, this.#now()));
    } catch (error) {
      if (!this.#onAuditFailed) throw error;
      this.#onAuditFailed(records, error);
    }
  }

  settleUnclaimed(before: number) {
    const settled = this.#commits.run(() => {
      // A new request takes room.
      const adopted = this.#disk.isLow ? -Infinity : before;
      const { next, ...settled } = settleUnclaimed(this.#sql, this.#writer, adopted, this.#unclaimedFrom);
      this.#unclaimedFrom = next;
      return settled;
    });
    return this.#work.settling(settled);
  }

  async recover() {
    while (await this.#work.settling(this.#commits.run(() => settleInterrupted(this.#sql, this.#writer))));
    while (await this.#work.settling(this.#commits.run(() => settleRestored(this.#sql, this.#writer, this.#now()))));
    return this.#commits.read(() => (this.#sql.queuedRequests.all() as { id: string }[]).map(({ id }) => id));
  }

  async list(filter: RequestFilter, after: string | null, limit: number, nextTurn?: NextTurn) {
    if (filter.deviceKeys || filter.search?.deviceKeys.length) while (await this.indexIdentifiers());
    this.#reader.statements++;
    return await listRequests(this.#sql, this.#walker, { filter, after, limit, nextTurn });
  }

  sentSince(operation: string, since: number) {
    return this.#commits.read(() =>
      [...listSentBeforeRestore(this.#sql, since), ...this.#reader.sentSince(operation, since)].toSorted((a, b) => a - b),
    );
  }

  probe = () => this.remember('probe', String(this.#now()));

  /** Brings the identifier table a bounded step nearer to the log. False when nothing is left to do. */
  indexIdentifiers(): Promise<boolean> {
    return this.#commits.run(() => indexIdentifiers(this.#sql, this.#writer.changes.devices));
  }

  /** Takes over a part of a request that an earlier version made. False when none is left. */
  takeOver = () => this.#work.takeOver();

  /** What is wrong when the open store is no longer the one at its path; null when it is. */
  findChange(): string | null {
    return this.#keeper?.files.findChange() ?? null;
  }

  /** From here on nothing is written or acknowledged. The store stays open, so that it can be copied. */
  halt(error: GatewayError): void {
    this.#commits.halt(error);
  }

  /** Whether a file in the store's folder would be on the disk that the store was opened on. */
  isFolderSame(): boolean {
    return this.#keeper?.files.isFolderSame() ?? true;
  }

  /** How many statements reads have run so far. Tests of the loaders count them. */
  get statementsRead(): number {
    return this.#reader.statements;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#disk[Symbol.dispose]();
    // A backup reads from another thread, so it must end before the file is closed.
    await this.upkeep[Symbol.asyncDispose]();
    this.#commits.close();
    if (this.#keeper) this.#keeper.close();
    else if (this.#db.isOpen) this.#db.close();
  }
}
