import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { LogBatch } from '../../datasources/request-log/outcome-reads.ts';
import type { PartsOf, Store } from '../../datasources/request-log/store.ts';
import { isTerminal, type StoredRequest } from '../../datasources/request-log/stored-request.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import type { FairScheduler } from '../../lib/fair-scheduler.ts';
import type { Hub, TopicWatch } from '../../datasources/request-log/hub.ts';
import { operationNamed } from '../../operations/index.ts';
import { GatewayError, isStoreAway } from '../../errors.ts';
import { currentCaller, mayUse, type Identity } from '../access/caller.ts';
import { cursorAt, parseCursor } from './cursor.ts';
import { requireRequest } from './find-request.ts';

export interface RequestStatusEvent extends LogBatch {
  readonly requestId: string;
  readonly cursor: string;
}

export interface FollowArguments {
  readonly requestId: string;
  /** A cursor; `LATEST` for only new changes; null for all changes from the beginning. */
  readonly after: string | null;
  /** The most changes in one event, 1 to 1,000. */
  readonly batchSize: number;
  /** Stay open after the terminal event until every NIDD message has come. */
  readonly untilNiddSettled: boolean;
  /** The least time between two events, 0 to 60,000. What happens meanwhile comes together. */
  readonly minIntervalMs: number;
}

const MAX_INTERVAL_MS = 60_000;
/** All are woken when a store that was away is heard again. This is for one that refuses for a moment. */
const AWAY_PAUSE_MS = 1_000;

/** Followers that read the same range share one event object. The feed keeps events with so many outcomes in memory. */
const SHARED_OUTCOMES = 20_000;
/** The feed knows for so many Requests how far they were read. */
const READ_REQUESTS = 10_000;

/** Reads the events of all Requests from the log in batches. It opens a follower for each subscription. */
export class RequestFeed {
  readonly #store: Pick<Store, 'epoch'> &
    PartsOf<{ requests: 'requests' | 'findByCarrierRequestId'; outcomes: 'read' | 'niddOutstanding' }>;
  readonly #hub: Hub;
  readonly #scheduler: FairScheduler;
  /** By Request: the last row that any follower has read. */
  readonly #lastRead = new BoundedCache<string, number>(READ_REQUESTS);
  readonly #batches = new BoundedCache<string, Promise<RequestStatusEvent | null>>(SHARED_OUTCOMES);

  constructor(
    store: Pick<Store, 'epoch'> & PartsOf<{ requests: 'requests' | 'findByCarrierRequestId'; outcomes: 'read' | 'niddOutstanding' }>,
    hub: Hub,
    scheduler: FairScheduler,
  ) {
    this.#store = store;
    this.#hub = hub;
    this.#scheduler = scheduler;
  }

