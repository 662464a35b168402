import { setTimeout as delay } from 'node:timers/promises';
import { GatewayError, isStoreAway, STORE_AWAY } from '../../../errors.ts';
import type { LogCounts, StoreHealth } from '../store-health.ts';
import type { RequestStatus } from '../stored-request.ts';
import type { Database } from './database.ts';
import { readHeld } from './read-held.ts';

/** Whoever asks whether the gateway is ready waits no longer. */
const PROBE_MS = 2_500;

interface Parts {
  readonly db: Database;
  readonly now: () => number;
}

/** `StoreHealth` of the PostgreSQL store. */
export class PostgresHealth implements StoreHealth {
  readonly #parts: Parts;
  /** The write that is under way. While it hangs, whoever asks waits for the same one: others would take up all connections. */
  #probing: Promise<void> | null = null;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async probe(): Promise<void> {
    const probing = (this.#probing ??= this.#write().finally(() => (this.#probing = null)));
    const answered = new AbortController();
    const tooLate = delay(PROBE_MS, true, { signal: answered.signal }).catch(() => false);
    try {
      const isLate = await Promise.race([probing.then(() => false), tooLate]);
      if (isLate)
        throw new GatewayError('STORE_FAILED', `The database has not answered for ${PROBE_MS / 1_000} s.`, {
          details: { reason: STORE_AWAY },
        });
    } finally {
      answered.abort();
      probing.catch(() => undefined);
    }
  }

  async counts(): Promise<LogCounts> {
    const { db } = this.#parts;
    const rows = await db.rows<{ status: RequestStatus; requests: number; overdue: number }>(OPEN);
    const { unclaimed, deadLettersByReason } = await readHeld(db);
    return {
      unclaimed,
      deadLettersByReason,
      overdueDevices: rows.reduce((sum, { overdue }) => sum + overdue, 0),
      openByStatus: Object.fromEntries(rows.map(({ status, requests }) => [status, requests])),
    };
  }

  /** Nobody can put another database in the place of an open connection. */
  findChange(): null {
    return null;
  }

  halt(error: GatewayError): void {
    this.#parts.db.halt(error);
  }

  isFolderSame(): boolean {
    return true;
  }

  /** One statement, which holds its row for a moment only: all gateways write the same one. */
  async #write(): Promise<void> {
    const { db, now } = this.#parts;
    const write = () => db.run(PROBE, [String(now())]);
    // A connection that nobody has used for a while may have been lost.
    await write().catch((error: unknown) => {
      if (!isStoreAway(error)) throw error;
      return write();
    });
  }
}

const PROBE = "INSERT INTO fact (key, value) VALUES ('probe', $1) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
const OPEN = `SELECT status, count(*)::integer AS requests, sum(coalesce(counts[2], 0))::integer AS overdue FROM request
  WHERE completed_at IS NULL AND account <> '' GROUP BY status`;
