import type { DueCarrierRequest, Finding, SilentDevice, UnmatchedDevices, RetryPage, RetrySpan } from '../follow-up-log.ts';
import type { EventCallback } from '../log-event.ts';
import { isAtOdds, type OutcomeState, type RequestState } from '../request-state.ts';
import type { RequestedDevice, RequestError, StoredRequest, Page } from '../stored-request.ts';
import { UNSETTLED } from '../transition.ts';
import { toRequest, type RequestRow, type RowOf } from './sqlite-rows.ts';
import { findCarrier, type Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

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
    const state = this.#writer.state(this.#writer.pkOf(requestId));
    const queued = state.carriers.keys().filter((position) => state.carrierState(position) === 'QUEUED');
    return [...queued].filter((position) => this.#writer.step(requestId, position, { type: 'CANCELLED', error })).length;
  }

  resolveUnknown(requestId: string, position: number, carrierRequestId: string | null): 'RESOLVED' | 'NOT_UNKNOWN' | 'ID_TAKEN' {
    const state = this.#writer.state(this.#writer.pkOf(requestId));
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
    if (this.#writer.state(pk).carrierState(0) !== 'QUEUED') return;
    this.#sql.setMembers.run(JSON.stringify(devices), pk);
    this.#sql.setEstimate.run(devices.length, pk);
    this.#writer.forget(pk);
    this.#writer.change(pk, { type: 'MEMBERS' });
  }

  lapse(requestId: string, position: number, into: 'OVERDUE' | 'EXPIRED', limit: number, onHoldToo = false): number {
    const pk = this.#writer.pkOf(requestId);
    const now = this.#writer.state(pk).carrierState(position);
    if (now !== 'ACCEPTED' && !(now === 'UNKNOWN' && into === 'EXPIRED')) return 0;
    const placed = this.#writer.change(pk, { type: 'LAPSE', position, into, limit, onHoldToo });
    if (placed.some(({ event }) => event.kind === 'CLOSED')) this.#sql.setCarrierState.run('CLOSED', pk, position);
    return placed.filter(({ event }) => event.kind === 'SETTLED').length;
  }

  reconcile(findings: readonly Finding[]): number {
    const at = this.#now();
    const placed = findings.flatMap((finding) => {
      const { requestId, position, index } = finding;
      return this.#writer.change(this.#writer.pkOf(requestId), { type: 'RECONCILED', position, index, answer: toAnswer(finding, at) }, at);
    });
    return placed.filter(({ event }) => event.kind === 'RECONCILED').length;
  }

  learn(findings: readonly Finding[]): number {
    const at = this.#now();
    const placed = findings.flatMap((finding) => {
      const { requestId, position, index } = finding;
      if (index === null) return [];
      return this.#writer.change(this.#writer.pkOf(requestId), { type: 'LEARNT', position, index, answer: toAnswer(finding, at) }, at);
    });
    return placed.filter(({ event }) => event.kind === 'MATCHED').length;
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

  silentDevices(requestId: string, position: number): SilentDevice[] {
    const state = this.#writer.state(this.#writer.pkOf(requestId));
    return selectDevices(state, position, ({ status }) => UNSETTLED.includes(status));
  }

  unmatchedDevices(requestId: string, position: number): UnmatchedDevices {
    const state = this.#writer.state(this.#writer.pkOf(requestId));
    const { unmatched, unmatchedOf } = state.carrier(position);
    const someNidd = unmatchedOf.NIDD_CONFIG > 0;
    const someOther = unmatched.size > unmatchedOf.NIDD_CONFIG;
    return {
      devices: selectDevices(state, position, ({ source, niddSeq }) => (someOther && source !== 'CALLBACK') || (someNidd && niddSeq === 0)),
      isAtOdds: isAtOdds(state.carrier(position)),
    };
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

function selectDevices(state: RequestState, position: number, isWanted: (outcome: OutcomeState) => boolean): SilentDevice[] {
  return state.outcomes.flatMap((outcome, index) =>
    outcome.position === position && isWanted(outcome) ? { index, requested: state.requested(index) ?? [], keys: outcome.keys } : [],
  );
}

function toAnswer({ service, json, message }: Finding, receivedAt: number): EventCallback {
  return { service, json, message, digest: null, callbackCount: null, receivedAt };
}

const NEVER_ARRIVED: RequestError = {
  code: 'NEVER_ARRIVED',
  message: 'An operator stated that this never arrived at the carrier. Nothing was done; make a new request if it is still wanted.',
};
