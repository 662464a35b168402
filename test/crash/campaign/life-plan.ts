import { SYNCS, underStrace } from '../../support/strace.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { CampaignOptions, Ending } from './campaign-options.ts';

export interface LifePlan {
  readonly ending: Ending;
  /** After so many milliseconds the life is killed, if nothing else has ended it. */
  readonly afterMs: number;
  /** The n-th of the system calls of this ending. */
  readonly at: number;
  /** How long the life is stopped (SIGSTOP) before its end; 0 for not at all. */
  readonly frozenMs: number;
}

/**
 * The system calls at which a process is killed, before they do anything. A process writes to its
 * sockets by `write` or `writev`, and waits by `epoll_pwait` when a turn of its event loop is over.
 */
const MARKED: Readonly<Partial<Record<Ending, string>>> = {
  fsync: SYNCS,
  pwrite64: 'pwrite64',
  write: 'write,writev',
  connect: 'connect',
  turn: 'epoll_pwait,epoll_wait',
  power: SYNCS,
};

/** How far the walk over the marked points goes before it begins again. A start alone syncs more than twenty times. */
const WALK: Readonly<Partial<Record<Ending, number>>> = { fsync: 72, pwrite64: 240, write: 160, connect: 12, turn: 300, power: 80 };

/** Draws how each life ends. It walks over the marked points: each comes once before any comes again. */
export class LifePlanner {
  readonly #options: Pick<CampaignOptions, 'endings' | 'lifeMs'>;
  readonly #random: SeededRandom;
  readonly #walks = new Map<Ending, number[]>();
  #bag: Ending[] = [];

  constructor(options: Pick<CampaignOptions, 'endings' | 'lifeMs'>, random: SeededRandom) {
    this.#options = options;
    this.#random = random;
  }

  next(): LifePlan {
    if (this.#bag.length === 0) this.#bag = this.#shuffled(this.#options.endings);
    const ending = this.#bag.pop() ?? 'random';
    return {
      ending,
      afterMs: this.#random.between(...this.#options.lifeMs),
      at: this.#walkOn(ending),
      frozenMs: ending === 'random' && this.#random.between(1, 5) === 1 ? this.#random.between(200, 1_500) : 0,
    };
  }

  #walkOn(ending: Ending): number {
    const length = WALK[ending];
    if (length === undefined) return 0;
    let walk = this.#walks.get(ending);
    if (!walk || walk.length === 0) walk = this.#shuffled(Array.from({ length }, (_, at) => at + 1));
    this.#walks.set(ending, walk);
    return walk.pop() ?? 1;
  }

  #shuffled<Item>(items: readonly Item[]): Item[] {
    return items
      .map((item) => ({ item, key: this.#random.between(0, 0x7fff_ffff) }))
      .toSorted((a, b) => a.key - b.key)
      .map(({ item }) => item);
  }
}

/** The command that runs the gateway under strace, for a plan that watches its system calls; null for other plans. */
export function traceFor({ ending, at }: LifePlan, into: string, env: Readonly<Record<string, string>>): string[] | null {
  const marked = MARKED[ending];
  if (marked === undefined) return null;
  const calls = ending === 'power' ? `pwrite64,${marked}` : marked;
  return underStrace({ calls, inject: `${marked}:signal=SIGKILL:when=${at}`, into, env });
}

export function describePlan({ ending, at }: LifePlan): string {
  return at > 0 ? `${ending} ${at}` : ending;
}
