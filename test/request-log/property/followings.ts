import type { Hub, TopicWatch } from '../../../src/datasources/request-log/hub.ts';

/** The followers of one life of a store. */
export class Followings {
  readonly #watches = new Map<string, TopicWatch>();

  follow(hub: Hub, requestId: string): void {
    if (!this.#watches.has(requestId)) this.#watches.set(requestId, hub.follow(requestId));
  }

  leave(requestId: string): void {
    this.#watches.get(requestId)?.[Symbol.dispose]();
    this.#watches.delete(requestId);
  }

  leaveAll(): void {
    for (const requestId of this.#watches.keys()) this.leave(requestId);
  }
}
