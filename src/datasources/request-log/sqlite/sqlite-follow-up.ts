import type { DueCarrierRequest, Finding, FollowUpLog, Lapsed, LapseOptions, SilentDevice } from '../follow-up-log.ts';
import type { EventCallback, LogEvent } from '../log-event.ts';
import { countRivals, isAtOdds, UNSETTLED } from '../request-state.ts';
import { NEVER_ARRIVED } from '../sending-steps.ts';
import type { Change } from '../transition.ts';
import type { NewestState } from '../device-state.ts';
import type { GroupCommit } from './group-commit.ts';
import type { DevicePart, RequestWork } from './request-work.ts';
import type { RowOf } from './sqlite-rows.ts';
import { findCarrier, type Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';
import { walkOpen } from './walk-open.ts';

/** Devices that one read looks at: a few milliseconds. */
const LISTED_AT_ONCE = 500;

interface Parts {
  readonly sql: Statements;
  readonly writer: SqliteWriter;
  readonly commits: GroupCommit;
  readonly work: RequestWork;
  readonly now: () => number;
}

/** `FollowUpLog` of the SQLite store. */
export class SqliteFollowUp implements FollowUpLog {
  readonly #sql: Statements;
  readonly #writer: SqliteWriter;
  readonly #commits: GroupCommit;
  readonly #work: RequestWork;
  readonly #now: () => number;

  constructor({ sql, writer, commits, work, now }: Parts) {
    this.#sql = sql;
    this.#writer = writer;
    this.#commits = commits;
    this.#work = work;
    this.#now = now;
  }

  resolveUnknown(requestId: string, position: number, carrierRequestId: string | null): Promise<'RESOLVED' | 'NOT_UNKNOWN' | 'ID_TAKEN'> {
    const resolved = this.#work.change(requestId, () => {
      const state = this.#writer.changes.state(this.#writer.pkOf(requestId));
      if (state.carriers[position] === undefined || state.carrierState(position) !== 'UNKNOWN') return 'NOT_UNKNOWN';
      if (carrierRequestId !== null && findCarrier(this.#sql, carrierRequestId)) return 'ID_TAKEN';
      this.#writer.step(
        requestId,
        position,
        carrierRequestId === null ? { type: 'CANCELLED', error: NEVER_ARRIVED } : { type: 'ACCEPTED', carrierRequestId },
      );
      return 'RESOLVED';
    });
    return this.#work.settling(resolved);
  }

  lapse(requestId: string, position: number, into: 'OVERDUE' | 'EXPIRED', options: LapseOptions): Promise<Lapsed> {
    const { from = 0, limit, onHoldToo = false } = options;
    return this.#work.change(requestId, () => {
      const pk = this.#writer.pkOf(requestId);
      const now = this.#writer.changes.state(pk).carrierState(position);
      if (now !== 'ACCEPTED' && !(now === 'UNKNOWN' && into === 'EXPIRED')) return { devices: 0, next: null };
      const { placed, next } = this.#writer.changes.apply(pk, { type: 'LAPSE', position, into, from, limit, onHoldToo });
      if (placed.some(({ event }) => event.kind === 'CLOSED')) this.#sql.setCarrierState.run('CLOSED', pk, position);
      return { devices: placed.filter(({ event }) => event.kind === 'SETTLED').length, next };
    });
  }

  reconcile(findings: readonly Finding[]): Promise<number> {
    return this.#find(findings, 'RECONCILED', (finding, answer) => ({
      type: 'RECONCILED',
      position: finding.position,
      index: finding.index,
      answer,
    }));
  }

  learn(findings: readonly Finding[]): Promise<number> {
    return this.#find(findings, 'MATCHED', ({ position, index }, answer) =>
      index === null ? null : { type: 'LEARNT', position, index, answer },
    );
  }

  async due(before: number): Promise<DueCarrierRequest[]> {
    const due = new Map<string, DueCarrierRequest>();
    for await (const requests of walkOpen(this.#sql, this.#commits)) {
      const pks = JSON.stringify(requests.map(({ pk }) => pk));
      const rows = await this.#commits.read(() => this.#sql.due.all(pks, before) as RowOf<DueCarrierRequest>[]);
      for (const row of rows) due.set(`${row.requestId}/${row.position}`, row);
    }
    return [...due.values()].sort((one, other) => one.since - other.since);
  }

  completedUnmatched(since: number): Promise<DueCarrierRequest[]> {
    return this.#commits.read(() => this.#sql.completedUnmatched.all(since) as RowOf<DueCarrierRequest>[]);
  }

  askable(requestId: string): Promise<DueCarrierRequest[]> {
    return this.#commits.read(() => this.#sql.askable.all(requestId) as RowOf<DueCarrierRequest>[]);
  }

  silentDevices(requestId: string, position: number): Promise<SilentDevice[]> {
    return this.#work.listDevices(requestId, (from) => this.#select(requestId, position, from, ({ status }) => UNSETTLED.includes(status)));
  }

  unmatchedDevices(requestId: string, position: number): Promise<SilentDevice[]> {
    return this.#work.listDevices(requestId, (from) => this.#selectUnmatched(requestId, position, from));
  }

  async isAtOdds(requestId: string, position: number): Promise<boolean> {
    await this.#work.prepare(requestId);
    return this.#commits.read(() => isAtOdds(this.#writer.changes.state(this.#writer.pkOf(requestId)).carrier(position)));
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
      changeTo: this.#writer.changes.devices.device(pk, index)?.changeTo,
      keys: set.keys(index),
    }));
    return { devices, next: end < set.state.devices ? end : null };
  }

  #find(
    findings: readonly Finding[],
    counted: LogEvent['kind'],
    toChange: (finding: Finding, answer: EventCallback) => Change | null,
  ): Promise<number> {
    return this.#work.find(findings, (rest) => {
      const at = this.#now();
      let count = 0;
      for (const [done, finding] of rest.entries()) {
        const change = toChange(finding, toAnswer(finding, at));
        if (!change) continue;
        const { placed, result } = this.#writer.changes.apply(this.#writer.pkOf(finding.requestId), change, at);
        if (result === 'NOT_YET') return { count, rest: rest.slice(done) };
        count += placed.filter(({ event }) => event.kind === counted).length;
      }
      return { count, rest: [] };
    });
  }

  #selectUnmatched(requestId: string, position: number, from: number): DevicePart {
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
}

function toAnswer({ service, json, message }: Finding, receivedAt: number): EventCallback {
  return { service, json, message, digest: null, callbackCount: null, receivedAt };
}
