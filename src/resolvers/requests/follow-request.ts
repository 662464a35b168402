import { isDeepStrictEqual } from 'node:util';
import type { LogBatch } from '../../datasources/request-log/outcome-reads.ts';
import type { PartsOf, Store } from '../../datasources/request-log/store.ts';
import { isTerminal } from '../../datasources/request-log/stored-request.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import type { FairScheduler } from '../../lib/fair-scheduler.ts';
import type { Hub } from '../../datasources/request-log/hub.ts';
import { operationNamed } from '../../operations/index.ts';
import { currentCaller, type Identity } from '../access/caller.ts';
import { cursorAt, parseCursor } from './cursor.ts';
import { requireRequest } from './find-request.ts';
import { checkBounds, followPace, PulledEvents, type EventBounds, type EventSource, type Pulled } from './pulled-events.ts';

export interface RequestStatusEvent extends LogBatch {
  readonly requestId: string;
  readonly cursor: string;
}

export interface FollowArguments extends EventBounds {
  readonly requestId: string;
  /** A cursor; `LATEST` for only new changes; null for all changes from the beginning. */
  readonly after: string | null;
  /** Stay open after the terminal event until every NIDD message has come. */
  readonly untilNiddSettled: boolean;
}

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
  async follow(identity: Identity, asked: FollowArguments): Promise<PulledEvents<RequestStatusEvent>> {
    const { requestId, after, batchSize, untilNiddSettled, minIntervalMs } = asked;
    checkBounds(asked);
    const caller = currentCaller(identity);
    const request = await requireRequest(this.#store.requests, caller, requestId);
    const from = after === null ? 0 : after === 'LATEST' ? request.lastSeq : parseCursor(after, request, this.#store.epoch);
    const awaitsNidd = untilNiddSettled && (operationNamed(request.operation)?.secondService ?? null) !== null;
    const isOver = from >= request.lastSeq && isTerminal(request.status) && (!awaitsNidd || (await this.isNiddSettled(request.id, from)));
    const { id, account } = request;
    const read = { requestId: id, batchSize, awaitsNidd, isPaced: minIntervalMs > 0 };
    return new PulledEvents(new RequestEvents(this, read, from), {
      identity,
      account,
      watch: isOver ? null : this.#hub.follow(id),
      pace: isOver ? null : followPace(this.#hub, id, minIntervalMs),
      waitForTurn: () => this.#scheduler.waitForTurn(caller.id, 'follow'),
      forbidden: 'You may no longer read this request: your right to its account was taken away.',
    });
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

/** What one subscription to a Request has still to read. It ends with the last event. */
class RequestEvents implements EventSource<RequestStatusEvent> {
  readonly #feed: RequestFeed;
  readonly #options: ReadOptions;
  /** The last row that it has given. */
  #seq: number;

  constructor(feed: RequestFeed, options: ReadOptions, from: number) {
    this.#feed = feed;
    this.#options = options;
    this.#seq = from;
  }

  async read(): Promise<Pulled<RequestStatusEvent> | null> {
    const { requestId, batchSize, awaitsNidd, isPaced } = this.#options;
    const event = await this.#feed.read(requestId, this.#seq, batchSize);
    if (!event) return null;
    const { lastSeq, status } = event;
    const isLast = isTerminal(status) && (await (awaitsNidd ? this.#feed.isNiddSettled(requestId, lastSeq) : this.#feed.isUpToDate(event)));
    const isFull = lastSeq - this.#seq >= batchSize;
    this.#seq = lastSeq;
    // A paced follower rests although there is more, unless that would not fit into its next event.
    return { event, isLast, hasMore: isFull || (!isPaced && (this.#feed.hasReadPast(requestId, lastSeq) || isTerminal(status))) };
  }
}

interface ReadOptions {
  readonly requestId: string;
  readonly batchSize: number;
  readonly awaitsNidd: boolean;
  readonly isPaced: boolean;
}
