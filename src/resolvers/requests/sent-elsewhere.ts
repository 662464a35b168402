import type { TopicWatch } from '../../datasources/request-log/hub.ts';
import type { PartsOf, Store } from '../../datasources/request-log/store.ts';
import type { RequestStatus } from '../../datasources/request-log/stored-request.ts';

const WAITING: ReadonlySet<RequestStatus> = new Set(['QUEUED', 'SUBMITTING']);

/** Waits for Requests that another gateway sends, or this one once it may. */
export class SentElsewhere implements Disposable {
  readonly #store: Pick<Store, 'hub'> & PartsOf<{ requests: 'requests' }>;
  readonly #awaited = new Map<string, { readonly sent: Promise<void>; readonly watch: TopicWatch }>();
  #isOver = false;

  constructor(store: Pick<Store, 'hub'> & PartsOf<{ requests: 'requests' }>) {
    this.#store = store;
  }

  /** Resolves when nothing of it waits any more, or when this is disposed of. */
  wait(requestId: string): Promise<void> {
    const known = this.#awaited.get(requestId);
    if (known) return known.sent;
    const watch = this.#store.hub.follow(requestId);
    const sent = this.#wait(requestId, watch).finally(() => {
      watch[Symbol.dispose]();
      this.#awaited.delete(requestId);
    });
    this.#awaited.set(requestId, { sent, watch });
    return sent;
  }

  [Symbol.dispose](): void {
    this.#isOver = true;
    for (const { watch } of this.#awaited.values()) watch[Symbol.dispose]();
  }

  async #wait(requestId: string, watch: TopicWatch): Promise<void> {
    while (!this.#isOver) {
      const mark = watch.mark();
      const request = (await this.#store.requests.requests([requestId])).get(requestId);
      if (!request || !WAITING.has(request.status)) return;
      await watch.news(mark);
    }
  }
}
