import { parseIdentifierKind } from '../../thingspace/wire/device-identifier.ts';
import { identifierKey, stemOf } from '../../thingspace/wire/same-identifier.ts';
import { talliesOf } from '../request-state.ts';
import type { RequestedDevice } from '../stored-request.ts';
import { MOST_KEYS, WorkingSet } from '../working-set.ts';
import { stringifyCounts } from './insert-rows.ts';
import { SqliteRequestRows } from './sqlite-request-rows.ts';
import { isOfStore } from './sqlite-error.ts';
import { toLogEvent, toMessage, type EventRow } from './sqlite-rows.ts';
import type { RequestedDevices } from './requested-devices.ts';
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
  readonly #devices: RequestedDevices;

  constructor(sql: Statements, states: RequestStates, devices: RequestedDevices) {
    this.#sql = sql;
    this.#states = states;
    this.#devices = devices;
  }

  /** Does a step. True when it was the last one, or when what is stored cannot be read. Then the Request stays as it is. */
  step(pk: number): boolean {
    if (this.#states.isWhole(pk)) return true;
    this.#states.forget(pk);
    const row = this.#states.read(pk);
    try {
      if (row.keyed < (row.total ?? 0)) this.#nameMore(pk, row.keyed);
      else this.#count(pk, row.stateSeq);
    } catch (error) {
      // What cannot be read is found before anything is written.
      if (isOfStore(error)) throw error;
      return true;
    }
    return this.#states.isWhole(pk);
  }

  /** Writes the identifiers of the first devices of a Request. The steps write the others. */
  nameDevices(pk: number, devices: readonly RequestedDevice[]): void {
    this.#writeKeys(pk, 0, devices.slice(0, DEVICES_AT_ONCE), devices.length);
  }

  #nameMore(pk: number, from: number): void {
    const count = this.#devices.count(pk);
    const length = Math.max(0, Math.min(DEVICES_AT_ONCE, count - from));
    this.#writeKeys(
      pk,
      from,
      Array.from({ length }, (_, at) => this.#devices.device(pk, from + at) ?? NO_DEVICE),
      count,
    );
  }

  /** @param count how many devices there are in all. */
  #writeKeys(pk: number, from: number, devices: readonly RequestedDevice[], count: number): void {
    const state = this.#states.blank(pk);
    const keys = devices.flatMap(({ deviceIds }, at) =>
      deviceIds.slice(0, MOST_KEYS).map(({ kind, id }) => {
        const key = identifierKey(parseIdentifierKind(kind), id, kind);
        return { index: from + at, position: state.positionOf(from + at), key, stem: stemOf(key) };
      }),
    );
    new SqliteRequestRows(this.#sql, pk).writeKeys(keys);
    this.#sql.setKeyed.run(from + devices.length < count ? from + devices.length : state.named, pk);
  }

  #count(pk: number, stateSeq: number): void {
    const events = this.#sql.eventsAfterIfReadable.all(pk, stateSeq, ROWS_AT_ONCE) as EventRow[];
    if (events.length === 0) throw new Error('Its last rows are missing.');
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

const NO_DEVICE: RequestedDevice = { deviceIds: [] };
