import type { LogBatch, RequestLog } from '../../datasources/request-log/request-log.ts';
import { isTerminal } from '../../datasources/request-log/stored-request.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import type { TopicWatch, Hub } from '../../datasources/request-log/hub.ts';
import { OPERATIONS, isOperationName } from '../../operations/operations.ts';
import { GatewayError } from '../../errors.ts';
import { currentCaller, mayUse, type Identity } from '../access/caller.ts';
import type { CallerTurns } from './caller-turns.ts';
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
const FOLLOWED = 10_000;

/** Follows Requests by pulling rows from the log; a wake-up only says when to look. */
export class RequestFollowing {
  readonly #requestLog: RequestLog;
  readonly #hub: Hub;
  readonly #turns: CallerTurns;
  /** The last row of a Request that any of its followers has read. */
  readonly #newest = new BoundedCache<string, number>(FOLLOWED);
  readonly #shared = new BoundedCache<string, Promise<RequestStatusEvent | null>>(SHARED_OUTCOMES);

  constructor(requestLog: RequestLog, hub: Hub, turns: CallerTurns) {
    this.#requestLog = requestLog;
    this.#hub = hub;
    this.#turns = turns;
  }

  /**
   * Starts at the beginning, after a cursor, or at the end, and ends by itself with the event that is terminal. Whether the
   * caller may still read it is asked before every event; one who may no longer gets FORBIDDEN instead.
   *
   * @throws GatewayError NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED, BAD_USER_INPUT, UNAUTHENTICATED
   */
  async follow(
    identity: Identity,
    { requestId, after, batchSize, untilNiddSettled }: FollowArguments,
  ): Promise<AsyncIterableIterator<RequestStatusEvent>> {
    if (batchSize < 1 || batchSize > 1000) throw new GatewayError('BAD_USER_INPUT', '`batchSize` must be between 1 and 1000.');
    const caller = currentCaller(identity);
    const request = await requireRequest(this.#requestLog, caller, requestId);
    const from = after === null ? 0 : after === 'LATEST' ? request.lastSeq : parseCursor(after, request, this.#requestLog.epoch);
    const awaitsNidd =
      untilNiddSettled &&
      request.operation !== null &&
      isOperationName(request.operation) &&
      OPERATIONS[request.operation].secondService !== null;
    const settledAt = async (seq: number): Promise<boolean> => {
      if (!awaitsNidd) return true;
      if ((await this.#requestLog.niddOutstanding(request.id)) > 0) return false;
      // A replay comes to the terminal event before the NIDD messages behind it.
      const now = (await this.#requestLog.requests([request.id])).get(request.id);
      return now === undefined || seq >= now.lastSeq;
    };
    const over = from >= request.lastSeq && isTerminal(request.status) && (await settledAt(from));
    return new RequestFollower(
      over ? null : this.#hub.follow(request.id),
      from,
      () => this.#turns.take(caller.id, 'follow'),
      (seq) => this.#read(request.id, seq, batchSize),
      (event, seq) => event.lastSeq - seq >= batchSize || event.lastSeq < (this.#newest.get(request.id) ?? 0) || isTerminal(event.status),
      async (event) => isTerminal(event.status) && (await settledAt(event.lastSeq)),
      () => {
        if (!mayUse(currentCaller(identity), request.account, 'read'))
          throw new GatewayError('FORBIDDEN', 'You may no longer read this request: your right to its account was taken away.');
      },
    );
  }

  /**
   * The log is append-only: a range once read stays true, whoever reads it again. The read under way is shared too, because
   * a wake-up sets all followers of a Request reading in one turn.
   */
  async #read(requestId: string, afterSeq: number, limit: number): Promise<RequestStatusEvent | null> {
    const key = `${requestId}/${afterSeq}/${limit}`;
    const underWay = this.#shared.get(key);
    const shared = underWay && (await underWay);
    // Nothing, from a read that began before ours, is no answer: it may have looked before our mark.
    if (shared) return shared;
    const reading = this.#load(requestId, afterSeq, limit);
    this.#shared.set(key, reading, 1);
    const event = await reading.catch((error: unknown) => {
      this.#shared.delete(key);
      throw error;
    });
    if (event) this.#shared.set(key, reading, event.outcomes.length + 1);
    else this.#shared.delete(key);
    return event;
  }

  async #load(requestId: string, afterSeq: number, limit: number): Promise<RequestStatusEvent | null> {
    const batch = await this.#requestLog.read(requestId, afterSeq, limit);
    if (batch) this.#newest.set(requestId, Math.max(batch.lastSeq, this.#newest.get(requestId) ?? 0), 1);
    return batch && { ...batch, requestId, cursor: cursorAt(requestId, batch.lastSeq, this.#requestLog.epoch) };
  }
}

/** Hand-written: an async generator's return() would queue behind the wait that it is meant to end. */
class RequestFollower implements AsyncIterableIterator<RequestStatusEvent> {
  #watch: TopicWatch | null;
  #seq: number;
  #hasMore = true;
  readonly #turn: () => Promise<void>;
  readonly #read: (afterSeq: number) => Promise<RequestStatusEvent | null>;
  readonly #mayHaveMore: (event: RequestStatusEvent, afterSeq: number) => boolean;
  readonly #isLast: (event: RequestStatusEvent) => Promise<boolean>;
  readonly #checkRight: () => void;

  constructor(
    watch: TopicWatch | null,
    from: number,
    turn: () => Promise<void>,
    read: (afterSeq: number) => Promise<RequestStatusEvent | null>,
    mayHaveMore: (event: RequestStatusEvent, afterSeq: number) => boolean,
    isLast: (event: RequestStatusEvent) => Promise<boolean>,
    checkRight: () => void,
  ) {
    this.#watch = watch;
    this.#seq = from;
    this.#turn = turn;
    this.#read = read;
    this.#mayHaveMore = mayHaveMore;
    this.#isLast = isLast;
    this.#checkRight = checkRight;
  }

  async next(): Promise<IteratorResult<RequestStatusEvent>> {
    // Who has caught up gets what comes next in one batch, with everybody else who has.
    if (!this.#hasMore) await this.#watch?.tick();
    while (this.#watch) {
      // Also between the events of a replay, which are all there: others would have to wait for its end, and it would not even
      // learn that its own client has left.
      await this.#turn();
      if (!this.#watch) break;
      // Mark, read, wait: a change after the mark ends the wait at once.
      const mark = this.#watch.mark();
      const event = await this.#read(this.#seq);
      if (!this.#watch) break;
      this.#checkRight();
      if (!event) {
        await this.#watch.news(mark);
        continue;
      }
      this.#hasMore = this.#mayHaveMore(event, this.#seq);
      this.#seq = event.lastSeq;
      if (await this.#isLast(event)) this.#stop();
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

  #stop(): void {
    this.#watch?.[Symbol.dispose]();
    this.#watch = null;
  }
}
