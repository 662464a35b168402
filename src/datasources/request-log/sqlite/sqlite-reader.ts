import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import type { KeptReason } from '../kept-messages.ts';
import { THIS_ROW, type OutcomeChange } from '../log-event.ts';
import { outcomeId, parseOutcomeId } from '../outcome-id.ts';
import * as log from '../request-log.ts';
import { listRequestsSql, type Statements } from './sqlite-statements.ts';
import {
  toCarrierRequest,
  toPlacedEvent,
  toRequest,
  toStoredCallback,
  toUnclaimed,
  type CarrierRequestRow,
  type EventRow,
  type RequestRow,
  type UnclaimedRow,
} from './sqlite-rows.ts';
import type { SqliteWriter } from './sqlite-writer.ts';
import { readStandingOutcomes, standingOf, type StandingOutcomes } from './standing-outcomes.ts';
import type { PlacedEvent } from '../transition.ts';

type Memory = Pick<SqliteWriter, 'state' | 'stateAtHand' | 'recent'>;

/** How a device stands at some row: enough to show it once its messages are read. */
interface OutcomeAt extends OutcomeChange {
  readonly pk: number;
  readonly requestId: string;
  readonly requested: log.StoredOutcome['requested'];
}

/** Devices of Requests that nothing happens to, in memory because they are shown: 150 bytes each. */
const SHOWN_DEVICES = 500_000;
/** Looking through a device takes this part of what showing it does; reading how it stands, that. */
const LOOK = 1 / 500;
const READ = 1 / 20;
/** Of the messages in one page of unclaimed callbacks. */
const PAGE_CHARACTERS = 8 * 1_048_576;

/** The reads of the SQLite store. They see what is committed: no transaction is ever open between two turns. */
export class SqliteReader {
  readonly #db: DatabaseSync;
  readonly #sql: Statements;
  readonly #memory: Memory;
  readonly #lists = new Map<string, StatementSync>();
  /** By the id of the Request: while its log is as long, it stands like this. */
  readonly #shown = new BoundedCache<string, { readonly lastSeq: number; readonly standing: StandingOutcomes }>(SHOWN_DEVICES);
  statements = 0;

  constructor(db: DatabaseSync, sql: Statements, memory: Memory) {
    this.#db = db;
    this.#sql = sql;
    this.#memory = memory;
  }

  requests(ids: readonly string[]): Map<string, log.StoredRequest> {
    const rows = this.#all<RequestRow>(this.#sql.requestsByIds, JSON.stringify(ids));
    return new Map(rows.map((row) => [row.id, toRequest(row)]));
  }

  requestByCarrierId(carrierRequestId: string): log.StoredRequest | null {
    const [row] = this.#all<RequestRow>(this.#sql.requestByCarrierId, carrierRequestId);
    return row ? toRequest(row) : null;
  }

  carrierRequests(requestIds: readonly string[]): Map<string, log.StoredCarrierRequest[]> {
    const found = new Map<string, log.StoredCarrierRequest[]>(requestIds.map((id) => [id, []]));
    for (const row of this.#all<CarrierRequestRow>(this.#sql.carrierRequestsOf, JSON.stringify(requestIds))) {
      found.get(row.request_id)?.push(toCarrierRequest(row));
    }
    return found;
  }

  list(filter: log.RequestFilter, after: string | null, limit: number): log.Page<log.StoredRequest> {
    const asked = defined({
      accounts: filter.accounts && JSON.stringify(filter.accounts),
      before: after,
      statuses: filter.statuses && JSON.stringify(filter.statuses),
      operation: filter.operation,
      reference: filter.clientReference,
      keys: filter.deviceKeys && JSON.stringify(filter.deviceKeys),
      since: filter.since,
      until: filter.until,
    });
    const sql = listRequestsSql(asked);
    let statement = this.#lists.get(sql);
    if (!statement) this.#lists.set(sql, (statement = this.#db.prepare(sql)));
    this.statements++;
    const rows = statement.all({ ...asked, limit: limit + 1 }) as RequestRow[];
    return { rows: rows.slice(0, limit).map(toRequest), hasMore: rows.length > limit };
  }

  outcomePages(wanted: readonly log.OutcomePage[], work = Infinity): log.Page<log.StoredOutcome>[] {
    const places = this.#placesOf(wanted.map(({ requestId }) => requestId));
    const pages: { found: OutcomeAt[]; hasMore: boolean }[] = [];
    for (let done = 0; pages.length < wanted.length && (done < work || pages.length === 0);) {
      const { requestId, statuses, afterIndex, limit } = wanted[pages.length] as log.OutcomePage;
      const place = places.get(requestId);
      const { standing, wasRead } = place ? this.#standing(place) : NOBODY;
      const found: OutcomeAt[] = [];
      for (let index = afterIndex + 1; index < standing.count && found.length <= limit; index++) {
        const outcome = standing.at(index);
        if (!place || !outcome || (statuses && !statuses.includes(outcome.status))) continue;
        found.push({ pk: place.pk, requestId, index, requested: found.length < limit ? standing.requested(index) : null, ...outcome });
      }
      pages.push({ found: found.slice(0, limit), hasMore: found.length > limit });
      done += found.length + standing.count * (wasRead ? READ : LOOK);
    }
    const shown = this.#show(pages.flatMap(({ found }) => found));
    let from = 0;
    return pages.map(({ found, hasMore }) => ({ rows: shown.slice(from, (from += found.length)), hasMore }));
  }