  /**
   * Starts at the beginning, after a cursor, or at the end.
   *
   * @throws GatewayError NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED, BAD_USER_INPUT, UNAUTHENTICATED
   */
  async follow(identity: Identity, asked: FollowArguments): Promise<RequestFollower> {
    const { requestId, after, batchSize, untilNiddSettled, minIntervalMs } = asked;
    if (batchSize < 1 || batchSize > 1000) throw new GatewayError('BAD_USER_INPUT', '`batchSize` must be between 1 and 1000.');
    if (minIntervalMs < 0 || minIntervalMs > MAX_INTERVAL_MS)
      throw new GatewayError('BAD_USER_INPUT', '`minIntervalMs` must be between 0 and 60,000.');
    const caller = currentCaller(identity);
    const request = await requireRequest(this.#store.requests, caller, requestId);
    const from = after === null ? 0 : after === 'LATEST' ? request.lastSeq : parseCursor(after, request, this.#store.epoch);
    const awaitsNidd = untilNiddSettled && (operationNamed(request.operation)?.secondService ?? null) !== null;
    const isOver = from >= request.lastSeq && isTerminal(request.status) && (!awaitsNidd || (await this.isNiddSettled(request.id, from)));
    const watch = isOver ? null : this.#hub.follow(request.id);
    const pace = isOver || minIntervalMs === 0 ? null : this.#pace(request.id, minIntervalMs);
    const { id, account } = request;
    const options = { identity, callerId: caller.id, request: { id, account }, batchSize, awaitsNidd };
    return new RequestFollower(this, options, from, watch, pace);
  }

  /**
   * The pace is a topic of its own. Its tick is the interval, and an event wakes it. So the followers of one Request with one
   * interval rest until the same moment, and then read the same range together.
   */
  #pace(requestId: string, intervalMs: number): Pace {
    const topic = `pace ${intervalMs} ${requestId}`;
    return { watch: this.#hub.follow(topic, () => intervalMs), begin: () => this.#hub.wake(topic) };
  }

  waitForTurn(callerId: string): Promise<void> {
    return this.#scheduler.waitForTurn(callerId, 'follow');
  }

  /**
   * Reads the next batch after a row; null when there is none yet. All readers of a range get the same object: the log is
   * append-only, so what was read stays true. They share a read under way too, because a wake-up makes all followers of a
   * Request read in one turn.
   */
  async read(requestId: string, afterSeq: number, batchSize: number): Promise<RequestStatusEvent | null> {
    const range = `${requestId}/${afterSeq}/${batchSize}`;
    const underWay = this.#batches.get(range);
    const shared = underWay && (await underWay);
    // A read that began before ours and found nothing does not answer us: it may have looked before our mark.
    if (shared) return shared;
    const reading = this.#load(requestId, afterSeq, batchSize);
    this.#batches.set(range, reading, 1);
    const event = await reading.catch((error: unknown) => {
      this.#batches.delete(range);
      throw error;
    });
    if (event) this.#batches.set(range, reading, event.outcomes.length + 1);
    else this.#batches.delete(range);
    return event;
  }

  /** Whether some follower has read a row of the Request after this one. */
  hasReadPast(requestId: string, seq: number): boolean {
    return seq < (this.#lastRead.get(requestId) ?? 0);
  }

  /** Whether every NIDD message has come and this row is the last of the log. */
  async isNiddSettled(requestId: string, seq: number): Promise<boolean> {
    if ((await this.#store.outcomes.niddOutstanding(requestId)) > 0) return false;
    // A replay reaches the terminal event first, and the NIDD messages after it.
    const request = (await this.#store.requests.requests([requestId])).get(requestId);
    return request === undefined || seq >= request.lastSeq;
  }

  /** False when the Request was corrected or opened again after this event, which a replay has reached. */
  async isUpToDate({ requestId, lastSeq, status, progress }: RequestStatusEvent): Promise<boolean> {
    const now = (await this.#store.requests.requests([requestId])).get(requestId);
    return now === undefined || lastSeq >= now.lastSeq || (status === now.status && isDeepStrictEqual(progress, now.progress));
  }

  async #load(requestId: string, afterSeq: number, batchSize: number): Promise<RequestStatusEvent | null> {
    const batch = await this.#store.outcomes.read(requestId, afterSeq, batchSize);
    if (batch) this.#lastRead.set(requestId, Math.max(batch.lastSeq, this.#lastRead.get(requestId) ?? 0), 1);
    return batch && { ...batch, requestId, cursor: cursorAt(requestId, batch.lastSeq, this.#store.epoch) };
  }
}

/** The rest after an event of a follower that wants fewer of them. */
interface Pace {
  readonly watch: TopicWatch;
  /** Begins an interval, unless one is running. */
  begin(): void;
}

interface ReadEvent {
  readonly event: RequestStatusEvent;
  /** Nothing can follow. */
  readonly isLast: boolean;
}

interface FollowerOptions {
  readonly identity: Identity;
  readonly callerId: string;
  readonly request: Pick<StoredRequest, 'id' | 'account'>;
  readonly batchSize: number;
  readonly awaitsNidd: boolean;
}

/**
 * One subscription to a Request. It pulls rows from the log; a wake-up only says when to look. It ends by itself with the last
 * event. Before every event it asks whether its caller may still read the Request; if not, the caller gets FORBIDDEN.
 *
 * Written by hand, because the return() of an async generator would queue behind the wait that it must end.
 */
export class RequestFollower implements AsyncIterableIterator<RequestStatusEvent> {
  readonly #feed: RequestFeed;
  readonly #options: FollowerOptions;
  /** Null once it is over. */
  #watch: TopicWatch | null;
  readonly #pace: Pace | null;
  /** The last row that it has given. */
  #seq: number;
  #mayHaveMore = true;

  constructor(feed: RequestFeed, options: FollowerOptions, from: number, watch: TopicWatch | null, pace: Pace | null) {
    this.#feed = feed;
    this.#options = options;
    this.#seq = from;
    this.#watch = watch;
    this.#pace = pace;
  }

  async next(): Promise<IteratorResult<RequestStatusEvent>> {
    const { identity, callerId, request } = this.#options;
    // Followers that have read everything wait for one tick, and so share the next batch.
    if (!this.#mayHaveMore) {
      await this.#pace?.watch.tick();
      await this.#watch?.tick();
    }
    while (this.#watch) {
      // Also between the events of a replay, which needs no other wait: it would make others wait for its end, and would not
      // notice that its own client has left.
      await this.#feed.waitForTurn(callerId);
      if (!this.#watch) break;
      // Mark, read, wait: a change after the mark ends the wait at once.
      const mark = this.#watch.mark();
      const event = await this.#read();
      if (!this.#watch) break;
      if (!mayUse(currentCaller(identity), request.account, 'read'))
        throw new GatewayError('FORBIDDEN', 'You may no longer read this request: your right to its account was taken away.');
      if (event === 'STORE_AWAY') await Promise.race([this.#watch.news(mark), delay(AWAY_PAUSE_MS, undefined, { ref: false })]);
      else if (event) {
        this.#advance(event);
        return { done: false, value: event.event };
      } else await this.#watch.news(mark);
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<RequestStatusEvent>> {
    this.#stop();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** The next event, and whether it is the last one. A store that is away comes back: the client need not know. */
  async #read(): Promise<ReadEvent | null | 'STORE_AWAY'> {
    const { request, batchSize, awaitsNidd } = this.#options;
    try {
      const event = await this.#feed.read(request.id, this.#seq, batchSize);
      if (!event || !isTerminal(event.status)) return event && { event, isLast: false };
      const isLast = await (awaitsNidd ? this.#feed.isNiddSettled(request.id, event.lastSeq) : this.#feed.isUpToDate(event));
      return { event, isLast };
    } catch (error) {
      if (isStoreAway(error)) return 'STORE_AWAY';
      throw error;
    }
  }

  #advance({ event: { lastSeq, status }, isLast }: ReadEvent): void {
    const { request, batchSize } = this.#options;
    const isFull = lastSeq - this.#seq >= batchSize;
    // A paced follower rests although there is more, unless that would not fit into its next event.
    this.#mayHaveMore = isFull || (!this.#pace && (this.#feed.hasReadPast(request.id, lastSeq) || isTerminal(status)));
    this.#pace?.begin();
    this.#seq = lastSeq;
    if (isLast) this.#stop();
  }

  #stop(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
    this.#pace?.watch[Symbol.dispose]();
  }
}
