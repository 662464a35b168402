import type { ForwardCopy, ForwardLane, ForwardQueue, WaitingForward } from '../forward-queue.ts';
import type { LogLimits } from '../log-limits.ts';
import type { Database } from './database.ts';
import { insertForwards, PathRoom, placeOfForward } from './path-rows.ts';
import type { Seals } from './seals.ts';

/** How many bytes of bodies are read at once. The body of an unreadable message may have a megabyte. */
const BYTES_AT_ONCE = 1_048_576;

interface CopyRow extends Omit<WaitingForward, 'id'> {
  readonly pk: number;
  readonly keyId: string | null;
}

/**
 * `ForwardQueue` of the PostgreSQL store. `insertForwards` adds the copies, in the transaction that stores the message. How many wait in
 * each lane is told by the table `held`, so that nobody counts rows.
 */
export class PostgresForward implements ForwardQueue {
  readonly #db: Database;
  readonly #seals: Seals;
  readonly #limits: LogLimits;

  constructor(db: Database, seals: Seals, limits: LogLimits) {
    this.#db = db;
    this.#seals = seals;
    this.#limits = limits;
  }

  forwardLanes(): Promise<ForwardLane[]> {
    return this.#db.rows<ForwardLane>(LANES);
  }

  /** @throws GatewayError STORE_FAILED for a body that does not open. */
  async forwards({ account, service }: ForwardLane, limit: number): Promise<WaitingForward[]> {
    const rows = await this.#db.rows<CopyRow>(FIRST, [account, service, limit, BYTES_AT_ONCE]);
    return rows.map(({ pk, keyId, body, ...copy }) => ({
      ...copy,
      id: String(pk),
      body: this.#seals.openBytes(body, keyId, placeOfForward({ account, service, pk })),
    }));
  }

  async addForwards(lane: ForwardLane, copies: readonly (ForwardCopy & { readonly receivedAt: number })[]): Promise<void> {
    const messages = copies.map(({ receivedAt, ...forward }) => ({ ...lane, receivedAt, forward }));
    await this.#db.transaction(async (tx) => {
      const room = await PathRoom.read(tx, this.#limits, [lane.account]);
      await insertForwards(tx, { seals: this.#seals, room }, messages);
    });
  }

  async discardForwards({ account, service }: ForwardLane, ids: readonly string[]): Promise<void> {
    await this.#db.transaction((tx) => tx.run(DISCARD, [account, service, ids.map(Number)]));
  }

  async forwardBacklog(): Promise<{ rows: number; oldestAt: number | null }> {
    const [backlog] = await this.#db.rows<{ rows: number; oldestAt: number | null }>(BACKLOG);
    return backlog ?? { rows: 0, oldestAt: null };
  }
}

const LANES = "SELECT account, service FROM held WHERE kind = 'FORWARD' AND rows > 0 ORDER BY account, service";
// `pk + 0`: see the index forward_by_lane.
const FIRST = `SELECT pk, "receivedAt", "contentType", "contentEncoding", body, "keyId" FROM (
    SELECT *, sum(bytes) OVER (ORDER BY pk) - bytes AS before FROM (
      SELECT pk, received_at AS "receivedAt", content_type AS "contentType", content_encoding AS "contentEncoding", body,
        key_id AS "keyId", octet_length(body) AS bytes
      FROM forward WHERE account = $1::word AND service = $2::word ORDER BY pk + 0 LIMIT $3) first) sized
  WHERE before < $4 ORDER BY pk`;
const DISCARD = 'DELETE FROM forward WHERE account = $1::word AND service = $2::word AND pk = ANY($3::bigint[])';
// The first copy of a lane is its oldest one, but for what two gateways store in the same moment.
const BACKLOG = `SELECT coalesce(sum(h.rows), 0)::bigint AS rows, min((SELECT f.received_at FROM forward f
    WHERE f.account = h.account AND f.service = h.service ORDER BY f.pk + 0 LIMIT 1)) AS "oldestAt"
  FROM held h WHERE h.kind = 'FORWARD' AND h.rows > 0`;
