import type { DueCarrierRequest, Finding, SilentDevice } from '../follow-up-log.ts';
import type { RequestedDevice, RequestError, StoredRequest } from '../stored-request.ts';
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

  lapse(requestId: string, position: number, into: 'OVERDUE' | 'EXPIRED', limit: number): number {
    const pk = this.#writer.pkOf(requestId);
    const now = this.#writer.state(pk).carrierState(position);
    if (now !== 'ACCEPTED' && !(now === 'UNKNOWN' && into === 'EXPIRED')) return 0;
    const placed = this.#writer.change(pk, { type: 'LAPSE', position, into, limit });
    if (placed.some(({ event }) => event.kind === 'CLOSED')) this.#sql.closeCarrier.run(pk, position);
    return placed.filter(({ event }) => event.kind === 'SETTLED').length;
  }

  reconcile(findings: readonly Finding[]): number {
    let settled = 0;
    const at = this.#now();
    for (const { requestId, position, index, service, json, message } of findings) {
      const answer = { service, json, message, digest: null, callbackCount: null, receivedAt: at };
      settled += this.#writer.change(this.#writer.pkOf(requestId), { type: 'RECONCILED', position, index, answer }, at).length;
    }
    return settled;
  }

  due(before: number): DueCarrierRequest[] {
    return this.#sql.due.all(before) as RowOf<DueCarrierRequest>[];
  }

  silentDevices(requestId: string, position: number): SilentDevice[] {
    const state = this.#writer.state(this.#writer.pkOf(requestId));
    return state.outcomes.flatMap((outcome, index) =>
      outcome.position === position && UNSETTLED.includes(outcome.status)
        ? { index, requested: state.requested(index) ?? [], keys: outcome.keys }
        : [],
    );
  }

  retriesOf(requestIds: readonly string[]): Map<string, StoredRequest[]> {
    const rows = (this.#sql.retriesOf.all(JSON.stringify(requestIds)) as RequestRow[]).map(toRequest);
    return Map.groupBy(rows, ({ retryOf }) => retryOf ?? '');
  }
}

const NEVER_ARRIVED: RequestError = {
  code: 'NEVER_ARRIVED',
  message: 'An operator stated that this never arrived at the carrier. Nothing was done; make a new request if it is still wanted.',
};