  outcomesById(ids: readonly string[]): Map<string, log.StoredOutcome> {
    const named = ids.flatMap((id) => parseOutcomeId(id) ?? []);
    const places = this.#placesOf(named.map(({ requestId }) => requestId));
    const standing = named.flatMap(({ requestId, index }): OutcomeAt[] => {
      const place = places.get(requestId);
      if (!place) return [];
      const all = this.#standing(place).standing;
      const outcome = all.at(index);
      return outcome ? [{ pk: place.pk, requestId, index, requested: all.requested(index), ...outcome }] : [];
    });
    return new Map(this.#show(standing).map((outcome) => [outcome.id, outcome]));
  }

  read(pk: number, requestId: string, afterSeq: number, limit: number): log.LogBatch | null {
    const { lastSeq, requested } = this.#followed(pk);
    if (afterSeq >= lastSeq) return null;
    const rows = upToTerminal(
      this.#memory.recent.after(pk, afterSeq, limit, lastSeq) ??
        this.#all<EventRow>(this.#sql.eventsAfter, pk, afterSeq, limit).map(toPlacedEvent),
      () => this.#hadEnded(pk, afterSeq),
    );
    const last = rows.at(-1);
    if (!last) return null;
    const newest = new Map<number, OutcomeAt>();
    const messages = new Map<number, log.StoredCallback>();
    for (const { event, seq } of rows) {
      if (event.callback) messages.set(seq, event.callback);
      if (event.outcome) {
        const { index } = event.outcome;
        newest.set(index, { pk, requestId, requested: requested(index), ...inPlace(event.outcome, seq) });
      }
    }
    return {
      lastSeq: last.seq,
      status: last.status,
      progress: log.progressOf(last.counts),
      outcomes: this.#show([...newest.values()], messages),
    };
  }

  /** Whether the Request stood at its end with this row already. */
  #hadEnded(pk: number, seq: number): boolean {
    const [row] = seq === 0 ? [] : this.#all<EventRow>(this.#sql.eventsAfter, pk, seq - 1, 1);
    return row !== undefined && log.isTerminal(row.request_status);
  }

  unclaimed(accounts: readonly string[] | null, after: string | null, limit: number): log.Page<log.UnclaimedCallback> {
    this.statements++;
    const rows: UnclaimedRow[] = [];
    let characters = 0;
    // A page of long messages ends early: a thousand of a megabyte each would not fit into one answer.
    const asked = { after: Number(after ?? 0), limit: limit + 1 };
    const { unclaimedPage, unclaimedPageOf, unclaimedByPk } = this.#sql;
    const page = accounts ? unclaimedPageOf.all({ ...asked, accounts: JSON.stringify(accounts) }) : unclaimedPage.all(asked);
    for (const { pk } of page as { pk: number }[]) {
      const row = unclaimedByPk.get(pk) as UnclaimedRow;
      characters += row.message.length;
      if (rows.length === limit || (characters > PAGE_CHARACTERS && rows.length > 0)) return { rows: shownUnclaimed(rows), hasMore: true };
      rows.push(row);
    }
    return { rows: shownUnclaimed(rows), hasMore: false };
  }

  sendable(requestId: string): log.SendableRequest | null {
    const request = this.requests([requestId]).get(requestId);
    const row = this.#sql.pkOfRequest.get(requestId) as { pk: number } | undefined;
    if (!request || !row) return null;
    const [input] = this.#all<{ devices: string | null; settings: string }>(this.#sql.inputOf, row.pk);
    return {
      request,
      devices: input?.devices ? this.#memory.state(row.pk).devices : null,
      settings: JSON.parse(input?.settings ?? '{}'),
      carrierRequests: this.carrierRequests([requestId]).get(requestId) ?? [],
    };
  }

  sentSince(operation: string, since: number): number[] {
    const rows = this.#all<{ sent_at: number; attempts: number }>(this.#sql.sentSince, since, operation);
    // Earlier attempts of one that was sent again are taken to be as recent as its last.
    return rows.flatMap(({ sent_at, attempts }) => Array.from({ length: attempts }, () => sent_at));
  }

  niddOutstanding(pk: number): number {
    const [row] = this.#all<RequestRow>(this.#sql.requestByPk, pk);
    const standing = row ? this.#standing(row).standing : NOBODY.standing;
    let outstanding = 0;
    for (let index = 0; index < standing.count; index++) {
      const outcome = standing.at(index);
      if (outcome?.status === 'SUCCEEDED' && outcome.niddSeq === 0) outstanding++;
    }
    return outstanding;
  }

