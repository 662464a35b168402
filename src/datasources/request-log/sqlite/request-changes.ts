import { isDamagedRequest } from '../../../errors.ts';
import { changesTopic } from '../changed-requests.ts';
import type { LogLimits } from '../log-limits.ts';
import type { RequestState } from '../request-state.ts';
import { isTerminal, type RequestedDevice } from '../stored-request.ts';
import { transition, type Change, type Decision } from '../transition.ts';
import { WorkingSet, type PlacedEvent } from '../working-set.ts';
import { ChangeClock } from './change-clock.ts';
import { insertEvent } from './insert-rows.ts';
import { RequestStates } from './request-states.ts';
import { RequestedDevices } from './requested-devices.ts';
import { SqliteRequestRows } from './sqlite-request-rows.ts';
import type { Statements } from './sqlite-statements.ts';
import { TakeOver } from './take-over.ts';

export interface ChangeOptions {
  readonly sql: Statements;
  readonly limits: LogLimits;
  readonly now: () => number;
}

/** What a change came to, and its rows. */
export type Changed = Decision & { readonly placed: readonly PlacedEvent[] };

interface Touched {
  readonly state: RequestState;
  /** Null while nothing was added to its log. */
  at: number | null;
  /** It was not at its end after one of the changes. */
  hasBeenOpen: boolean;
}

/** The changes of Requests in the open transaction: what each one decides is written, and its state kept until `finish`. */
export class RequestChanges {
  readonly #options: ChangeOptions;
  readonly #sql: Statements;
  readonly devices: RequestedDevices;
  readonly #states: RequestStates;
  readonly #takeOver: TakeOver;
  /** The Requests of the open transaction, by pk. */
  readonly #touched = new Map<number, Touched>();
  readonly #notes: ChangeClock;
  #mayOwe = true;

  constructor(options: ChangeOptions) {
    const { sql } = options;
    this.#options = options;
    this.#sql = sql;
    this.devices = new RequestedDevices(sql);
    this.#states = new RequestStates(sql);
    this.#takeOver = new TakeOver(sql, this.#states, this.devices);
    this.#notes = new ChangeClock(sql, options.now);
  }

  /** Ends a transaction: writes the row of each Request once, however often it changed. Gives back the topics of what has changed. */
  finish(): string[] {
    const changed = new Set<string>();
    let noteAt: number | null = null;
    for (const [pk, { state, at, hasBeenOpen }] of this.#touched) {
      if (at !== null) noteAt ??= this.#notes.next();
      const account = this.#states.save(pk, state, at, at === null ? null : noteAt, hasBeenOpen);
      this.#mayOwe ||= state.owes;
      if (at !== null) changed.add(state.requestId).add(changesTopic(account));
    }
    this.#touched.clear();
    return [...changed];
  }

  rollback(): void {
    this.#touched.clear();
    // What was paid inside the failed transaction is owed again.
    this.#mayOwe = true;
    // These may hold what was read inside it.
    this.#states.clear();
    this.devices.clear();
  }

  /** Every write to a Request's log goes through here: decide, insert. `finish` writes the Request's own row. */
  apply(pk: number, change: Change, at = this.#options.now(), limits = this.#options.limits.request): Changed {
    const set = this.rowsOf(pk);
    const { state } = set;
    const { learntSeq } = state;
    const decision = transition(set, change, limits);
    const { placed } = set;
    if (placed.length === 0 && state.learntSeq === learntSeq && change.type !== 'OWED') return { ...decision, placed };
    const touched = this.#touched.get(pk) ?? { state, at: null, hasBeenOpen: false };
    this.#touched.set(pk, touched);
    if (placed.length > 0) touched.at = Math.max(touched.at ?? 0, at);
    touched.hasBeenOpen ||= !isTerminal(state.status);
    for (const each of placed) insertEvent(this.#sql, pk, at, each);
    new SqliteRequestRows(this.#sql, pk).write(set);
    return { ...decision, placed };
  }

  /** Takes the members of a group for the devices of its Request. Nothing has happened to a device yet. */
  setMembers(pk: number, devices: readonly RequestedDevice[]): void {
    const { lastSeq } = this.state(pk);
    this.#sql.setMembers.run(JSON.stringify(devices), pk);
    this.#sql.setEstimate.run(devices.length, pk);
    this.#sql.deleteKeysOf.run(pk);
    this.devices.forget(pk);
    this.#takeOver.nameDevices(pk, devices);
    this.#states.forgetDevices(pk, lastSeq);
    this.#touched.delete(pk);
    this.apply(pk, { type: 'MEMBERS' });
  }

  /** Writes the identifiers of the first devices of a new Request. `prepare` writes the rest. */
  nameDevices(pk: number, devices: readonly RequestedDevice[]): void {
    this.#takeOver.nameDevices(pk, devices);
  }

  /**
   * Brings a Request a bounded step nearer to the shape that changes need. True when it is there, or when what is stored of it cannot
   * be read: then it has no state.
   */
  prepare(pk: number): boolean {
    return this.#takeOver.step(pk);
  }

  isWhole(pk: number): boolean {
    return this.#states.isWhole(pk);
  }

  /** Whether a step may have begun what is not finished. An earlier process may have left some. */
  get mayOwe(): boolean {
    return this.#mayOwe;
  }

  /** Does the next part of what a step has begun. False when nothing is owed. */
  payOwed(): boolean {
    const owed = this.#sql.firstOwed.get() as { pk: number; position: number } | undefined;
    this.#mayOwe = owed !== undefined;
    if (!owed) return false;
    // Nobody knows the devices of a damaged Request.
    if (this.stateIfReadable(owed.pk)) this.apply(owed.pk, { type: 'OWED', position: owed.position });
    else this.#sql.deleteOwed.run(owed.pk, owed.position);
    return true;
  }

  /** @throws GatewayError STORE_FAILED (DAMAGED_REQUEST) when it cannot be read. */
  state(pk: number): RequestState {
    return this.#touched.get(pk)?.state ?? this.#states.get(pk);
  }

  /** Null when what is stored of the Request cannot be read. */
  stateIfReadable(pk: number): RequestState | null {
    try {
      return this.state(pk);
    } catch (error) {
      if (isDamagedRequest(error)) return null;
      throw error;
    }
  }

  /** The rows of a Request, to be read by key. */
  rowsOf(pk: number): WorkingSet {
    return new WorkingSet(this.state(pk), new SqliteRequestRows(this.#sql, pk));
  }

  /** Another Request may have its primary key one day. */
  forgetPurged(pk: number): void {
    this.#states.forget(pk);
    this.#touched.delete(pk);
    this.devices.forget(pk);
  }
}
