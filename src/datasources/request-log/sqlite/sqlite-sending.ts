import type { Hub } from '../hub.ts';
import type { Lease } from '../leases.ts';
import { QUEUE_TOPIC, type NewRequest, type QueueRoom, type RequestSending } from '../request-sending.ts';
import { needsLease, type SendingStep } from '../sending-steps.ts';
import type { RequestedDevice, RequestError } from '../stored-request.ts';
import { requireRoom, type DiskRoom } from './disk-room.ts';
import type { GroupCommit } from './group-commit.ts';
import { listSentBeforeRestore, settleInterrupted, settleRestored } from './recover.ts';
import type { RequestWork } from './request-work.ts';
import type { Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

interface Parts {
  readonly sql: Statements;
  readonly writer: SqliteWriter;
  readonly commits: GroupCommit;
  readonly work: RequestWork;
  readonly disk: DiskRoom;
  readonly hub: Hub;
  readonly now: () => number;
}

/** `RequestSending` of the SQLite store. */
export class SqliteSending implements RequestSending {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async create(request: NewRequest, room?: QueueRoom) {
    const { writer, commits, work, disk, hub } = this.#parts;
    const { account, createdBy, idempotencyKey } = request;
    // What is stored already needs no room.
    const isRepeated = () => idempotencyKey !== null && writer.findByKey(account, createdBy, idempotencyKey) !== null;
    if (disk.isLow && !isRepeated()) requireRoom(disk);
    const created = await commits.run(() => writer.create(request, room));
    // It is sent only when all its devices can be found by their identifiers.
    if (created.outcome === 'CREATED') {
      // It is in the log, and is sent, also when this fails.
      await work.prepare(created.id).finally(() => hub.wake(QUEUE_TOPIC));
    }
    return created;
  }

  hasRoom(createdBy: string, room: QueueRoom): Promise<boolean> {
    const { writer, commits } = this.#parts;
    return commits.read(() => writer.hasRoom(createdBy, room));
  }

  findByKey(account: string, createdBy: string, key: string) {
    const { writer, commits } = this.#parts;
    return commits.read(() => writer.findByKey(account, createdBy, key));
  }

  async setMembers(requestId: string, devices: readonly RequestedDevice[]): Promise<void> {
    const { writer, work } = this.#parts;
    await work.change(requestId, () => {
      const pk = writer.pkOf(requestId);
      const state = writer.changes.state(pk);
      // It was cancelled or sent while the devices were read, or they were read twice: this list is too late.
      if (!state.devicesKnown && state.carrierState(0) === 'QUEUED') writer.changes.setMembers(pk, devices);
    });
    await work.prepare(requestId);
  }

  step(requestId: string, position: number, step: SendingStep, lease?: Lease): Promise<boolean> {
    const { writer, work } = this.#parts;
    const isOver = () => needsLease(step) && lease?.over.aborted === true;
    return work.settling(work.change(requestId, () => !isOver() && writer.step(requestId, position, step)));
  }

  cancelQueued(requestId: string, error: RequestError): Promise<number> {
    const { writer, work } = this.#parts;
    const cancelled = work.change(requestId, () => {
      const state = writer.changes.state(writer.pkOf(requestId));
      const queued = state.carriers.keys().filter((position) => state.carrierState(position) === 'QUEUED');
      return [...queued].filter((position) => writer.step(requestId, position, { type: 'CANCELLED', error })).length;
    });
    return work.settling(cancelled);
  }

  async recover(): Promise<string[]> {
    const { sql, writer, commits, work, now } = this.#parts;
    while (await work.settling(commits.run(() => settleInterrupted(sql, writer))));
    while (await work.settling(commits.run(() => settleRestored(sql, writer, now()))));
    return this.queued();
  }

  queued(): Promise<string[]> {
    const { sql, commits } = this.#parts;
    return commits.read(() => (sql.queuedRequests.all() as { id: string }[]).map(({ id }) => id));
  }

  sentSince(operation: string, since: number): Promise<number[]> {
    const { sql, commits } = this.#parts;
    return commits.read(() => {
      const rows = sql.sentSince.all(since, operation) as { sentAt: number; attempts: number }[];
      // The store has only the time of the last attempt, so the earlier ones count as just as recent.
      const sent = rows.flatMap(({ sentAt, attempts }) => Array.from({ length: attempts }, () => sentAt));
      return [...listSentBeforeRestore(sql, since), ...sent].toSorted((a, b) => a - b);
    });
  }
}
