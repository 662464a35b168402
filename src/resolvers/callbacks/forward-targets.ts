import type { ForwardLane } from '../../datasources/request-log/forward-queue.ts';

/** A listener that was registered before us. Null stands for every account, or every service. */
export interface ForwardTarget {
  readonly account: string | null;
  readonly service: string | null;
  readonly url: string;
}

/** Finds the listener that was registered before us. The most specific entry wins; an account counts more than a service. */
export class ForwardTargets {
  readonly #targets: readonly ForwardTarget[];
  readonly #found = new Map<string, URL | null>();

  constructor(targets: readonly ForwardTarget[]) {
    this.#targets = targets;
  }

  get any(): boolean {
    return this.#targets.length > 0;
  }

  find({ account, service }: ForwardLane): URL | null {
    const key = `${account} ${service}`;
    const known = this.#found.get(key);
    if (known !== undefined) return known;
    const [best] = this.#targets
      .filter((target) => (target.account ?? account) === account && (target.service ?? service) === service)
      .toSorted((left, right) => weigh(right) - weigh(left));
    const url = best ? new URL(best.url) : null;
    this.#found.set(key, url);
    return url;
  }
}

function weigh({ account, service }: ForwardTarget): number {
  return (account === null ? 0 : 2) + (service === null ? 0 : 1);
}
