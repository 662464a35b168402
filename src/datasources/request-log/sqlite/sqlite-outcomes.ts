import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import type { OutcomeChange } from '../log-event.ts';
import {
  outcomeId,
  parseOutcomeId,
  type Page,
  type StoredCallback,
  type StoredOutcome,
  isTerminal,
  progressOf,
} from '../stored-request.ts';
import type { DeviceSummary, LogBatch, OutcomePage, OutcomeReads } from '../outcome-reads.ts';
import { cutAfterTerminal, resolveThisRow } from '../batch-rows.ts';
import type { Reads } from './group-commit.ts';
import { MessageFacts } from './message-facts.ts';
import { listDevices, outcomeFilter } from './outcome-filter.ts';
import type { Statements } from './sqlite-statements.ts';
import { toPlacedEvent, toStoredCallback, type EventRow, type RequestRow } from './sqlite-rows.ts';
import type { RequestedDevices } from './requested-devices.ts';
import {
  beginSummaries,
  bringForward,
  countWithoutNidd,
  NO_DEVICES,
  type OutcomeSummaries,
  type OutcomeSummary,
} from './outcome-summaries.ts';

/** How a device stands at some row. Its messages are read later. */
interface OutcomeAt extends OutcomeChange, OutcomeSummary {
  readonly pk: number;
  readonly requestId: string;
  readonly requested: StoredOutcome['requested'];
}

/** Devices whose summaries are in memory: 15 bytes each. */
const CACHED_DEVICES = 500_000;
/** The work to pass over a device whose summary is in memory, or must be read. To show a device is 1. */
const WORK_IN_MEMORY = 1 / 500;
const WORK_READ = 1 / 20;

interface Source {
  readonly sql: Statements;
  readonly reads: Reads;
  readonly devices: RequestedDevices;
  /** @throws GatewayError NOT_FOUND */
  readonly pkOf: (requestId: string) => number;
}

/** `OutcomeReads` of the SQLite store. */
export class SqliteOutcomes implements OutcomeReads {
  readonly #source: Source;
  readonly #sql: Statements;
  readonly #reads: Reads;
  /** By the id of the Request. */
  readonly #summaries = new BoundedCache<string, OutcomeSummaries>(CACHED_DEVICES);
  readonly #facts: MessageFacts;

  constructor(source: Source) {
    this.#source = source;
    this.#sql = source.sql;
    this.#reads = source.reads;
    this.#facts = new MessageFacts(source.sql);
  }

  outcomePages(wanted: readonly OutcomePage[], work = Infinity): Promise<Page<StoredOutcome>[]> {
    return this.#reads.read(() => {
      const places = this.#placesOf(wanted.map(({ requestId }) => requestId));
      const pages: { found: OutcomeAt[]; hasMore: boolean }[] = [];
      for (let done = 0; pages.length < wanted.length && (done < work || pages.length === 0);) {
        const { requestId, afterIndex, limit } = wanted[pages.length] as OutcomePage;
        const place = places.get(requestId);
        const { summaries, wasRead } = place ? this.#summariesOf(place) : { summaries: NO_DEVICES, wasRead: false };
        const found: OutcomeAt[] = [];
        const belongs =
          place && outcomeFilter(wanted[pages.length] as OutcomePage, place, { summaries, devices: this.#source.devices }, this.#facts);
        for (let index = afterIndex + 1; index < summaries.count && found.length <= limit; index++) {
          const outcome = summaries.at(index);
          if (!place || !outcome || !belongs?.(index, outcome)) continue;
          found.push({
            pk: place.pk,
            requestId,
            index,
            requested: found.length < limit ? this.#source.devices.identifiers(place.pk, index, place.id) : null,
            ...outcome,
          });
        }
        pages.push({ found: found.slice(0, limit), hasMore: found.length > limit });
        done += found.length + summaries.count * (wasRead ? WORK_READ : WORK_IN_MEMORY);
      }
      const shown = this.#withMessages(pages.flatMap(({ found }) => found));
      let from = 0;
      return pages.map(({ found, hasMore }) => ({ rows: shown.slice(from, (from += found.length)), hasMore }));
    });
  }

