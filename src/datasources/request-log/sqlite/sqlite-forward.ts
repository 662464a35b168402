import { forwardTopic, type ForwardCopy, type ForwardLane, type WaitingForward } from '../forward-queue.ts';
import type { Statements } from './sqlite-statements.ts';

/** Bodies read at once, in bytes: an unreadable one may have a megabyte. */
const BYTES_AT_ONCE = 1_048_576;

type LaneRow = {
  readonly account: string;
  readonly service: string;
  readonly rows: number;
};

type ForwardRow = {
  readonly pk: number;
  readonly received_at: number;
  readonly content_type: string | null;
  readonly body: Uint8Array;
};

/**
 * The copies for the previous listener. `add` and `discard` run inside a transaction; how many wait in each lane is kept in
 * memory, so that neither metrics nor a start of a lane ever count rows.
 */
export class SqliteForward {
  readonly #sql: Statements;
  readonly #lanes = new Map<string, { readonly lane: ForwardLane; rows: number }>();
  /** What the open transaction has added to each lane (or taken from it), by topic. */
  readonly #changes = new Map<string, { readonly lane: ForwardLane; added: number; removed: number }>();

  constructor(sql: Statements) {
    this.#sql = sql;
    for (const { account, service, rows } of sql.forwardLanes.all() as LaneRow[]) {
      this.#lanes.set(forwardTopic({ account, service }), { lane: { account, service }, rows });
    }
  }

  /** Puts the copy of a message that has just been stored beside it, when it has one. */
  add(message: ForwardLane & { readonly receivedAt: number; readonly forward?: ForwardCopy | null | undefined }): void {
    const { account, service, receivedAt, forward } = message;
    if (!forward) return;
    this.#sql.insertForward.run(account, service, receivedAt, forward.contentType, forward.body);
    this.#change({ account, service }).added++;
  }

  discard(lane: ForwardLane, ids: readonly string[]): void {
    const { changes } = this.#sql.deleteForwards.run(JSON.stringify(ids.map(Number)));
    this.#change(lane).removed += Number(changes);
  }

  /** After the commit: the topics of lanes that have something new. */
  afterCommit(): string[] {
    const woken: string[] = [];
    for (const [topic, { lane, added, removed }] of this.#changes) {
      const rows = (this.#lanes.get(topic)?.rows ?? 0) + added - removed;
      if (rows > 0) this.#lanes.set(topic, { lane, rows });
      else this.#lanes.delete(topic);
      if (added > 0) woken.push(topic);
    }
    this.#changes.clear();
    return woken;
  }

  rollback(): void {
    this.#changes.clear();
  }

  lanes(): ForwardLane[] {
    return [...this.#lanes.values()].map(({ lane }) => lane);
  }

  waiting({ account, service }: ForwardLane, limit: number): WaitingForward[] {
    const waiting: WaitingForward[] = [];
    let bytes = 0;
    for (const each of this.#sql.forwardPage.iterate(account, service, limit)) {
      const { pk, received_at, content_type, body } = each as ForwardRow;
      waiting.push({ id: String(pk), receivedAt: received_at, contentType: content_type, body });
      bytes += body.length;
      if (bytes >= BYTES_AT_ONCE) break;
    }
    return waiting;
  }

  backlog(): { rows: number; oldestAt: number | null } {
    const lanes = [...this.#lanes.values()];
    const heads = lanes.map(({ lane }) => this.#sql.forwardHead.get(lane.account, lane.service) as { received_at: number });
    return {
      rows: lanes.reduce((sum, { rows }) => sum + rows, 0),
      oldestAt: heads.length === 0 ? null : Math.min(...heads.map((head) => head.received_at)),
    };
  }

  #change(lane: ForwardLane): { added: number; removed: number } {
    const topic = forwardTopic(lane);
    const known = this.#changes.get(topic);
    if (known) return known;
    const change = { lane, added: 0, removed: 0 };
    this.#changes.set(topic, change);
    return change;
  }
}
