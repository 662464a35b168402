import type { LogBatch, RequestLog } from '../../datasources/request-log/request-log.ts';
import { isTerminal, type StoredRequest } from '../../datasources/request-log/stored-request.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import type { FairScheduler } from '../../lib/fair-scheduler.ts';
import type { Hub, TopicWatch } from '../../datasources/request-log/hub.ts';
import { operationNamed } from '../../operations/index.ts';
import { GatewayError } from '../../errors.ts';
import { currentCaller, mayUse, type Identity } from '../access/caller.ts';
import { cursorAt, parseCursor } from './cursor.ts';
import { requireRequest } from './find-request.ts';

export interface RequestStatusEvent extends LogBatch {
  readonly requestId: string;
  readonly cursor: string;
}

export interface FollowArguments {
  readonly requestId: string;
  /** A cursor, `LATEST` for only what is new, or null for everything from the beginning. */
  readonly after: string | null;
  /** Changes in one event at most, 1 to 1,000. */
  readonly batchSize: number;
  /** Stay open after the terminal event for the NIDD messages still to come. */
  readonly untilNiddSettled: boolean;
}

/** Outcomes kept in memory so that followers who read the same range share one event object. */
const SHARED_OUTCOMES = 20_000;
/** Requests of which it is known how far they were read. */
const READ_REQUESTS = 10_000;

/** The events of all Requests, read from the log in batches. It opens a follower for each subscription. */
export class RequestFeed {
  readonly #requestLog: RequestLog;
  readonly #hub: Hub;
  readonly #scheduler: FairScheduler;
  /** The last row of a Request that any follower has read. */
  readonly #lastRead = new BoundedCache<string, number>(READ_REQUESTS);
  readonly #batches = new BoundedCache<string, Promise<RequestStatusEvent | null>>(SHARED_OUTCOMES);

  constructor(requestLog: RequestLog, hub: Hub, scheduler: FairScheduler) {
    this.#requestLog = requestLog;
    this.#hub = hub;
    this.#scheduler = scheduler;
  }

