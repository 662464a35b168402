import { setTimeout as delay } from 'node:timers/promises';
import { LocalLeases } from '../local-leases.ts';
import type { Hub } from '../hub.ts';
import type { Lease, LeaseName, Leases } from '../leases.ts';
import type { Database, Transaction } from './database.ts';

/** A gateway that has stopped loses what it holds after so long, by the clock of the database. */
const HELD_MS = 10_000;
const RENEWED_EVERY_MS = 2_500;
/** The holder gives up earlier than the database does: others may only begin when it has ended. */
const MARGIN_MS = 2_000;
/** Waiting gateways are woken when a lease is given back. This is for those that end without a word. */
const LOOK_EVERY_MS = 1_000;

/** `until`: by the clock of this process, which does not jump. */
interface Held {
  readonly token: number;
  until: number;
}

/** `Leases` of a store that many gateways share: rows of the database, by its clock. */
export class PostgresLeases implements Leases {
  readonly #db: Database;
  readonly #hub: Hub;
  readonly #holder: string;
  /** In one gateway only one piece of work has a name at a time. */
  readonly #local = new LocalLeases();

  constructor(db: Database, hub: Hub, holder: string) {
    this.#db = db;
    this.#hub = hub;
    this.#holder = holder;
  }

  during<Result>(name: LeaseName, work: (lease: Lease) => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    return this.#local.during(name, () => this.#hold(name, work, signal), signal);
  }

  async #hold<Result>(name: LeaseName, work: (lease: Lease) => Promise<Result>, signal: AbortSignal | undefined): Promise<Result> {
    const { token, heldFrom } = await this.#wait(name, signal);
    const ended = new AbortController();
    const held: Held = { token, until: heldFrom + HELD_MS - MARGIN_MS };
    const renewing = this.#renew(name, held, ended);
    const lease: Lease = {
      token,
      // A gateway that was frozen may look before its timers have run.
      get over() {
        if (performance.now() >= held.until) ended.abort();
        return ended.signal;
      },
    };
    try {
      return await work(lease);
    } finally {
      ended.abort();
      await renewing;
      // If the database does not answer, the lease ends by itself.
      await this.#giveBack(name, token).catch(() => undefined);
    }
  }

  async #wait(name: LeaseName, signal: AbortSignal | undefined): Promise<{ token: number; heldFrom: number }> {
    using watch = this.#hub.follow(leaseTopic(name), () => 0);
    for (;;) {
      signal?.throwIfAborted();
      const mark = watch.mark();
      const heldFrom = performance.now();
      const token = await this.#take(name);
      if (token !== null) return { token, heldFrom };
      const stop = new AbortController();
      const ends = signal ? AbortSignal.any([signal, stop.signal]) : stop.signal;
      await Promise.race([watch.news(mark), delay(LOOK_EVERY_MS, undefined, { signal: ends }).catch(() => undefined)]);
      stop.abort();
    }
  }

  /** Null while another gateway holds it. */
  async #take(name: LeaseName): Promise<number | null> {
    const [row] = await this.#db.rows<{ token: number }>(TAKE, [name, this.#holder, HELD_MS]);
    return row?.token ?? null;
  }

  async #renew(name: LeaseName, held: Held, ended: AbortController): Promise<void> {
    while (!ended.signal.aborted) {
      const pause = Math.min(RENEWED_EVERY_MS, held.until - performance.now());
      if (pause <= 0) return ended.abort();
      await delay(pause, undefined, { signal: ended.signal, ref: false }).catch(() => undefined);
      if (ended.signal.aborted) return;
      const from = performance.now();
      if (from >= held.until) return ended.abort();
      // It is over at its time, whether or not the database has answered by then.
      const late = new AbortController();
      const tooLate = delay(held.until - from, null, { signal: late.signal, ref: false }).catch(() => null);
      const renewed = await Promise.race([this.#db.run(RENEW, [name, held.token, HELD_MS]).catch(() => null), tooLate]);
      late.abort();
      if (renewed === 0) return ended.abort();
      if (renewed !== null) held.until = from + HELD_MS - MARGIN_MS;
    }
  }

  async #giveBack(name: LeaseName, token: number): Promise<void> {
    await this.#db.transaction(async (tx) => {
      if ((await tx.run('DELETE FROM lease WHERE name = $1 AND token = $2', [name, token])) > 0) tx.wake(leaseTopic(name));
    });
  }
}

const TAKE = `INSERT INTO lease AS l (name, token, holder, until)
  VALUES ($1, nextval('lease_token'), $2, clock_timestamp() + $3 * interval '1 millisecond')
  ON CONFLICT (name) DO UPDATE SET token = excluded.token, holder = excluded.holder, until = excluded.until
    WHERE l.until < clock_timestamp()
  RETURNING token`;
const RENEW = `UPDATE lease SET until = clock_timestamp() + $3 * interval '1 millisecond'
  WHERE name = $1 AND token = $2 AND until > clock_timestamp()`;

function leaseTopic(name: LeaseName): string {
  return `lease ${name}`;
}

/** Whether a lease is still held, until the end of the transaction: meanwhile nobody else can take it. */
export async function isHeld(tx: Transaction, name: LeaseName, { token }: Pick<Lease, 'token'>): Promise<boolean> {
  const held = await tx.rows('SELECT 1 FROM lease WHERE name = $1 AND token = $2 AND until > clock_timestamp() FOR SHARE', [name, token]);
  return held.length > 0;
}
