import * as z from 'zod';
import { OneAtATime } from '../../lib/one-at-a-time.ts';
import { GatewayError } from '../../errors.ts';
import { onWake } from '../../datasources/request-log/hub.ts';
import { factTopic, type PartsOf, type Store } from '../../datasources/request-log/store.ts';

/** `CURRENT`: the carrier is told it. `FORMER`: the one before, still taken. `LAPSED`: no longer taken. */
export type GenerationStanding = 'CURRENT' | 'FORMER' | 'LAPSED';

/**
 * How long after a rotation the former paths are still taken: the carrier goes on using them. Longer when it is seen to still
 * have one of them, after a rotation that failed half-way.
 */
export const FORMER_FOR_MS = 24 * 3_600_000;

/** Not written at each look, but after so long. */
const PROLONGED_AFTER_MS = 60_000;

export const CALLBACK_GENERATION_FACT = 'callback-generation';

const fact = z.object({ current: z.int().min(0), since: z.number() });

interface GenerationOptions {
  readonly store: PartsOf<{ facts: 'recall' | 'remember' }> & Pick<Store, 'leases' | 'hub'>;
  readonly now: () => number;
  /** What another gateway has changed could not be read. */
  readonly onFailure: (error: unknown) => void;
}

/** `since`: when a rotation last told the carrier, or the carrier was last seen to have the former one; null before the first rotation. */
interface Generation {
  readonly current: number;
  readonly since: number | null;
}

/**
 * The generation of callback paths that is in use, on every gateway of the store. The secret makes the paths and stays the same; a rotation only counts this
 * number up, durably.
 */
export class CallbackGeneration implements Disposable {
  readonly #options: GenerationOptions;
  readonly #watch: Disposable;
  readonly #reads = new OneAtATime();
  #now: Generation;

  private constructor(options: GenerationOptions, now: Generation) {
    this.#options = options;
    this.#now = now;
    this.#watch = onWake(options.store.hub, factTopic(CALLBACK_GENERATION_FACT), () => this.#readAgain(), options.onFailure);
  }

  /** @throws GatewayError STORE_UNUSABLE when the store's fact of it cannot be read. */
  static async load(options: GenerationOptions): Promise<CallbackGeneration> {
    return new CallbackGeneration(options, await read(options));
  }

  get current(): number {
    return this.#now.current;
  }

  /** Until when the former generation is taken, in milliseconds since 1970; null when it is not taken. */
  get formerUntil(): number | null {
    const { since } = this.#now;
    if (since === null) return null;
    const until = since + FORMER_FOR_MS;
    return this.#options.now() < until ? until : null;
  }

  standingOf(generation: number): GenerationStanding {
    if (generation === this.current) return 'CURRENT';
    return generation === this.current - 1 && this.formerUntil !== null ? 'FORMER' : 'LAPSED';
  }

  /**
   * Starts the next generation. It is durable and in force when this resolves.
   *
   * @throws GatewayError BAD_USER_INPUT while the former generation is still taken, unless `force`.
   */
  advance({ force }: { readonly force: boolean }): Promise<void> {
    return this.#change(async () => {
      const { formerUntil } = this;
      if (formerUntil !== null && !force) throw tooEarlyError(Math.min(FORMER_FOR_MS, formerUntil - this.#options.now()));
      await this.#put(this.current + 1);
    });
  }

  /**
   * Takes over the generation of a URL that the carrier was seen to have. It is later than ours when the store is a backup from
   * before a rotation.
   */
  catchUp(generation: number): Promise<void> {
    return this.#change(async () => {
      if (generation > this.current) await this.#put(generation);
    });
  }

  /** Starts the time of the former generation anew: the carrier was seen to have a URL of it, and its callbacks must not be lost. */
  prolongFormer(): Promise<void> {
    return this.#change(async () => {
      const { since } = this.#now;
      const isDue = since !== null && this.#options.now() - since >= PROLONGED_AFTER_MS;
      if (this.formerUntil !== null && isDue) await this.#put(this.current);
    });
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  #change(work: () => Promise<void>): Promise<void> {
    return this.#options.store.leases.during('callback-generation', async () => {
      await this.#readAgain();
      await work();
    });
  }

  #readAgain(): Promise<void> {
    // One after the other: what was read earlier must not undo what was read later.
    return this.#reads.run(async () => {
      this.#now = await read(this.#options);
    });
  }

  async #put(current: number): Promise<void> {
    const next = { current, since: this.#options.now() };
    await this.#options.store.facts.remember(CALLBACK_GENERATION_FACT, JSON.stringify(next));
    this.#now = next;
  }
}

async function read({ store }: GenerationOptions): Promise<Generation> {
  const stored = await store.facts.recall(CALLBACK_GENERATION_FACT);
  if (stored === null) return { current: 0, since: null };
  try {
    return fact.parse(JSON.parse(stored));
  } catch {
    throw new GatewayError(
      'STORE_UNUSABLE',
      `The store's note of the generation of the callback URLs cannot be read (fact ${CALLBACK_GENERATION_FACT}). So the gateway does not know which URLs the carrier has. Restore a backup of the store.`,
    );
  }
}

function tooEarlyError(leftMs: number): GatewayError {
  const minutes = Math.ceil(leftMs / 60_000);
  return new GatewayError(
    'BAD_USER_INPUT',
    `Nothing was changed: the callback URLs were rotated less than 24 hours ago, and the carrier may still use the former ones. Another rotation would refuse those. Wait ${Math.floor(minutes / 60)} h ${minutes % 60} min, or rotate all the same and lose what still comes to them: npm run callbacks -- rotate --force`,
  );
}
