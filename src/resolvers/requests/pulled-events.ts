import { setTimeout as delay } from 'node:timers/promises';
import type { Hub, TopicWatch } from '../../datasources/request-log/hub.ts';
import { GatewayError, isStoreAway } from '../../errors.ts';
import { currentCaller, mayUse, type Identity } from '../access/caller.ts';

/** How large the events of a subscription are, and how often they come. */
export interface EventBounds {
  /** The most changes in one event, 1 to 1,000. */
  readonly batchSize: number;
  /** The least time between two events, 0 to 60,000. What happens meanwhile comes together. */
  readonly minIntervalMs: number;
}

const MAX_BATCH = 1_000;
const MAX_INTERVAL_MS = 60_000;
/** All are woken when a store that was away is heard again. This is for one that refuses for a moment. */
const AWAY_PAUSE_MS = 1_000;

/** @throws GatewayError BAD_USER_INPUT */
export function checkBounds({ batchSize, minIntervalMs }: EventBounds): void {
  if (batchSize < 1 || batchSize > MAX_BATCH) throw new GatewayError('BAD_USER_INPUT', '`batchSize` must be between 1 and 1000.');
  if (minIntervalMs < 0 || minIntervalMs > MAX_INTERVAL_MS)
    throw new GatewayError('BAD_USER_INPUT', '`minIntervalMs` must be between 0 and 60,000.');
}

/** The rest after an event of a follower that wants fewer of them. */
export interface Pace {
  readonly watch: TopicWatch;
  /** Begins an interval, unless one is running. */
  begin(): void;
}

/**
 * The pace is a topic of its own. Its tick is the interval, and an event wakes it. So the followers of one topic with one interval rest
 * until the same moment, and then read the same range together. Null when they want no rest.
 */
export function followPace(hub: Hub, of: string, intervalMs: number): Pace | null {
  if (intervalMs === 0) return null;
  const topic = `pace ${intervalMs} ${of}`;
  return { watch: hub.follow(topic, () => intervalMs), begin: () => hub.wake(topic) };
}

export interface Pulled<Event> {
  readonly event: Event;
  /** Nothing can follow. */
  readonly isLast: boolean;
  /** There may be more already, so the follower does not rest. */
  readonly hasMore: boolean;
}

/** What one subscription has still to read. It moves on with each event that it gives. */
export interface EventSource<Event> {
  /** The next event; null while there is none. What has happened up to the mark of its topic is seen. */
  read(mark: number): Promise<Pulled<Event> | null>;
}

interface PullOptions {
  readonly identity: Identity;
  readonly account: string;
  /** Null for one that is over before it begins. */
  readonly watch: TopicWatch | null;
  readonly pace: Pace | null;
  readonly waitForTurn: () => Promise<void>;
  /** What a caller is told who may no longer read. */
  readonly forbidden: string;
  /** Called once, at the end. */
  readonly onEnd?: () => void;
}

/**
 * The events of one subscription. It pulls them from what its source reads; a wake-up only says when to look. It ends by itself with the
 * last event. Before every event it asks whether its caller may still read the account; if not, the caller gets FORBIDDEN.
 *
 * Written by hand, because the return() of an async generator would queue behind the wait that it must end.
 */
export class PulledEvents<Event> implements AsyncIterableIterator<Event> {
  readonly #source: EventSource<Event>;
  readonly #options: PullOptions;
  /** Null once it is over. */
  #watch: TopicWatch | null;
  #hasMore = true;

  constructor(source: EventSource<Event>, options: PullOptions) {
    this.#source = source;
    this.#options = options;
    this.#watch = options.watch;
  }

  async next(): Promise<IteratorResult<Event>> {
    const { identity, account, pace, waitForTurn, forbidden } = this.#options;
    // Followers that have read everything wait for one tick, and so share the next batch.
    if (!this.#hasMore) {
      await pace?.watch.tick();
      await this.#watch?.tick();
    }
    while (this.#watch) {
      // Also between the events of a replay, which needs no other wait: it would make others wait for its end, and would not
      // notice that its own client has left.
      await waitForTurn();
      if (!this.#watch) break;
      // Mark, read, wait: a change after the mark ends the wait at once.
      const mark = this.#watch.mark();
      const pulled = await this.#read(mark);
      if (!this.#watch) break;
      if (!mayUse(currentCaller(identity), account, 'read')) throw new GatewayError('FORBIDDEN', forbidden);
      if (pulled === 'STORE_AWAY') await Promise.race([this.#watch.news(mark), delay(AWAY_PAUSE_MS, undefined, { ref: false })]);
      else if (pulled) {
        this.#hasMore = pulled.hasMore;
        pace?.begin();
        if (pulled.isLast) this.#stop();
        return { done: false, value: pulled.event };
      } else await this.#watch.news(mark);
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<Event>> {
    this.#stop();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** A store that is away comes back: the client need not know. */
  async #read(mark: number): Promise<Pulled<Event> | null | 'STORE_AWAY'> {
    try {
      return await this.#source.read(mark);
    } catch (error) {
      if (isStoreAway(error)) return 'STORE_AWAY';
      throw error;
    }
  }

  #stop(): void {
    if (!this.#watch) return;
    this.#watch[Symbol.dispose]();
    this.#watch = null;
    this.#options.pace?.watch[Symbol.dispose]();
    this.#options.onEnd?.();
  }
}