  /**
   * Starts at the beginning, after a cursor, or at the end.
   *
   * @throws GatewayError NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED, BAD_USER_INPUT, UNAUTHENTICATED
   */
  async follow(identity: Identity, { requestId, after, batchSize, untilNiddSettled }: FollowArguments): Promise<RequestFollower> {
    if (batchSize < 1 || batchSize > 1000) throw new GatewayError('BAD_USER_INPUT', '`batchSize` must be between 1 and 1000.');
    const caller = currentCaller(identity);
    const request = await requireRequest(this.#requestLog, caller, requestId);
    const from = after === null ? 0 : after === 'LATEST' ? request.lastSeq : parseCursor(after, request, this.#requestLog.epoch);
    const awaitsNidd = untilNiddSettled && hasNiddMessages(request);
    const isOver = from >= request.lastSeq && isTerminal(request.status) && (!awaitsNidd || (await this.isNiddSettled(request.id, from)));
    const watch = isOver ? null : this.#hub.follow(request.id);
    return new RequestFollower(this, { identity, callerId: caller.id, request, from, batchSize, awaitsNidd, watch });
  }

  waitForTurn(callerId: string): Promise<void> {
    return this.#scheduler.waitForTurn(callerId, 'follow');
  }

  /**
   * The next batch after a row; null when there is none yet. Whoever reads the same range gets the same object: the log is
   * append-only, so a range once read stays true. A read under way is shared too, because a wake-up sets all followers of a
   * Request reading in one turn.
   */
  async read(requestId: string, afterSeq: number, batchSize: number): Promise<RequestStatusEvent | null> {
    const range = `${requestId}/${afterSeq}/${batchSize}`;
    const underWay = this.#batches.get(range);
    const shared = underWay && (await underWay);
    // Nothing, from a read that began before ours, is no answer: it may have looked before our mark.
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

  /** Whether some follower has read rows of the Request after this one. */
  hasReadPast(requestId: string, seq: number): boolean {
    return seq < (this.#lastRead.get(requestId) ?? 0);
  }

  /** Whether nothing comes after this row: every NIDD message has come, and it is the last of the log. */
  async isNiddSettled(requestId: string, seq: number): Promise<boolean> {
    if ((await this.#requestLog.niddOutstanding(requestId)) > 0) return false;
    // A replay comes to the terminal event before the NIDD messages behind it.
    const request = (await this.#requestLog.requests([requestId])).get(requestId);
    return request === undefined || seq >= request.lastSeq;
  }

  async #load(requestId: string, afterSeq: number, batchSize: number): Promise<RequestStatusEvent | null> {
    const batch = await this.#requestLog.read(requestId, afterSeq, batchSize);
    if (batch) this.#lastRead.set(requestId, Math.max(batch.lastSeq, this.#lastRead.get(requestId) ?? 0), 1);
    return batch && { ...batch, requestId, cursor: cursorAt(requestId, batch.lastSeq, this.#requestLog.epoch) };
  }
}

interface FollowerOptions {
  readonly identity: Identity;
  readonly callerId: string;
  readonly request: StoredRequest;
  readonly from: number;
  readonly batchSize: number;
  readonly awaitsNidd: boolean;
  /** Null when there is nothing to come. */
  readonly watch: TopicWatch | null;
}

/**
 * One subscription to a Request. It pulls rows from the log, a wake-up only says when to look, and it ends by itself with the
 * last event. It asks before every event whether its caller may still read the Request; one who may not gets FORBIDDEN instead.
 *
 * Written by hand: an async generator's return() would queue behind the wait that it is meant to end.
 */
export class RequestFollower implements AsyncIterableIterator<RequestStatusEvent> {
  readonly #feed: RequestFeed;
  readonly #identity: Identity;
  readonly #callerId: string;
  readonly #request: Pick<StoredRequest, 'id' | 'account'>;
  readonly #batchSize: number;
  readonly #awaitsNidd: boolean;
  /** Null once it is over. */
  #watch: TopicWatch | null;
  /** The last row it has given. */
  #seq: number;
  #mayHaveMore = true;

  constructor(feed: RequestFeed, { identity, callerId, request, from, batchSize, awaitsNidd, watch }: FollowerOptions) {
    this.#feed = feed;
    this.#identity = identity;
    this.#callerId = callerId;
    this.#request = { id: request.id, account: request.account };
    this.#batchSize = batchSize;
    this.#awaitsNidd = awaitsNidd;
    this.#watch = watch;
    this.#seq = from;
  }

  async next(): Promise<IteratorResult<RequestStatusEvent>> {
    // Who has caught up gets what comes next in one batch, with everybody else who has.
    if (!this.#mayHaveMore) await this.#watch?.tick();
    while (this.#watch) {
      // Also between the events of a replay, which are all there: others would have to wait for its end, and it would not even
      // learn that its own client has left.
      await this.#feed.waitForTurn(this.#callerId);
      if (!this.#watch) break;
      // Mark, read, wait: a change after the mark ends the wait at once.
      const mark = this.#watch.mark();
      const event = await this.#feed.read(this.#request.id, this.#seq, this.#batchSize);
      if (!this.#watch) break;
      this.#checkRight();
      if (!event) {
        await this.#watch.news(mark);
        continue;
      }
      await this.#advance(event);
      return { done: false, value: event };
    }
    return { done: true, value: undefined };
  }

  return(): Promise<IteratorResult<RequestStatusEvent>> {
    this.#stop();
    return Promise.resolve({ done: true, value: undefined });
  }

  throw(error: unknown): Promise<IteratorResult<RequestStatusEvent>> {
    this.#stop();
    return Promise.reject(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #checkRight(): void {
    if (mayUse(currentCaller(this.#identity), this.#request.account, 'read')) return;
    throw new GatewayError('FORBIDDEN', 'You may no longer read this request: your right to its account was taken away.');
  }

  async #advance({ lastSeq, status }: RequestStatusEvent): Promise<void> {
    const isFull = lastSeq - this.#seq >= this.#batchSize;
    this.#mayHaveMore = isFull || this.#feed.hasReadPast(this.#request.id, lastSeq) || isTerminal(status);
    this.#seq = lastSeq;
    if (!isTerminal(status)) return;
    if (!this.#awaitsNidd || (await this.#feed.isNiddSettled(this.#request.id, lastSeq))) this.#stop();
  }

  #stop(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
  }
}

function hasNiddMessages({ operation }: StoredRequest): boolean {
  return (operationNamed(operation)?.secondService ?? null) !== null;
}
