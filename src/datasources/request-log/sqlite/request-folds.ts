import { DAMAGED_REQUEST, GatewayError } from '../../../errors.ts';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import type { RequestedDevice } from '../stored-request.ts';
import { RequestState } from '../request-state.ts';
import { toLogEvent, type EventRow } from './sqlite-rows.ts';
import type { Statements } from './sqlite-statements.ts';

/** Devices whose matching state stays in memory, over all Requests; measured at 1 to 3 kB each. */
const CACHED_DEVICES = 150_000;

const SQLITE_ERROR = 1;

/** A failure of the store itself, and not of what is in it: SQLite tells of a value that does not open as SQLITE_ERROR. */
export function isOfStore(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode !== SQLITE_ERROR;
}

/**
 * After a value that does not open Node also fails the next use of the same statement, whatever it reads (seen with 24.21): the
 * next request must not be taken for damaged too.
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

/** The folds of Requests' logs: in memory, or built anew from their rows. */
export class RequestFolds {
  readonly #sql: Statements;
  readonly #states = new BoundedCache<number, RequestState>(CACHED_DEVICES);
  /** Until the next start: to find out again at every callback could take half a second. */
  readonly #damaged = new Map<number, GatewayError>();

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  atHand(pk: number): RequestState | null {
    return this.#states.get(pk) ?? null;
  }

  /** @throws GatewayError STORE_FAILED (DAMAGED_REQUEST) where it is not in memory and its rows cannot be read. */
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
      const damaged = describeDamage(id, cause);
      this.#damaged.set(pk, damaged);
      throw damaged;
    }
  }
}

/** 40 µs for each row. */
function fold(sql: Statements, pk: number, requestId: string): RequestState {
  const input = sql.inputOf.get(pk) as { devices: string | null };
  const carriers = sql.carriersOf.all(pk) as { first_index: number; device_count: number | null }[];
  const state = new RequestState(
    requestId,
    input.devices === null ? null : (JSON.parse(input.devices) as RequestedDevice[]),
    carriers.map(({ first_index, device_count }) => ({ firstIndex: first_index, deviceCount: device_count })),
  );
  for (const row of sql.eventsAfter.iterate(pk, 0, -1)) state.apply(toLogEvent(row as EventRow));
  return state;
}

/** What is stored of a Request was changed or damaged, and cannot be folded. */
function describeDamage(requestId: string, cause: unknown): GatewayError {
  return new GatewayError(
    'STORE_FAILED',
    `What is stored of request ${requestId} was changed or damaged, and cannot be read. \`npm run store -- verify\` names the row; restore a backup that verifies well.`,
    { details: { reason: DAMAGED_REQUEST }, cause },
  );
}
