import { DAMAGED_REQUEST, GatewayError } from '../../../errors.ts';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import type { RequestedDevice } from '../stored-request.ts';
import { RequestState } from '../request-state.ts';
import { SQLITE_ERROR, sqliteCodeOf } from './sqlite-error.ts';
import { toLogEvent, type EventRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

/** Devices whose matching state stays in memory, in all Requests together. Measured: 1 to 3 kB each. */
const CACHED_DEVICES = 150_000;

/** True for a failure of the store itself. SQLite reports a value that does not open as SQLITE_ERROR. */
export function isOfStore(error: unknown): boolean {
  const code = sqliteCodeOf(error);
  return code !== null && code !== SQLITE_ERROR;
}

/**
 * After a value that does not open, Node also fails the next use of the same statement, whatever it reads (seen with 24.21). These
 * two uses take that failure, or the next request would be taken for damaged too.
 */
export function settleStatements({ inputOf, eventsAfter }: Statements): void {
  for (const use of [() => inputOf.get(0), () => eventsAfter.all(0, 0, 0)]) {
    try {
      use();
    } catch (error) {
      if (isOfStore(error)) throw error;
    }
  }
}

/** The folds of Requests' logs. They are in memory, or built from the rows. */
export class RequestFolds {
  readonly #sql: Statements;
  readonly #states = new BoundedCache<number, RequestState>(CACHED_DEVICES);
  /** Damaged Requests, until the next start. To find one damaged again at every callback could take half a second. */
  readonly #damaged = new Map<number, GatewayError>();

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  inMemory(pk: number): RequestState | null {
    return this.#states.get(pk) ?? null;
  }

  /** @throws GatewayError STORE_FAILED (DAMAGED_REQUEST) when it is not in memory and its rows cannot be read. */
  get(pk: number): RequestState {
    const known = this.#states.get(pk);
    if (known) return known;
    const damaged = this.#damaged.get(pk);
    if (damaged) throw damaged;
    const state = this.#fold(pk);
    this.add(pk, state);
    return state;
  }

  add(pk: number, state: RequestState): void {
    this.#states.set(pk, state, state.outcomes.length + 1);
  }

  forget(pk: number): void {
    this.#states.delete(pk);
    this.#damaged.delete(pk);
  }

  #fold(pk: number): RequestState {
    const { id } = this.#sql.requestByPk.get(pk) as { id: string };
    try {
      return fold(this.#sql, pk, id);
    } catch (cause) {
      if (isOfStore(cause)) throw cause;
      settleStatements(this.#sql);
      const damaged = new GatewayError(
        'STORE_FAILED',
        `What is stored of request ${id} was changed or damaged, and cannot be read. \`npm run store -- verify\` names the row; restore a backup that verifies well.`,
        { details: { reason: DAMAGED_REQUEST }, cause },
      );
      this.#damaged.set(pk, damaged);
      throw damaged;
    }
  }
}

/** Measured: 40 µs for each row. */
function fold(sql: Statements, pk: number, requestId: string): RequestState {
  const { devices } = sql.inputOf.get(pk) as { devices: string | null };
  const carriers = sql.carriersOf.all(pk) as { firstIndex: number; deviceCount: number | null }[];
  const state = new RequestState(requestId, devices === null ? null : (JSON.parse(devices) as RequestedDevice[]), carriers);
  for (const row of sql.eventsAfter.iterate(pk, 0, -1)) state.apply(toLogEvent(row as EventRow));
  return state;
}
