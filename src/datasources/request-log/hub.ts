import { GrowingPause } from '../../lib/growing-pause.ts';

/**
 * Wakes the followers of a topic (a Request's id). It carries no data: a follower takes a mark, reads the log, and waits for news
 * since the mark. A wake-up between mark and wait counts as news, so none is missed. Several wake-ups may become one.
 *
 * The first wake-up after a quiet time goes out at once. Under load a topic ticks every `tickMs`, so that the followers of one
 * Request read the same ranges together, and batches form by themselves. A follower that has read everything rests until the tick
 * is over.
 */
export class Hub {
  readonly #tickMs: () => number;
  readonly #topics = new Map<string, Topic>();

  constructor(options: { readonly tickMs: () => number }) {
    this.#tickMs = options.tickMs;
  }

  /**
   * Follows a topic. The follower disposes of the watch when it leaves.
   *
   * @param tickMs the length of the topic's ticks, when it has one of its own.
   */
  follow(name: string, tickMs = this.#tickMs): TopicWatch {
    let topic = this.#topics.get(name);
    if (!topic) this.#topics.set(name, (topic = { tickMs, version: 0, followers: 0, waiting: [], resting: new Set(), timer: null }));
    topic.followers++;
    return new TopicWatch(topic, () => {
      if (--topic.followers === 0) {
        if (topic.timer) clearTimeout(topic.timer);
        this.#topics.delete(name);
      }
    });
  }

  wake(name: string): void {
    const topic = this.#topics.get(name);
    if (!topic) return;
    topic.version++;
    if (topic.timer) return;
    this.#tick(topic);
  }

  /** Makes every follower read, after a time in which this process may have missed wake-ups. */
  wakeAll(): void {
    for (const name of this.#topics.keys()) this.wake(name);
  }

  isFollowed(name: string): boolean {
    return this.#topics.has(name);
  }

  get topics(): number {
    return this.#topics.size;
  }

  #tick(topic: Topic): void {
    for (const { resolve } of topic.waiting.splice(0)) resolve();
    topic.timer = setTimeout(() => {
      topic.timer = null;
      for (const resolve of topic.resting) resolve();
      topic.resting.clear();
      // A follower may have taken its mark before the last tick and begun to wait after it.
      if (topic.waiting.some(({ mark }) => mark !== topic.version)) this.#tick(topic);
    }, topic.tickMs());
    topic.timer.unref();
  }
}

interface Topic {
  readonly tickMs: () => number;
  version: number;
  followers: number;
  waiting: { readonly mark: number; readonly resolve: () => void }[];
  readonly resting: Set<() => void>;
  timer: NodeJS.Timeout | null;
}

export class TopicWatch implements Disposable {
  readonly #topic: Topic;
  readonly #leave: () => void;
  #release: (() => void) | null = null;
  #left = false;

  constructor(topic: Topic, leave: () => void) {
    this.#topic = topic;
    this.#leave = leave;
  }

  mark(): number {
    return this.#topic.version;
  }

  /** Resolves once something has happened since `mark`, at the next tick of the topic. It also resolves when the follower leaves. */
  news(mark: number): Promise<void> {
    const topic = this.#topic;
    if (this.#left || (topic.version !== mark && !topic.timer)) return Promise.resolve();
    return new Promise((resolve) => {
      this.#release = resolve;
      topic.waiting.push({ mark, resolve });
    });
  }

  /** Resolves when the topic's tick is over, at once when none is running. Everything that comes within a tick is read together. */
  tick(): Promise<void> {
    const topic = this.#topic;
    if (this.#left || !topic.timer) return Promise.resolve();
    return new Promise((resolve) => {
      this.#release = resolve;
      topic.resting.add(resolve);
    });
  }

  [Symbol.dispose](): void {
    if (this.#left) return;
    this.#left = true;
    this.#topic.waiting = this.#topic.waiting.filter(({ resolve }) => resolve !== this.#release);
    if (this.#release) this.#topic.resting.delete(this.#release);
    this.#release?.();
    this.#leave();
  }
}

/** Runs `work` after the wake-ups of a topic, never two runs at once, until it is disposed. What fails is tried again. */
export function onWake(hub: Hub, topic: string, work: () => Promise<void>, onFailure: (error: unknown) => void): Disposable {
  const watch = hub.follow(topic);
  const pause = new GrowingPause({ firstMs: 100, maxMs: 10_000 });
  let isOver = false;
  const follow = async () => {
    let mark = watch.mark();
    await watch.news(mark);
    while (!isOver) {
      mark = watch.mark();
      try {
        await work();
        pause.reset();
        await watch.news(mark);
      } catch (error) {
        onFailure(error);
        await new Promise((resolve) => setTimeout(resolve, pause.next()).unref());
      }
    }
  };
  void follow();
  return {
    [Symbol.dispose]() {
      isOver = true;
      watch[Symbol.dispose]();
    },
  };
}
