import type { DueCarrierRequest, Finding, Lapsed, LapseOptions, SilentDevice, RetryPage, RetrySpan } from '../follow-up-log.ts';
import type { EventCallback, LogEvent } from '../log-event.ts';
import { countRivals, isAtOdds, UNSETTLED } from '../request-state.ts';
import type { RequestedDevice, RequestError, StoredRequest, Page } from '../stored-request.ts';
import type { Change } from '../transition.ts';
import type { NewestState } from '../device-state.ts';
import { toRequest, type RequestRow, type RowOf } from './sqlite-rows.ts';
import { findCarrier, type Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

/** Devices that one read looks at: a few milliseconds. */
const LISTED_AT_ONCE = 500;

/** What was found among some devices, and the device from which to go on; null at the end. */
export interface DevicePart {
  readonly devices: readonly SilentDevice[];
  readonly next: number | null;
}

/** How many were found, and the findings that wait for another step. */
export interface Found {
  readonly count: number;
  readonly rest: readonly Finding[];
}

/** The jobs and reads of `FollowUpLog`. The jobs run inside a transaction of the group commit. */
export class SqliteFollowUp {
  readonly #sql: Statements;
  readonly #writer: SqliteWriter;
  readonly #now: () => number;

  constructor(sql: Statements, writer: SqliteWriter, now: () => number) {
    this.#sql = sql;
    this.#writer = writer;
    this.#now = now;
  }

  cancelQueued(requestId: string, error: RequestError): number {
    const state = this.#writer.changes.state(this.#writer.pkOf(requestId));
    const queued = state.carriers.keys().filter((position) => state.carrierState(position) === 'QUEUED');
    return [...queued].filter((position) => this.#writer.step(requestId, position, { type: 'CANCELLED', error })).length;
  }

  resolveUnknown(requestId: string, position: number, carrierRequestId: string | null): 'RESOLVED' | 'NOT_UNKNOWN' | 'ID_TAKEN' {
    const state = this.#writer.changes.state(this.#writer.pkOf(requestId));
    if (state.carriers[position] === undefined || state.carrierState(position) !== 'UNKNOWN') return 'NOT_UNKNOWN';
    if (carrierRequestId !== null && findCarrier(this.#sql, carrierRequestId)) return 'ID_TAKEN';
    this.#writer.step(
      requestId,
      position,
      carrierRequestId === null ? { type: 'CANCELLED', error: NEVER_ARRIVED } : { type: 'ACCEPTED', carrierRequestId },
    );
    return 'RESOLVED';
  }

  setMembers(requestId: string, devices: readonly RequestedDevice[]): void {
    const pk = this.#writer.pkOf(requestId);
    // It was cancelled or sent while the devices were read: their list is too late.
    if (this.#writer.changes.state(pk).carrierState(0) !== 'QUEUED') return;
    this.#writer.changes.setMembers(pk, devices);
  }

  lapse(requestId: string, position: number, into: 'OVERDUE' | 'EXPIRED', { from = 0, limit, onHoldToo = false }: LapseOptions): Lapsed {
    const pk = this.#writer.pkOf(requestId);
    const now = this.#writer.changes.state(pk).carrierState(position);
    if (now !== 'ACCEPTED' && !(now === 'UNKNOWN' && into === 'EXPIRED')) return { devices: 0, next: null };
    const { placed, next } = this.#writer.changes.apply(pk, { type: 'LAPSE', position, into, from, limit, onHoldToo });
    if (placed.some(({ event }) => event.kind === 'CLOSED')) this.#sql.setCarrierState.run('CLOSED', pk, position);
    return { devices: placed.filter(({ event }) => event.kind === 'SETTLED').length, next };
  }

  /** Gives back how many devices were settled, and the findings that must wait for another step. */
  reconcile(findings: readonly Finding[]): Found {
    return this.#find(findings, 'RECONCILED', (finding, answer) => ({
      type: 'RECONCILED',
      position: finding.position,
      index: finding.index,
      answer,
    }));
  }

  /** Gives back how many messages found their device, and the findings that must wait for another step. */
  learn(findings: readonly Finding[]): Found {
    return this.#find(findings, 'MATCHED', ({ position, index }, answer) =>
      index === null ? null : { type: 'LEARNT', position, index, answer },
    );
  }

  /** The devices that are wanted among some hundred of them, and where to go on. */
  #select(requestId: string, position: number, from: number, isWanted: (device: NewestState) => boolean): DevicePart {
    const pk = this.#writer.pkOf(requestId);
    const set = this.#writer.changes.rowsOf(pk);
    const end = Math.min(from + LISTED_AT_ONCE, set.state.devices);
    const found = set.devices(from, end).filter((device) => device.position === position && isWanted(device));
    const devices = found.map(({ index }) => ({
      index,
      requested: this.#writer.changes.devices.identifiers(pk, index) ?? [],
      keys: set.keys(index),
    }));
    return { devices, next: end < set.state.devices ? end : null };
  }

  #find(
    findings: readonly Finding[],
    counted: LogEvent['kind'],
    toChange: (finding: Finding, answer: EventCallback) => Change | null,
  ): Found {
    const at = this.#now();
    let count = 0;
    for (const [done, finding] of findings.entries()) {
      const change = toChange(finding, toAnswer(finding, at));
      if (!change) continue;
      const { placed, result } = this.#writer.changes.apply(this.#writer.pkOf(finding.requestId), change, at);
      if (result === 'NOT_YET') return { count, rest: findings.slice(done) };
      count += placed.filter(({ event }) => event.kind === counted).length;
    }
    return { count, rest: [] };
  }

  due(before: number): DueCarrierRequest[] {
    return this.#sql.due.all(before) as RowOf<DueCarrierRequest>[];
  }

  completedUnmatched(since: number): DueCarrierRequest[] {
    return this.#sql.completedUnmatched.all(since) as RowOf<DueCarrierRequest>[];
  }

  askable(requestId: string): DueCarrierRequest[] {
    return this.#sql.askable.all(requestId) as RowOf<DueCarrierRequest>[];
  }

  silentDevices(requestId: string, position: number, from: number): DevicePart {
    return this.#select(requestId, position, from, ({ status }) => UNSETTLED.includes(status));
  }

  unmatchedDevices(requestId: string, position: number, from: number): DevicePart {
    const carrier = this.#writer.changes.state(this.#writer.pkOf(requestId)).carrier(position);
    const [someNidd, someOther] = [countRivals(carrier, true) > 0, countRivals(carrier, false) > 0];
    if (!someNidd && !someOther) return { devices: [], next: null };
    return this.#select(
      requestId,
      position,
      from,
      ({ source, niddSeq }) => (someOther && source !== 'CALLBACK') || (someNidd && niddSeq === 0),
    );
  }

  isAtOdds(requestId: string, position: number): boolean {
    return isAtOdds(this.#writer.changes.state(this.#writer.pkOf(requestId)).carrier(position));
  }

  retriesOf(requestIds: readonly string[]): Map<string, StoredRequest[]> {
    const rows = (this.#sql.retriesOf.all(JSON.stringify(requestIds)) as RequestRow[]).map(toRequest);
    return Map.groupBy(rows, ({ retryOf }) => retryOf ?? '');
  }

  retrySpans(requestIds: readonly string[]): Map<string, RetrySpan> {
    const rows = this.#sql.retrySpans.all(JSON.stringify(requestIds)) as RowOf<RetrySpan & { readonly id: string }>[];
    return new Map(rows.map(({ id, ...span }) => [id, span]));
  }

  retryPages(wanted: readonly RetryPage[]): Page<StoredRequest>[] {
    const asked = wanted.map(({ requestId, after, limit }) => [requestId, after ?? '', limit + 1]);
    const found = this.#sql.retryPages.all(JSON.stringify(asked)) as (RequestRow & { readonly page: number })[];
    const pages = Map.groupBy(found, ({ page }) => page);
    return wanted.map(({ limit }, at) => {
      const rows = (pages.get(at) ?? []).map(({ page: _page, ...row }) => toRequest(row));
      return { rows: rows.slice(0, limit), hasMore: rows.length > limit };
    });
  }
}

function toAnswer({ service, json, message }: Finding, receivedAt: number): EventCallback {
  return { service, json, message, digest: null, callbackCount: null, receivedAt };
}

const NEVER_ARRIVED: RequestError = {
  code: 'NEVER_ARRIVED',
  message: 'An operator stated that this never arrived at the carrier. Nothing was done; make a new request if it is still wanted.',
};
