import type { ForwardLane } from '../../datasources/request-log/forward-queue.ts';

/** A listener that was registered before us. Null stands for every account, or every service. */
export interface ForwardTarget {
  readonly account: string | null;
  readonly service: string | null;
  readonly url: string;
}

/** Finds the listener that was registered before us. The most specific entry wins; an account counts more than a service. */
export class ForwardTargets {
  /** The most specific first. */
  readonly #targets: readonly (Omit<ForwardTarget, 'url'> & { readonly url: URL })[];

  constructor(targets: readonly ForwardTarget[]) {
    const weigh = ({ account, service }: ForwardTarget) => (account === null ? 0 : 2) + (service === null ? 0 : 1);
    const sorted = targets.toSorted((left, right) => weigh(right) - weigh(left));
    this.#targets = sorted.map((target) => ({ ...target, url: new URL(target.url) }));
  }

  get any(): boolean {
    return this.#targets.length > 0;
  }

  find({ account, service }: ForwardLane): URL | null {
    return (
      this.#targets.find((target) => [account, null].includes(target.account) && [service, null].includes(target.service))?.url ?? null
    );
  }
}
