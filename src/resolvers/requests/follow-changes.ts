import { changesTopic, type ChangePlace } from '../../datasources/request-log/changed-requests.ts';
import type { Hub } from '../../datasources/request-log/hub.ts';
import type { RequestReads } from '../../datasources/request-log/request-reads.ts';
import type { PartsOf, Store } from '../../datasources/request-log/store.ts';
import type { RequestOrigin, StoredRequest } from '../../datasources/request-log/stored-request.ts';
import { GatewayError } from '../../errors.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import type { FairScheduler } from '../../lib/fair-scheduler.ts';
import { currentCaller, mayUse, type Identity } from '../access/caller.ts';
import { ChangesWindow, type Taken } from './changes-window.ts';
import { changesCursor, readChangesCursor } from './cursor.ts';
import { checkBounds, followPace, PulledEvents, type EventBounds, type EventSource, type Pulled } from './pulled-events.ts';

export interface RequestsChangedEvent {
  readonly cursor: string;
  /** Each one once, in its present state. */
  readonly requests: readonly StoredRequest[];
}

/** What never changes of a Request. So one that was meant once is meant for ever, and its last change is told too. */
export interface ChangesFilter {
  readonly operation?: string | undefined;
  readonly origin?: RequestOrigin | undefined;
  readonly clientReference?: string | undefined;
  readonly createdBy?: string | undefined;
}

export interface FollowChangesArguments extends EventBounds {
  readonly account: string;
  readonly filter: ChangesFilter;
  /** A cursor; null for what changes from now on. */
  readonly after: string | null;
}

/** Followers that read the same changes share one event object. The feed keeps events with so many Requests in memory. */
const SHARED_REQUESTS = 20_000;

/** What the followers with the same number, size and filter are given. The event is null when nothing of it is meant. */
type SharedRead = Pick<Taken, 'serial' | 'isCut' | 'goOnAt'> & { readonly event: RequestsChangedEvent | null };

interface Open {
  readonly window: ChangesWindow;
  readonly read: BoundedCache<string, SharedRead>;
  followers: number;
}

/** Reads what changes among the Requests of whole accounts. It opens a follower for each subscription. */
export class ChangesFeed {
  readonly #store: Pick<Store, 'epoch'> & PartsOf<{ requests: 'changes' }>;
  readonly #hub: Hub;
  readonly #scheduler: FairScheduler;
  /** Those that this gateway serves. */
  readonly #accounts: readonly string[];
  readonly #open = new Map<string, Open>();

  constructor(
    store: Pick<Store, 'epoch'> & PartsOf<{ requests: 'changes' }>,
    hub: Hub,
    scheduler: FairScheduler,
    accounts: readonly string[],
  ) {
    this.#store = store;
    this.#hub = hub;
    this.#scheduler = scheduler;
    this.#accounts = accounts;
  }

