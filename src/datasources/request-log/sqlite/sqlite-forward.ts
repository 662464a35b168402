import { forwardTopic, type ForwardCopy, type ForwardLane, type ForwardQueue, type WaitingForward } from '../forward-queue.ts';
import type { LogLimits } from '../log-limits.ts';
import type { GroupCommit } from './group-commit.ts';
import { hasRoomFor } from './held.ts';
import type { RowOf } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

/** How many bytes of bodies are read at once. The body of an unreadable message may have a megabyte. */
const BYTES_AT_ONCE = 1_048_576;

interface LaneChange {
  readonly lane: ForwardLane;
  added: number;
  removed: number;
  noRoom: number;
}

/**
 * `ForwardQueue` of the SQLite store. `add` runs inside the transaction that stores the message. How many copies wait in each lane is
 * kept in memory, so that neither the metrics nor the start of a lane count rows.
 */
export class SqliteForward implements ForwardQueue {
  readonly #sql: Statements;
  readonly #commits: GroupCommit;
  readonly #lanes = new Map<string, { readonly lane: ForwardLane; rows: number }>();
  /** How many copies the open transaction has added to each lane and removed from it, by topic. */
  readonly #changes = new Map<string, LaneChange>();
  readonly #limits: LogLimits;
  readonly #onNoRoom: (lane: ForwardLane, copies: number) => void;

  /** @param onNoRoom told of copies that were not made, because as many wait for the previous listener as may. */
  constructor(sql: Statements, commits: GroupCommit, limits: LogLimits, onNoRoom: (lane: ForwardLane, copies: number) => void) {
    this.#sql = sql;
    this.#commits = commits;
    this.#limits = limits;
    this.#onNoRoom = onNoRoom;
    for (const { rows, ...lane } of sql.forwardLanes.all() as RowOf<ForwardLane & { rows: number }>[]) {
      this.#lanes.set(forwardTopic(lane), { lane, rows });
    }
  }

  /**
   * Stores the copy of a message, if it has one, in the transaction that stores the message. When no more copies may wait, none is
   * made: the message itself is never refused because the previous listener is down.
   */
  add(message: ForwardLane & { readonly receivedAt: number; readonly forward?: ForwardCopy | null | undefined }): void {
    const { account, service, receivedAt, forward } = message;
    if (!forward) return;
    if (!hasRoomFor(this.#sql, this.#limits, message, 'FORWARD', forward.body.byteLength)) {
      this.#change({ account, service }).noRoom++;
      return;
    }
    this.#sql.insertForward.run(account, service, receivedAt, forward.contentType, forward.body, forward.contentEncoding ?? null);
    this.#change({ account, service }).added++;
  }

  addForwards(lane: ForwardLane, copies: readonly (ForwardCopy & { readonly receivedAt: number })[]): Promise<void> {
    return this.#commits.run(() => {
      for (const { receivedAt, ...forward } of copies) this.add({ ...lane, receivedAt, forward });
    });
  }

  /** Brings the counts up to date after a commit. Gives back the topics of the lanes that have new copies. */
  afterCommit(): string[] {
    const woken: string[] = [];
    for (const [topic, { lane, added, removed, noRoom }] of this.#changes) {
      const rows = (this.#lanes.get(topic)?.rows ?? 0) + added - removed;
      if (rows > 0) this.#lanes.set(topic, { lane, rows });
      else this.#lanes.delete(topic);
      if (added > 0) woken.push(topic);
      if (noRoom > 0) this.#onNoRoom(lane, noRoom);
    }
    this.#changes.clear();
    return woken;
  }

  rollback(): void {
    this.#changes.clear();
  }

  forwardLanes(): Promise<ForwardLane[]> {
    return this.#commits.read(() => [...this.#lanes.values()].map(({ lane }) => lane));
  }

  forwards({ account, service }: ForwardLane, limit: number): Promise<WaitingForward[]> {
    return this.#commits.read(() => {
      const waiting: WaitingForward[] = [];
      let bytes = 0;
      for (const copy of this.#sql.forwardPage.iterate(account, service, limit) as Iterable<RowOf<WaitingForward>>) {
        waiting.push(copy);
        bytes += copy.body.length;
        if (bytes >= BYTES_AT_ONCE) break;
      }
      return waiting;
    });
  }

  discardForwards(lane: ForwardLane, ids: readonly string[]): Promise<void> {
    return this.#commits.runUnsynced(() => {
      const { changes } = this.#sql.deleteForwards.run(JSON.stringify(ids.map(Number)));
      this.#change(lane).removed += Number(changes);
    });
  }

  forwardBacklog(): Promise<{ rows: number; oldestAt: number | null }> {
    return this.#commits.read(() => {
      const lanes = [...this.#lanes.values()];
      const heads = lanes.map(({ lane }) => this.#sql.forwardHead.get(lane.account, lane.service) as { receivedAt: number });
      return {
        rows: lanes.reduce((sum, { rows }) => sum + rows, 0),
        oldestAt: heads.length === 0 ? null : Math.min(...heads.map(({ receivedAt }) => receivedAt)),
      };
    });
  }

  #change(lane: ForwardLane): LaneChange {
    const topic = forwardTopic(lane);
    const known = this.#changes.get(topic);
    if (known) return known;
    const change = { lane, added: 0, removed: 0, noRoom: 0 };
    this.#changes.set(topic, change);
    return change;
  }
}
