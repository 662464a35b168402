import type { ChangedRequest } from '../../datasources/request-log/changed-requests.ts';
import type { TopicWatch } from '../../datasources/request-log/hub.ts';
import type { RequestReads } from '../../datasources/request-log/request-reads.ts';
import type { StoredRequest } from '../../datasources/request-log/stored-request.ts';

/** Rows in one read of the store. */
const PAGE = 1_000;
/** Changes are kept for so long for followers that are behind: longer than the longest `minIntervalMs`. */
const KEEP_MS = 90_000;
/** When more Requests are kept, only those are that the next read may bring again. A follower that is behind then reads the store. */
const MOST_KEPT = 10_000;
const TRIM_EVERY_MS = 1_000;

/** What a follower is given: the Requests that have changed after a number, up to another one. */
export interface Taken {
  readonly requests: readonly StoredRequest[];
  readonly serial: number;
  /** Whoever goes on later reads the store from this time on. */
  readonly goOnAt: number;
  readonly isCut: boolean;
}

interface Known {
  readonly request: StoredRequest;
  readonly changedAt: number;
  /** The number of its last change; 0 for one that was there before anybody followed. */
  readonly serial: number;
}

/**
 * The latest changes of an account, which all its followers in this gateway share. The store is read once for all of them, and each change
 * that is found gets the next number: so a follower holds nothing but a number. A Request is kept in its newest state alone, and is never
 * replaced by an older one.
 */
export class ChangesWindow implements Disposable {
  readonly #requests: Pick<RequestReads, 'changes'>;
  readonly #account: string;
  readonly #watch: TopicWatch;
  readonly #known = new Map<string, Known>();
  /** The ids of what has changed, by number. The first one has the number after `#dropped`. */
  #log: string[] = [];
  #dropped = 0;
  /** Null before the first read. */
  #goOnAt: number | null = null;
  #trimmedAt = 0;
  #readMark = -1;
  #reading: Promise<void> | null = null;

  constructor(requests: Pick<RequestReads, 'changes'>, account: string, watch: TopicWatch) {
    this.#requests = requests;
    this.#account = account;
    this.#watch = watch;
  }

  [Symbol.dispose](): void {
    this.#watch[Symbol.dispose]();
  }

  /** The number of the last change. */
  get serial(): number {
    return this.#dropped + this.#log.length;
  }

  /** What is committed from now on is found from here on. */
  get goOnAt(): number {
    return this.#goOnAt ?? 0;
  }

  /** Has everything been read that had happened at this mark? All who ask in the same moment share one read. */
  async refresh(mark: number): Promise<void> {
    while (this.#readMark < mark) {
      this.#reading ??= this.#read().finally(() => {
        this.#reading = null;
      });
      await this.#reading;
    }
  }

  /** A row that a follower has read by itself. It is given the newest state that anybody was given. */
  newest(row: ChangedRequest): StoredRequest {
    // What was noted before was there at the last read already, as it is now.
    if (row.changedAt >= this.goOnAt) this.#learn(row);
    const known = this.#known.get(row.request.id)?.request;
    return known && known.lastSeq > row.request.lastSeq ? known : row.request;
  }

  /** The changes after a number, at most `limit` that are meant. Null when some of them are no longer kept. */
  take(serial: number, limit: number, isMeant: (request: StoredRequest) => boolean): Taken | null {
    if (serial < this.#dropped) return null;
    const requests: StoredRequest[] = [];
    let at = serial;
    for (; at < this.serial && requests.length < limit; at++) {
      const known = this.#changeAt(at);
      if (known && isMeant(known.request)) requests.push(known.request);
    }
    let { goOnAt } = this;
    for (let rest = at; rest < this.serial; rest++) goOnAt = Math.min(goOnAt, this.#changeAt(rest)?.changedAt ?? goOnAt);
    return { requests, serial: at, goOnAt, isCut: at < this.serial };
  }

  /** The change after a number. Null when the Request has changed again since. */
  #changeAt(serial: number): Known | null {
    const known = this.#known.get(this.#log[serial - this.#dropped] ?? '');
    return known?.serial === serial + 1 ? known : null;
  }

  async #read(): Promise<void> {
    const mark = this.#watch.mark();
    this.#goOnAt ??= await this.#readAll((await this.#requests.changes(this.#account, BEGINNING, 0)).goOnAt, (row) => this.#prime(row));
    for (let from = Infinity; this.#goOnAt < from;) {
      from = this.#goOnAt;
      // It lies before `from` when the clock of the store was set back. What has happened since then is read too.
      this.#goOnAt = await this.#readAll(from, (row) => this.#learn(row));
    }
    this.#readMark = mark;
    this.#trim();
  }

  /** Gives back where to go on. */
  async #readAll(from: number, take: (row: ChangedRequest) => void): Promise<number> {
    let goOnAt = Infinity;
    for (let after: Parameters<RequestReads['changes']>[1] | null = { changedAt: from, id: null }; after;) {
      const page: Awaited<ReturnType<RequestReads['changes']>> = await this.#requests.changes(this.#account, after, PAGE);
      for (const row of page.rows) take(row);
      goOnAt = Math.min(goOnAt, page.goOnAt);
      const last = page.rows.at(-1);
      after = page.hasMore && last ? { changedAt: last.changedAt, id: last.request.id } : null;
    }
    return goOnAt;
  }

  #prime({ request, changedAt }: ChangedRequest): void {
    this.#known.set(request.id, { request, changedAt, serial: 0 });
  }

  #learn({ request, changedAt }: ChangedRequest): void {
    const known = this.#known.get(request.id);
    if (known && known.request.lastSeq >= request.lastSeq) return;
    this.#log.push(request.id);
    this.#known.set(request.id, { request, changedAt, serial: this.serial });
  }

  #trim(): void {
    const { goOnAt } = this;
    if (goOnAt < this.#trimmedAt + TRIM_EVERY_MS) return;
    this.#trimmedAt = goOnAt;
    const keepFrom = this.#known.size > MOST_KEPT ? goOnAt : goOnAt - KEEP_MS;
    let dropped = this.#dropped;
    for (const [id, { changedAt, serial }] of this.#known) {
      if (changedAt >= keepFrom) continue;
      this.#known.delete(id);
      dropped = Math.max(dropped, serial);
    }
    this.#log = this.#log.slice(dropped - this.#dropped);
    this.#dropped = dropped;
  }
}

const BEGINNING = { changedAt: 0, id: null };
