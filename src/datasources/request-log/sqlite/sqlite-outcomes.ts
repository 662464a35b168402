import type { SQLInputValue, StatementSync } from 'node:sqlite';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { parseOutcomeId, type Page, type StoredCallback, type StoredOutcome, isTerminal } from '../stored-request.ts';
import type { DeviceSummary, LogBatch, OutcomePage, OutcomeReads } from '../outcome-reads.ts';
import { cutAfterTerminal } from '../batch-rows.ts';
import { toStoredCallback } from '../event-rows.ts';
import { MessageFacts, missingFacts } from '../message-facts.ts';
import { choosePage, factsNeeded, listDevices, type Devices, type Needed } from '../outcome-filter.ts';
import { countWithoutNidd, NO_DEVICES, OutcomeSummaries, type SummaryRow } from '../outcome-summaries.ts';
import {
  messagesOf,
  newestOf,
  showOutcome,
  toBatch,
  WORK_IN_MEMORY,
  WORK_READ,
  type MessagePlace,
  type OutcomeAt,
} from '../shown-outcomes.ts';
import type { Reads } from './group-commit.ts';
import type { RequestedDevices } from './requested-devices.ts';
import { toPlacedEvent, type EventRow, type RequestRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

/** Devices whose summaries are in memory: 15 bytes each. */
const CACHED_DEVICES = 500_000;

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
  readonly #facts = new MessageFacts();

  constructor(source: Source) {
    this.#source = source;
    this.#sql = source.sql;
    this.#reads = source.reads;
  }

  outcomePages(wanted: readonly OutcomePage[], work = Infinity): Promise<Page<StoredOutcome>[]> {
    return this.#reads.read(() => {
      const places = this.#placesOf(wanted.map(({ requestId }) => requestId));
      const pages: { found: OutcomeAt[]; hasMore: boolean }[] = [];
      for (let done = 0; pages.length < wanted.length && (done < work || pages.length === 0);) {
        const page = wanted[pages.length] as OutcomePage;
        const place = places.get(page.requestId);
        const { summaries, wasRead } = place ? this.#summariesOf(place) : { summaries: NO_DEVICES, wasRead: false };
        const { indexes, hasMore } = place ? choosePage(page, this.#devicesOf(place, summaries, factsNeeded(page))) : NOTHING;
        const found = place ? indexes.flatMap((index) => this.#outcomeAt(place, summaries, index)) : [];
        pages.push({ found, hasMore });
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
      return !place || this.#readFacts(place, this.#summariesOf(place).summaries, of === 'ALL' ? null : ['FAILED'], limit).isComplete;
    });
  }

  devices(requestId: string, statuses: OutcomePage['statuses']): Promise<DeviceSummary[]> {
    return this.#reads.read(() => {
      const place = this.#placesOf([requestId]).get(requestId);
      if (!place) return [];
      const needed: Needed = statuses?.includes('FAILED') ? { of: ['FAILED'] } : null;
      return listDevices(this.#devicesOf(place, this.#summariesOf(place).summaries, needed), statuses);
    });
  }

  outcomesById(ids: readonly string[]): Promise<Map<string, StoredOutcome>> {
    return this.#reads.read(() => {
      const named = ids.flatMap((id) => parseOutcomeId(id) ?? []);
      const places = this.#placesOf(named.map(({ requestId }) => requestId));
      const outcomes = named.flatMap(({ requestId, index }): OutcomeAt[] => {
        const place = places.get(requestId);
        return place ? this.#outcomeAt(place, this.#summariesOf(place).summaries, index) : [];
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
      const requestedOf = (index: number) => this.#source.devices.identifiers(pk, index, requestId);
      const messages = new Map(rows.flatMap(({ event, seq }) => (event.callback ? [[seq, event.callback]] : [])));
      return toBatch(last, this.#withMessages(newestOf(rows, { pk, id: requestId, requestedOf }), messages));
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
    const wanted = messagesOf(outcomes).filter(({ seq }) => !atHand.has(seq));
    const fetched = new Map(this.#messagesAt(wanted).map((row) => [`${row.requestPk}/${row.seq}`, toStoredCallback(row)]));
    const message = (pk: number, seq: number) => atHand.get(seq) ?? fetched.get(`${pk}/${seq}`) ?? null;
    return outcomes.map((outcome) => showOutcome(outcome, message));
  }

  #messagesAt(places: readonly MessagePlace[]): (EventRow & { readonly requestPk: number })[] {
    return places.length === 0 ? [] : this.#all(this.#sql.eventsByPlace, JSON.stringify(places.map(({ pk, seq }) => [pk, seq])));
  }

  #placesOf(ids: readonly string[]): Map<string, RequestRow> {
    return new Map(this.#all<RequestRow>(this.#sql.requestsByIds, JSON.stringify(ids)).map((row) => [row.id, row]));
  }

  #outcomeAt({ pk, id }: RequestRow, summaries: OutcomeSummaries, index: number): OutcomeAt[] {
    const outcome = summaries.at(index);
    return outcome ? [{ pk, requestId: id, index, requested: this.#source.devices.identifiers(pk, index, id), ...outcome }] : [];
  }

  /** The devices with what their messages tell, as far as that is needed. */
  #devicesOf(place: RequestRow, summaries: OutcomeSummaries, needed: Needed): Devices {
    const { devices } = this.#source;
    const named: Devices['named'] = {
      device: (index) => devices.device(place.pk, index, place.id),
      identifiers: (index) => devices.identifiers(place.pk, index, place.id),
    };
    return { summaries, named, facts: needed ? this.#readFacts(place, summaries, needed.of).facts : new Map() };
  }

  /** Reads up to `limit` more messages of devices with one of `statuses` (null: of all). */
  #readFacts({ pk, id }: RequestRow, summaries: OutcomeSummaries, statuses: OutcomePage['statuses'], limit = Infinity) {
    const facts = this.#facts.of(id);
    const { seqs, hasMore } = missingFacts(facts, summaries, statuses, limit);
    const rows = this.#messagesAt(seqs.map((seq) => ({ pk, seq })));
    if (seqs.length > 0)
      this.#facts.add(
        id,
        facts,
        rows.map((row) => [row.seq, toStoredCallback(row)?.message ?? null]),
      );
    return { facts, isComplete: !hasMore };
  }

  /** How the devices of a Request stand, and whether that was read from the tables. */
  #summariesOf({ pk, id, lastSeq, total }: RequestRow): { readonly summaries: OutcomeSummaries; readonly wasRead: boolean } {
    // The members of a group are read after it was made.
    const named = total ?? 0;
    const known = this.#summaries.get(id);
    // A Request that was made again after its purge has a shorter log.
    const summaries = known?.named === named && known.lastSeq <= lastSeq ? known : this.#beginSummaries(pk, named);
    // It does not read messages: 10,000 rows take about 20 ms.
    if (summaries.lastSeq !== lastSeq) summaries.add(this.#all<SummaryRow>(this.#sql.outcomesAfter, pk, summaries.lastSeq));
    summaries.lastSeq = lastSeq;
    this.#summaries.set(id, summaries, summaries.count + 1);
    return { summaries, wasRead: !known };
  }

  #beginSummaries(pk: number, named: number): OutcomeSummaries {
    const carriers = this.#all<{ deviceCount: number | null }>(this.#sql.carriersOf, pk);
    return new OutcomeSummaries(
      named,
      carriers.reduce((sum, { deviceCount }) => sum + (deviceCount ?? named), 0),
    );
  }

  #all<Row>(statement: StatementSync, ...parameters: SQLInputValue[]): Row[] {
    return statement.all(...parameters) as Row[];
  }
}

const NOTHING = { indexes: [], hasMore: false };
