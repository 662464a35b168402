import { GatewayError } from '../../errors.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import { SharedQuota } from '../../lib/shared-quota.ts';

interface ReadBudgetOptions {
  /** The most calls to the carrier in any 60 seconds, of all callers. */
  readonly callsPerMinute: number;
  /** Milliseconds, monotonic. */
  readonly now?: () => number;
  readonly sleep?: (ms: number) => Promise<unknown>;
}

export interface CarrierQuestion<Answer> {
  /** Who asks. The right to the account was checked. */
  readonly caller: string;
  readonly account: string;
  /** What is asked, with all that makes the answer another one. */
  readonly about: readonly unknown[];
  /** How long the answer may be given again. */
  readonly keptMs: number;
  /** About how many objects the answer has, for the bound on what is kept. */
  readonly sizeOf?: (answer: Answer) => number;
  readonly ask: () => Promise<Answer>;
}

interface Kept {
  readonly answer: unknown;
  readonly until: number;
}

/** How long a caller waits for its turn before it is told to come again. */
const PATIENCE_MS = 2_000;
/** Objects of all answers that are kept. */
const MAX_KEPT = 20_000;

/**
 * All that callers ask the carrier for goes through it: so many calls a minute, each caller with a fair share. A question that is under
 * way is not asked twice, and its answer is kept for seconds. Answers are kept by account, and whoever asks has shown its right first.
 */
export class ReadBudget {
  readonly #quota: SharedQuota;
  readonly #now: () => number;
  readonly #kept = new BoundedCache<string, Kept>(MAX_KEPT);
  /** Questions under way. */
  readonly #asked = new Map<string, Promise<unknown>>();
  /** Questions that wait for a call of their caller. */
  readonly #waiting = new Map<string, Promise<unknown>>();
  /** How often answers about an account were forgotten. */
  readonly #generations = new Map<string, number>();

  constructor({ callsPerMinute, now = () => performance.now(), sleep }: ReadBudgetOptions) {
    this.#now = now;
    this.#quota = new SharedQuota({ perMinute: callsPerMinute, now, ...(sleep && { sleep }) });
  }

  /** @throws GatewayError RATE_LIMITED with `retryAfterMs` when there is no call left, and whatever `ask` throws */
  ask<Answer>(question: CarrierQuestion<Answer>): Promise<Answer> {
    const { caller, account, about } = question;
    const key = JSON.stringify([account, this.#generations.get(account) ?? 0, about]);
    // A key has the whole question in it, so what is found under it was asked by the same code.
    const known = this.#find(key) as Promise<Answer> | null;
    if (known) return known;
    const own = JSON.stringify([caller, key]);
    const before = this.#waiting.get(own) as Promise<Answer> | undefined;
    if (before) return before;
    const entering = this.#enter(question, key).finally(() => this.#waiting.delete(own));
    this.#waiting.set(own, entering);
    return entering;
  }

  /**
   * A call that changes something at the carrier. What was kept of the account is forgotten, whatever comes of it.
   *
   * @throws GatewayError RATE_LIMITED before anything is done
   */
  async change<Result>(caller: string, account: string, change: () => Promise<Result>): Promise<Result> {
    await this.#take(caller);
    try {
      return await change();
    } finally {
      this.#generations.set(account, (this.#generations.get(account) ?? 0) + 1);
    }
  }

  #find(key: string): Promise<unknown> | null {
    const kept = this.#kept.get(key);
    if (kept && this.#now() < kept.until) return Promise.resolve(kept.answer);
    this.#kept.delete(key);
    return this.#asked.get(key) ?? null;
  }

  async #enter<Answer>({ caller, keptMs, sizeOf, ask }: CarrierQuestion<Answer>, key: string): Promise<Answer> {
    await this.#take(caller);
    const meanwhile = this.#find(key) as Promise<Answer> | null;
    if (meanwhile) {
      this.#quota.giveBack(caller);
      return meanwhile;
    }
    const asking = ask()
      .then((answer) => {
        if (keptMs > 0) this.#kept.set(key, { answer, until: this.#now() + keptMs }, 1 + (sizeOf?.(answer) ?? 0));
        return answer;
      })
      .finally(() => this.#asked.delete(key));
    this.#asked.set(key, asking);
    return asking;
  }

  async #take(caller: string): Promise<void> {
    const retryAfterMs = await this.#quota.take(caller, PATIENCE_MS);
    if (retryAfterMs === null) return;
    throw new GatewayError(
      'RATE_LIMITED',
      'The gateway asks the carrier only so often, and your share of that is used up for now. Ask again after `retryAfterMs`.',
      { details: { retryAfterMs } },
    );
  }
}