  prepare(requestId: string, of: 'FAILED' | 'ALL', limit: number): Promise<boolean> {
    return this.#reads.read(() => {
      const place = this.#placesOf([requestId]).get(requestId);
      if (!place) return true;
      return this.#facts.read(place.pk, place.id, this.#summariesOf(place).summaries, of === 'ALL' ? null : ['FAILED'], limit);
    });
  }

  devices(requestId: string, statuses: OutcomePage['statuses']): Promise<DeviceSummary[]> {
    return this.#reads.read(() => {
      const place = this.#placesOf([requestId]).get(requestId);
      return place
        ? listDevices(place, { summaries: this.#summariesOf(place).summaries, devices: this.#source.devices }, statuses, this.#facts)
        : [];
    });
  }

  outcomesById(ids: readonly string[]): Promise<Map<string, StoredOutcome>> {
    return this.#reads.read(() => {
      const named = ids.flatMap((id) => parseOutcomeId(id) ?? []);
      const places = this.#placesOf(named.map(({ requestId }) => requestId));
      const outcomes = named.flatMap(({ requestId, index }): OutcomeAt[] => {
        const place = places.get(requestId);
        const { summaries } = place ? this.#summariesOf(place) : { summaries: NO_DEVICES };
        const outcome = summaries.at(index);
        return place && outcome
          ? [{ pk: place.pk, requestId, index, requested: this.#source.devices.identifiers(place.pk, index, requestId), ...outcome }]
          : [];
      });
      return new Map(this.#withMessages(outcomes).map((outcome) => [outcome.id, outcome]));
    });
  }

  read(requestId: string, afterSeq: number, limit: number): Promise<LogBatch | null> {
    return this.#reads.read(() => {
      const pk = this.#source.pkOf(requestId);
      const lastSeq = (this.#sql.lastSeqOf.get(pk) as { lastSeq: number } | undefined)?.lastSeq ?? 0;
      if (afterSeq >= lastSeq) return null;
      const rows = cutAfterTerminal(this.#all<EventRow>(this.#sql.eventsAfter, pk, afterSeq, limit).map(toPlacedEvent), () =>
        this.#hasEndedAt(pk, afterSeq),
      );
      const last = rows.at(-1);
      if (!last) return null;
      const newest = new Map<number, OutcomeAt>();
      const messages = new Map<number, StoredCallback>();
      for (const { event, seq } of rows) {
        if (event.callback) messages.set(seq, event.callback);
        if (event.outcome) {
          const { index } = event.outcome;
          newest.set(index, {
            pk,
            requestId,
            requested: this.#source.devices.identifiers(pk, index, requestId),
            lastSeq: seq,
            ...resolveThisRow(event.outcome, seq),
          });
        }
      }
      return {
        lastSeq: last.seq,
        status: last.status,
        progress: progressOf(last.counts),
        outcomes: this.#withMessages([...newest.values()], messages),
      };
    });
  }

  /** True when the Request was terminal at this row already. */
  #hasEndedAt(pk: number, seq: number): boolean {
    const [row] = seq === 0 ? [] : this.#all<EventRow>(this.#sql.eventsAfter, pk, seq - 1, 1);
    return row !== undefined && isTerminal(row.requestStatus);
  }

  niddOutstanding(requestId: string): Promise<number> {
    return this.#reads.read(() => {
      const [row] = this.#all<RequestRow>(this.#sql.requestByPk, this.#source.pkOf(requestId));
      return countWithoutNidd(row ? this.#summariesOf(row).summaries : NO_DEVICES);
    });
  }

  /** Adds to outcomes their messages. `atHand` may have some of them, by `seq`, when all are of one Request. One statement reads the rest. */
  #withMessages(outcomes: readonly OutcomeAt[], atHand: ReadonlyMap<number, StoredCallback> = new Map()): StoredOutcome[] {
    const wanted = outcomes.flatMap(({ pk, finalSeq, niddSeq }) =>
      [finalSeq, niddSeq].filter((seq) => seq > 0 && !atHand.has(seq)).map((seq) => [pk, seq]),
    );
    const fetched = new Map<string, StoredCallback | null>();
    if (wanted.length > 0) {
      for (const row of this.#all<EventRow & { requestPk: number }>(this.#sql.eventsByPlace, JSON.stringify(wanted))) {
        fetched.set(`${row.requestPk}/${row.seq}`, toStoredCallback(row));
      }
    }
    const message = (pk: number, seq: number) => (seq === 0 ? null : (atHand.get(seq) ?? fetched.get(`${pk}/${seq}`) ?? null));
    return outcomes.map(({ pk, requestId, index, requested, status, source, contradicted, lastSeq, finalSeq, niddSeq }) => ({
      id: outcomeId(requestId, index),
      requestId,
      index,
      requested,
      status,
      source,
      contradicted,
      lastSeq,
      final: message(pk, finalSeq),
      nidd: message(pk, niddSeq),
    }));
  }

  #placesOf(ids: readonly string[]): Map<string, RequestRow> {
    return new Map(this.#all<RequestRow>(this.#sql.requestsByIds, JSON.stringify(ids)).map((row) => [row.id, row]));
  }

  /** How the devices of a Request stand, and whether that was read from the tables. */
  #summariesOf({ pk, id, lastSeq, total }: RequestRow): { readonly summaries: OutcomeSummaries; readonly wasRead: boolean } {
    // The members of a group are read after it was made.
    const named = total ?? 0;
    const known = this.#summaries.get(id);
    // A Request that was made again after its purge has a shorter log.
    const summaries = known?.named === named && known.lastSeq <= lastSeq ? known : beginSummaries(this.#sql, pk, named);
    if (summaries.lastSeq !== lastSeq) bringForward(this.#sql, pk, summaries, lastSeq);
    this.#summaries.set(id, summaries, summaries.count + 1);
    return { summaries, wasRead: !known };
  }

  #all<Row>(statement: StatementSync, ...parameters: SQLInputValue[]): Row[] {
    return statement.all(...parameters) as Row[];
  }
}