  counts(): log.LogCounts {
    const [unclaimed] = this.#all<{ rows: number }>(this.#sql.countUnclaimed);
    const open = this.#all<{ status: log.RequestStatus; rows: number; overdue: number }>(this.#sql.openByStatus);
    const kept = this.#all<{ reason: KeptReason; rows: number }>(this.#sql.keptByReason);
    return {
      unclaimed: unclaimed?.rows ?? 0,
      keptByReason: Object.fromEntries(kept.map(({ reason, rows }) => [reason, rows])),
      overdueDevices: open.reduce((sum, { overdue }) => sum + overdue, 0),
      openByStatus: Object.fromEntries(open.map(({ status, rows }) => [status, rows])),
    };
  }

  /** Outcomes with the messages they rest on; `atHand` has some of those of a single Request, by place, the others are fetched at once. */
  #show(standing: readonly OutcomeAt[], atHand: ReadonlyMap<number, log.StoredCallback> = new Map()): log.StoredOutcome[] {
    const wanted = standing.flatMap(({ pk, finalSeq, niddSeq }) =>
      [finalSeq, niddSeq].filter((seq) => seq > 0 && !atHand.has(seq)).map((seq) => [pk, seq]),
    );
    const fetched = new Map<string, log.StoredCallback | null>();
    if (wanted.length > 0) {
      for (const row of this.#all<EventRow & { request_pk: number }>(this.#sql.eventsByPlace, JSON.stringify(wanted))) {
        fetched.set(`${row.request_pk}/${row.seq}`, toStoredCallback(row.service, row.message, row.at, row.callback_count));
      }
    }
    const message = (pk: number, seq: number) => (seq === 0 ? null : (atHand.get(seq) ?? fetched.get(`${pk}/${seq}`) ?? null));
    return standing.map(({ pk, requestId, index, requested, status, source, contradicted, finalSeq, niddSeq }) => ({
      id: outcomeId(requestId, index),
      requestId,
      index,
      requested,
      status,
      source,
      contradicted,
      final: message(pk, finalSeq),
      nidd: message(pk, niddSeq),
    }));
  }

  #placesOf(ids: readonly string[]): Map<string, RequestRow> {
    return new Map(this.#all<RequestRow>(this.#sql.requestsByIds, JSON.stringify(ids)).map((row) => [row.id, row]));
  }

  #followed(pk: number): { readonly lastSeq: number; readonly requested: StandingOutcomes['requested'] } {
    const atHand = this.#memory.stateAtHand(pk);
    if (atHand) return { lastSeq: atHand.lastSeq, requested: (index) => atHand.requested(index) };
    const [row] = this.#all<RequestRow>(this.#sql.requestByPk, pk);
    return row ? { lastSeq: row.last_seq, requested: this.#standing(row).standing.requested } : { lastSeq: 0, requested: () => null };
  }

  /** How the devices of a Request stand, and whether that had to be read. */
  #standing({ pk, id, last_seq: lastSeq }: RequestRow): { readonly standing: StandingOutcomes; readonly wasRead: boolean } {
    const atHand = this.#memory.stateAtHand(pk);
    if (atHand) return { standing: standingOf(atHand), wasRead: false };
    const shown = this.#shown.get(id);
    if (shown?.lastSeq === lastSeq) return { standing: shown.standing, wasRead: false };
    const standing = readStandingOutcomes(this.#sql, pk);
    this.#shown.set(id, { lastSeq, standing }, standing.count + 1);
    return { standing, wasRead: true };
  }

  #all<Row>(statement: StatementSync, ...parameters: SQLInputValue[]): Row[] {
    this.statements++;
    return statement.all(...parameters) as Row[];
  }
}

const NOBODY = { standing: { count: 0, at: () => null, requested: () => null } as StandingOutcomes, wasRead: false };

function shownUnclaimed(rows: readonly UnclaimedRow[]): log.UnclaimedCallback[] {
  return rows.flatMap((row) => toUnclaimed(row) ?? []);
}

/** The row that ends the Request ends the batch; what comes after it (a NIDD message, a correction) is a batch of its own. */
function upToTerminal(rows: PlacedEvent[], hadEnded: () => boolean): PlacedEvent[] {
  const ends = rows.map(({ status }) => log.isTerminal(status));
  const end = ends.findIndex((ended, at) => ended && at < rows.length - 1 && !(at === 0 ? hadEnded() : ends[at - 1]));
  return end < 0 ? rows : rows.slice(0, end + 1);
}

function inPlace(outcome: OutcomeChange, seq: number): OutcomeChange {
  const { finalSeq, niddSeq } = outcome;
  return { ...outcome, finalSeq: finalSeq === THIS_ROW ? seq : finalSeq, niddSeq: niddSeq === THIS_ROW ? seq : niddSeq };
}

function defined(values: Record<string, SQLInputValue | undefined>): Record<string, SQLInputValue> {
  return Object.fromEntries(
    Object.entries(values).filter((entry): entry is [string, SQLInputValue] => entry[1] !== undefined && entry[1] !== null),
  );
}
