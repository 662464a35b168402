import * as z from 'zod';
import type { RequestLog } from '../../datasources/request-log/request-log.ts';
import { GatewayError } from '../../errors.ts';
import { OneAtATime } from '../../lib/one-at-a-time.ts';

/** `CURRENT`: what the carrier is told. `FORMER`: the one before, which the carrier may still use. `LAPSED`: not taken. */
export type GenerationStanding = 'CURRENT' | 'FORMER' | 'LAPSED';

/**
 * How long after a rotation the paths of before are still taken, in milliseconds: the carrier goes on using what it had. Longer
 * where it is seen to have one of them: a rotation that failed half-way.
 */
export const FORMER_FOR_MS = 24 * 3_600_000;

/** Not written again at each look. */
const PROLONGED_AFTER_MS = 60_000;

const FACT = 'callback-generation';

const fact = z.object({ current: z.int().min(0), since: z.number() });

type Facts = Pick<RequestLog, 'recall' | 'remember'>;

/**
 * Which generation of callback paths is in use. The secret makes the paths and stays where it is; a rotation only counts this
 * number up, durably.
 */
export class CallbackGeneration {
  readonly #facts: Facts;
  readonly #now: () => number;
  #current: number;
  /** When the carrier was last told of another generation, or seen to have the one before; null before the first rotation. */
  #since: number | null;
  readonly #changes = new OneAtATime();

  private constructor(facts: Facts, now: () => number, { current, since }: { readonly current: number; readonly since: number | null }) {
    this.#facts = facts;
    this.#now = now;
    this.#current = current;
    this.#since = since;
  }

  /** @throws GatewayError STORE_UNUSABLE when what the store has of it cannot be read. */
  static async load(facts: Facts, now: () => number): Promise<CallbackGeneration> {
    const stored = await facts.recall(FACT);
    if (stored === null) return new CallbackGeneration(facts, now, { current: 0, since: null });
    const known = readFact(stored);
    if (!known)
      throw new GatewayError(
        'STORE_UNUSABLE',
        `The store's note of the generation of the callback URLs cannot be read (fact ${FACT}): which URLs the carrier has is not known. Restore a backup of the store.`,
      );
    return new CallbackGeneration(facts, now, known);
  }

  get current(): number {
    return this.#current;
  }

  /** Until when the generation before is taken, in milliseconds since 1970; null when it is not. */
  get formerUntil(): number | null {
    if (this.#since === null) return null;
    const until = this.#since + FORMER_FOR_MS;
    return this.#now() < until ? until : null;
  }

  standingOf(generation: number): GenerationStanding {
    if (generation === this.#current) return 'CURRENT';
    return generation === this.#current - 1 && this.formerUntil !== null ? 'FORMER' : 'LAPSED';
  }

  /**
   * Starts the next generation. When it resolves, that is durable and in force.
   *
   * @throws GatewayError BAD_USER_INPUT while the generation before the current one is still taken, unless `force`.
   */
  advance({ force }: { readonly force: boolean }): Promise<void> {
    return this.#changes.run(async () => {
      const { formerUntil } = this;
      if (formerUntil !== null && !force) throw explainTooEarly(Math.min(FORMER_FOR_MS, formerUntil - this.#now()));
      await this.#put({ current: this.#current + 1, since: this.#now() });
    });
  }

  /**
   * The carrier was seen to have a URL of `generation`. A later one than ours is ours all the same: the store is a backup from
   * before a rotation. The gateway goes on from there, and takes that URL from now on.
   */
  catchUp(generation: number): Promise<void> {
    return this.#changes.run(async () => {
      if (generation > this.#current) await this.#put({ current: generation, since: this.#now() });
    });
  }

  /** The carrier was seen to have a URL of the generation before: its time begins anew, or what the carrier sends there would be lost. */
  prolongFormer(): Promise<void> {
    return this.#changes.run(async () => {
      const now = this.#now();
      if (this.formerUntil !== null && now - (this.#since ?? now) >= PROLONGED_AFTER_MS)
        await this.#put({ current: this.#current, since: now });
    });
  }

  async #put(next: { readonly current: number; readonly since: number }): Promise<void> {
    await this.#facts.remember(FACT, JSON.stringify(next));
    this.#current = next.current;
    this.#since = next.since;
  }
}

function readFact(stored: string): z.infer<typeof fact> | null {
  try {
    return fact.parse(JSON.parse(stored));
  } catch {
    return null;
  }
}

function explainTooEarly(leftMs: number): GatewayError {
  const minutes = Math.ceil(leftMs / 60_000);
  return new GatewayError(
    'BAD_USER_INPUT',
    `Nothing was changed: the callback URLs were rotated less than 24 hours ago, and the carrier may still use those of before. Another rotation would refuse them. Wait ${Math.floor(minutes / 60)} h ${minutes % 60} min, or rotate all the same and lose what still comes there: npm run callbacks -- rotate --force`,
  );
}
