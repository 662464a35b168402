import { parseIdentifierKind } from '../../thingspace/wire/device-identifier.ts';
import { identifierKey, stemOf } from '../../thingspace/wire/same-identifier.ts';
import { talliesOf } from '../request-state.ts';
import type { RequestedDevice } from '../stored-request.ts';
import { MOST_KEYS, WorkingSet } from '../working-set.ts';
import { stringifyCounts } from './insert-rows.ts';
import { SqliteRequestRows } from './sqlite-request-rows.ts';
import { toLogEvent, toMessage, type EventRow } from './sqlite-rows.ts';
import type { RequestStates } from './request-states.ts';
import type { Statements } from './sqlite-statements.ts';

/** Devices whose identifiers are written in one job, and rows that are counted in one: a few milliseconds. */
const DEVICES_AT_ONCE = 500;
const ROWS_AT_ONCE = 100;

/**
 * Brings a Request into the shape that changes need, in bounded steps: first the identifiers of its devices, which its own making may
 * have left half written. Then, for a Request of an earlier version, it counts the rows of the log as if they were written now.
 */
export class TakeOver {
  readonly #sql: Statements;
  readonly #states: RequestStates;
  /** The devices that were read last: those of one Request are written in several jobs. */
  #read: { readonly pk: number; readonly devices: readonly RequestedDevice[] } | null = null;

  constructor(sql: Statements, states: RequestStates) {
    this.#sql = sql;
    this.#states = states;
  }

  /** Does a step. True when it was the last one. */
  step(pk: number): boolean {
    if (this.#states.isWhole(pk)) return true;
    this.#states.forget(pk);
    const row = this.#states.read(pk);
    if (row.keyed < (row.total ?? 0)) this.writeKeys(pk, row.keyed);
    else this.#count(pk, row.stateSeq);
    return this.#states.isWhole(pk);
  }

  /** Writes the identifiers of some devices, from `from` on. */
  writeKeys(pk: number, from: number, devices: readonly RequestedDevice[] = this.#devicesOf(pk)): void {
    const state = this.#states.blank(pk);
    const keys = devices.slice(from, from + DEVICES_AT_ONCE).flatMap(({ deviceIds }, at) =>
      deviceIds.slice(0, MOST_KEYS).map(({ kind, id }) => {
        const key = identifierKey(parseIdentifierKind(kind), id, kind);
        return { index: from + at, position: state.positionOf(from + at), key, stem: stemOf(key) };
      }),
    );
    new SqliteRequestRows(this.#sql, pk).writeKeys(keys);
    const isLast = from + DEVICES_AT_ONCE >= devices.length;
    this.#sql.setKeyed.run(isLast ? state.named : from + DEVICES_AT_ONCE, pk);
    this.#read = isLast ? null : { pk, devices };
  }

  #devicesOf(pk: number): readonly RequestedDevice[] {
    if (this.#read?.pk === pk) return this.#read.devices;
    // Devices that cannot be read are found by no identifier.
    const { devices } = this.#sql.devicesIfReadable.get(pk) as { devices: string | null };
    return JSON.parse(devices ?? '[]') as RequestedDevice[];
  }

  #count(pk: number, stateSeq: number): void {
    const events = this.#sql.eventsAfterIfReadable.all(pk, stateSeq, ROWS_AT_ONCE) as EventRow[];
    const set = new WorkingSet(this.#states.at(pk, stateSeq), new SqliteRequestRows(this.#sql, pk));
    // A message that cannot be read teaches nothing, and ties nothing.
    for (const event of events) set.apply(toLogEvent(toMessage(event) ? event : { ...event, message: null }));
    new SqliteRequestRows(this.#sql, pk).write(set);
    const { state } = set;
    this.#sql.setTakenOver.run(state.lastSeq, state.lastSeq, state.quiet, pk);
    for (const [position, carrier] of state.carriers.entries())
      this.#sql.setTallies.run(stringifyCounts(talliesOf(carrier)), null, pk, position);
  }
}
