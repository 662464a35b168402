import { setImmediate as nextTurn } from 'node:timers/promises';
import type { RetrySpan } from '../../datasources/request-log/request-reads.ts';
import type { LogStep, RequestReads } from '../../datasources/request-log/request-reads.ts';
import { isTerminal, type RequestStatus, type StoredRequest } from '../../datasources/request-log/stored-request.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';

export type TimelineKind =
  | 'CREATED'
  | 'DEVICES_READ'
  | 'SENT'
  | 'PUT_OFF'
  | 'ACCEPTED'
  | 'REFUSED'
  | 'UNANSWERED'
  | 'PROVEN'
  | 'CANCELLED'
  | 'CLOSED'
  | 'FIRST_REPORT'
  | 'DEVICES_SUCCEEDED'
  | 'DEVICES_FAILED'
  | 'DEVICES_RECONCILED'
  | 'DEVICES_OVERDUE'
  | 'DEVICES_EXPIRED'
  | 'CALLBACKS_UNMATCHED'
  | 'CONTRADICTIONS'
  | 'NIDD_REPORTS'
  | 'COMPLETED'
  | 'OPENED_AGAIN'
  | 'RETRIED';

export interface TimelineEntry {
  readonly kind: TimelineKind;
  /** When it happened first, and when last. */
  readonly at: number;
  readonly lastAt: number;
  readonly count: number;
  /** Null for an entry about the Request as a whole. */
  readonly position: number | null;
  /** For COMPLETED. */
  readonly status: RequestStatus | null;
}

/** What a row says about a carrier request. The other kinds of rows are about devices. */
const OF_CARRIER_REQUEST: Readonly<Partial<Record<LogStep['kind'], TimelineKind>>> = {
  SENDING: 'SENT',
  REQUEUED: 'PUT_OFF',
  ACCEPTED: 'ACCEPTED',
  REFUSED: 'REFUSED',
  UNANSWERED: 'UNANSWERED',
  PROVEN: 'PROVEN',
  CANCELLED: 'CANCELLED',
  CLOSED: 'CLOSED',
};
const OF_REQUEST: Readonly<Partial<Record<LogStep['kind'], TimelineKind>>> = {
  CREATED: 'CREATED',
  MEMBERS: 'DEVICES_READ',
  RECONCILED: 'DEVICES_RECONCILED',
  UNMATCHED: 'CALLBACKS_UNMATCHED',
  CONTRADICTION: 'CONTRADICTIONS',
  NIDD: 'NIDD_REPORTS',
};
const REPORTS: ReadonlySet<LogStep['kind']> = new Set(['CALLBACK', 'NOTICE', 'NIDD', 'UNMATCHED']);

/** With more carrier requests than this, their steps are told together. */
const MAX_POSITIONS = 10;
/** A Request may end and be opened again many times. Later ends are told with the last of these. */
const MAX_ENDS = 10;
/**
 * Each carrier request has its own steps. Each end has one of six statuses, and may be opened again. Beside them are the first
 * report, four results of devices, and the retries.
 */
export const MAX_ENTRIES = Object.keys(OF_CARRIER_REQUEST).length * MAX_POSITIONS + Object.keys(OF_REQUEST).length + (MAX_ENDS + 1) * 7 + 6;
/** Requests whose timeline is in memory, in entries. */
const CACHED_ENTRIES = 50_000;
const ROWS_A_TURN = 1_000;

/** A Request's log, folded to the entries of its timeline. Their number does not grow with the devices. */
class TimelineFold {
  readonly #entries = new Map<string, { -readonly [Key in keyof TimelineEntry]: TimelineEntry[Key] }>();
  readonly #isSplit: boolean;
  #status: RequestStatus = 'QUEUED';
  #ends = 0;
  lastSeq = 0;

  /** @param parts how many carrier requests it has. */
  constructor(parts: number) {
    this.#isSplit = parts > 1 && parts <= MAX_POSITIONS;
  }

  get entries(): readonly TimelineEntry[] {
    return [...this.#entries.values()];
  }

  add({ seq, at, kind, position, ties, outcomeStatus, finalSeq, requestStatus }: LogStep): void {
    this.lastSeq = seq;
    const step = OF_CARRIER_REQUEST[kind];
    if (step) this.#count(step, at, this.#isSplit ? position : null);
    const told = OF_REQUEST[kind];
    if (told) this.#count(told, at);
    if (REPORTS.has(kind) && !this.#entries.has('FIRST_REPORT')) this.#count('FIRST_REPORT', at);
    // A message that was tied late has settled its device only if it is the final one.
    const settles = kind === 'CALLBACK' || (kind === 'MATCHED' && finalSeq === ties);
    if (settles && outcomeStatus === 'SUCCEEDED') this.#count('DEVICES_SUCCEEDED', at);
    if (settles && outcomeStatus === 'FAILED') this.#count('DEVICES_FAILED', at);
    if (kind === 'SETTLED' && outcomeStatus === 'OVERDUE') this.#count('DEVICES_OVERDUE', at);
    if (kind === 'SETTLED' && outcomeStatus === 'EXPIRED') this.#count('DEVICES_EXPIRED', at);
    this.#follow(requestStatus, at);
  }

  #follow(status: RequestStatus, at: number): void {
    const before = this.#status;
    this.#status = status;
    if (isTerminal(status) && status !== before) this.#count('COMPLETED', at, null, status);
    if (isTerminal(status) || !isTerminal(before)) return;
    this.#count('OPENED_AGAIN', at);
    this.#ends = Math.min(this.#ends + 1, MAX_ENDS);
  }

  #count(kind: TimelineKind, at: number, position: number | null = null, status: RequestStatus | null = null): void {
    const isEnd = kind === 'COMPLETED' || kind === 'OPENED_AGAIN';
    const key = isEnd ? `${kind} ${status} ${this.#ends}` : position === null ? kind : `${kind} ${position}`;
    const known = this.#entries.get(key);
    if (known) Object.assign(known, { lastAt: at, count: known.count + 1 });
    else this.#entries.set(key, { kind, at, lastAt: at, count: 1, position, status });
  }
}

/** Tells the life of Requests in a few entries. What was read of a log is kept, so only new rows are read again. */
export class Timelines {
  readonly #requests: Pick<RequestReads, 'steps'>;
  readonly #folds = new BoundedCache<string, TimelineFold>(CACHED_ENTRIES);

  constructor(requests: Pick<RequestReads, 'steps'>) {
    this.#requests = requests;
  }

  /** In the order in which things first happened. */
  async of(request: StoredRequest, parts: number, retries: RetrySpan | null): Promise<readonly TimelineEntry[]> {
    const fold = this.#folds.get(request.id) ?? new TimelineFold(parts);
    while (fold.lastSeq < request.lastSeq) {
      const from = fold.lastSeq;
      const steps = await this.#requests.steps(request.id, from, ROWS_A_TURN);
      // Somebody else may have read them meanwhile.
      if (fold.lastSeq === from) for (const step of steps) fold.add(step);
      if (steps.length === 0) break;
      await nextTurn();
    }
    this.#folds.set(request.id, fold, fold.entries.length + 1);
    if (!retries) return fold.entries;
    const { count, firstAt, lastAt } = retries;
    const retried: TimelineEntry = { kind: 'RETRIED', at: firstAt, lastAt, count, position: null, status: null };
    return [...fold.entries, retried].toSorted((a, b) => a.at - b.at);
  }
}
