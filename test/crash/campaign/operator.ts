import { setTimeout as delay } from 'node:timers/promises';
import { graphql } from '../../support/stack.ts';
import type { Books } from './books.ts';
import type { Doors } from './doors.ts';
import type { Followed, SubscriberLoad } from './subscriber-load.ts';

export interface OperatorOptions {
  readonly books: Books;
  readonly lives: Pick<Doors, 'up'>;
  readonly subscribers: SubscriberLoad;
  /** False while a gateway is stopped that may still send what it had begun. By default always true. */
  readonly isSure?: () => boolean;
}

const LOOK_EVERY_MS = 500;
/** Longer than a POST may be on its way after the gateway has given it up. */
const SURE_AFTER_MS = 1_500;

const RESOLVE = `mutation ($input: ResolveUnknownRequestInput!) { resolveUnknownRequest(input: $input) { __typename } }`;

/**
 * An operator with access to the carrier's portal. It tells the gateway that a Request of UNKNOWN fate never arrived, when the
 * books say so. Requests that did arrive are left to their callbacks.
 */
export class Operator {
  readonly #parts: OperatorOptions;
  readonly #since = new Map<Followed, number>();

  constructor(parts: OperatorOptions) {
    this.#parts = parts;
  }

  async work(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      for (const followed of this.#parts.isSure?.() === false ? [] : this.#neverArrived()) await this.#tell(followed.requestId).catch(() => undefined);
      await delay(LOOK_EVERY_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  #neverArrived(): Followed[] {
    const { books, subscribers } = this.#parts;
    const unknown = subscribers.followed.filter(({ ended, events }) => !ended && events.at(-1)?.status === 'UNKNOWN');
    for (const followed of unknown) if (!this.#since.has(followed)) this.#since.set(followed, performance.now());
    const sureBefore = performance.now() - SURE_AFTER_MS;
    return unknown.filter(
      (followed) =>
        (this.#since.get(followed) ?? 0) < sureBefore && books.postsOf(followed.intent).every((post) => post.requestId === undefined),
    );
  }

  /** The end shows whether the gateway took the statement: otherwise the Request stays UNKNOWN. */
  async #tell(requestId: string): Promise<void> {
    const { graphql: url } = await this.#parts.lives.up();
    await graphql(url, RESOLVE, { input: { requestId, fate: { neverArrived: true } } });
  }
}