  /**
   * Starts now, or after a cursor.
   *
   * @throws GatewayError NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED, BAD_USER_INPUT, UNAUTHENTICATED
   */
  follow(identity: Identity, asked: FollowChangesArguments): PulledEvents<RequestsChangedEvent> {
    const { account, after, batchSize, minIntervalMs, filter } = asked;
    checkBounds(asked);
    const caller = currentCaller(identity);
    if (!this.#accounts.includes(account) || !mayUse(caller, account, 'read'))
      throw new GatewayError('NOT_FOUND', 'There is no such billing account. Pass one of `viewer.accounts`.');
    const { epoch, requests } = this.#store;
    const place = after === null ? null : readChangesCursor(after, account, epoch);
    const topic = changesTopic(account);
    const { window, read } = this.#openWindow(account);
    const waitForTurn = () => this.#scheduler.waitForTurn(caller.id, 'follow');
    const group = JSON.stringify([batchSize, filter]);
    const options = { account, filter, batchSize, group, epoch, requests, window, read, waitForTurn, isPaced: minIntervalMs > 0 };
    return new PulledEvents(new ChangeEvents(options, place), {
      identity,
      account,
      watch: this.#hub.follow(topic),
      pace: followPace(this.#hub, topic, minIntervalMs),
      waitForTurn,
      forbidden: 'You may no longer read the requests of this account: your right to it was taken away.',
      onEnd: () => this.#leave(account),
    });
  }

  /** A cursor for what changes from now on. */
  async cursorNow(account: string): Promise<string> {
    const { goOnAt } = await this.#store.requests.changes(account, BEGINNING, 0);
    return changesCursor(account, { changedAt: goOnAt, id: null }, this.#store.epoch);
  }

  #openWindow(account: string): Open {
    let open = this.#open.get(account);
    if (!open) {
      const window = new ChangesWindow(this.#store.requests, account, this.#hub.follow(changesTopic(account)));
      this.#open.set(account, (open = { window, read: new BoundedCache(SHARED_REQUESTS), followers: 0 }));
    }
    open.followers++;
    return open;
  }

  #leave(account: string): void {
    const open = this.#open.get(account);
    if (!open || --open.followers > 0) return;
    this.#open.delete(account);
    open.window[Symbol.dispose]();
  }
}

interface ReadOptions extends Pick<Open, 'window' | 'read'> {
  readonly account: string;
  readonly filter: ChangesFilter;
  readonly batchSize: number;
  /** The same for followers with the same size and filter. */
  readonly group: string;
  readonly epoch: string;
  readonly requests: Pick<RequestReads, 'changes'>;
  readonly waitForTurn: () => Promise<void>;
  readonly isPaced: boolean;
}

/** Reads from the store what has changed since the cursor, and then goes on behind the number that the window had before. */
interface Replay {
  readonly place: ChangePlace;
  readonly serial: number;
  readonly goOnAt: number;
}

/** What one subscription to the changes of an account has still to read. It has no end. */
class ChangeEvents implements EventSource<RequestsChangedEvent> {
  readonly #options: ReadOptions;
  /** Where to read the store from, when the window is not enough. Null for a follower that begins now. */
  #from: ChangePlace | null;
  #replay: Replay | null = null;
  /** Null before the first read, and for one that is behind the window. */
  #serial: number | null = null;

  constructor(options: ReadOptions, from: ChangePlace | null) {
    this.#options = options;
    this.#from = from;
  }

  async read(mark: number): Promise<Pulled<RequestsChangedEvent> | null> {
    const { window } = this.#options;
    await window.refresh(mark);
    if (this.#from === null) return this.#begin();
    for (;;) {
      if (this.#serial !== null) {
        const taken = this.#take(this.#serial);
        if (taken !== 'BEHIND') return taken;
      }
      const replayed = await this.#readStore(this.#from);
      if (replayed) return replayed;
    }
  }

  /** The first event has no Request: it gives the client a cursor, so that a connection that is lost early leaves no gap. */
  #begin(): Pulled<RequestsChangedEvent> {
    const { serial, goOnAt } = this.#options.window;
    this.#serial = serial;
    this.#from = { changedAt: goOnAt, id: null };
    return this.#pulled(this.#eventAt(this.#from, []), false);
  }

  #take(serial: number): Pulled<RequestsChangedEvent> | null | 'BEHIND' {
    const { window, isPaced } = this.#options;
    const taken = this.#takeShared(serial);
    this.#serial = taken && taken.serial;
    if (!taken) return 'BEHIND';
    this.#from = { changedAt: taken.goOnAt, id: null };
    return taken.event && this.#pulled(taken.event, taken.isCut || (!isPaced && window.serial > taken.serial));
  }

  #takeShared(serial: number): SharedRead | null {
    const { window, read, group, batchSize, filter } = this.#options;
    // After another read of the store some of the Requests may be newer.
    const name = `${serial} ${window.serial} ${group}`;
    const known = read.get(name);
    if (known) return known;
    const taken = window.take(serial, batchSize, (request) => isMeant(request, filter));
    if (!taken) return null;
    const { requests, ...end } = taken;
    const event = requests.length === 0 ? null : this.#eventAt({ changedAt: end.goOnAt, id: null }, requests);
    const shared = { ...end, event };
    read.set(name, shared, 1 + requests.length);
    return shared;
  }

  /** Null at the end, and then the window goes on. */
  async #readStore(from: ChangePlace): Promise<Pulled<RequestsChangedEvent> | null> {
    const { account, requests, window, batchSize, filter, waitForTurn } = this.#options;
    // What the window learns from now on is told at the end, whatever the pages have of it.
    const { serial, goOnAt } = window;
    let replay = (this.#replay ??= { place: from.changedAt > goOnAt ? { changedAt: goOnAt, id: null } : from, serial, goOnAt });
    for (;;) {
      const { place, ...end } = replay;
      const { rows, hasMore } = await requests.changes(account, place, batchSize);
      const meant = rows.map((row) => window.newest(row)).filter((request) => isMeant(request, filter));
      const last = rows.at(-1);
      const next = hasMore && last ? { changedAt: last.changedAt, id: last.request.id } : null;
      // What is committed later may have been noted before this page.
      this.#from = next && next.changedAt < end.goOnAt ? next : { changedAt: end.goOnAt, id: null };
      if (next) this.#replay = replay = { ...end, place: next };
      else {
        this.#replay = null;
        this.#serial = end.serial;
      }
      if (meant.length > 0) return this.#pulled(this.#eventAt(this.#from, meant), next !== null || window.serial > end.serial);
      if (!next) return null;
      await waitForTurn();
    }
  }

  #eventAt(place: ChangePlace, requests: readonly StoredRequest[]): RequestsChangedEvent {
    const { account, epoch } = this.#options;
    return { cursor: changesCursor(account, place, epoch), requests };
  }

  #pulled(event: RequestsChangedEvent, hasMore: boolean): Pulled<RequestsChangedEvent> {
    return { event, isLast: false, hasMore };
  }
}

function isMeant(request: StoredRequest, { operation, origin, clientReference, createdBy }: ChangesFilter): boolean {
  return (
    (operation === undefined || request.operation === operation) &&
    (origin === undefined || request.origin === origin) &&
    (createdBy === undefined || request.createdBy === createdBy) &&
    (clientReference === undefined || request.clientReference?.normalize() === clientReference.normalize())
  );
}

const BEGINNING: ChangePlace = { changedAt: 0, id: null };
