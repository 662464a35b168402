import { DAMAGED_REQUEST, GatewayError } from '../../../errors.ts';
import { BoundedCache } from '../../../lib/bounded-cache.ts';
import { countsOf, isTerminal } from '../stored-request.ts';
import { RequestState, talliesOf, type Owed, type StoredState, type StoredCarrierState } from '../request-state.ts';
import { stringifyCounts } from './insert-rows.ts';
import { isOfStore } from './sqlite-error.ts';
import type { Statements } from './sqlite-statements.ts';

/** States in memory: about a kilobyte each. */
const CACHED_STATES = 20_000;

type StateRow = Required<Pick<StoredState, 'requestId' | 'total' | 'status' | 'lastSeq' | 'learntSeq' | 'quiet' | 'messageBytes'>> & {
  readonly counts: string;
  readonly stateSeq: number;
  readonly keyed: number;
};
type CarrierRow = Pick<StoredCarrierState, 'firstIndex' | 'deviceCount' | 'state'> & {
  readonly deviceDecides: number;
  readonly tallies: string | null;
  readonly owed: string | null;
};

interface Known {
  readonly state: RequestState;
  readonly isWhole: boolean;
  /** What is stored of each carrier request, so that only what changed is written. */
  readonly carriers: { tallies: string; owed: string | null }[];
}

/** The states of Requests: in memory, or read from their two kinds of rows. */
export class RequestStates {
  readonly #sql: Statements;
  readonly #known = new BoundedCache<number, Known>(CACHED_STATES);

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Whether its state can be used: it was made by this version, or taken over as a whole. */
  isWhole(pk: number): boolean {
    return this.#known.get(pk)?.isWhole ?? isWhole(this.read(pk));
  }

  /** @throws GatewayError STORE_FAILED (DAMAGED_REQUEST) when it cannot be read. */
  get(pk: number): RequestState {
    const known = this.#known.get(pk);
    if (known) return known.state;
    const row = this.read(pk);
    try {
      if (row.stateSeq !== row.lastSeq) throw new Error(`Only ${row.stateSeq} of its ${row.lastSeq} rows were counted.`);
      return this.#add(pk, this.#toState(pk, row), isWhole(row));
    } catch (cause) {
      if (isOfStore(cause)) throw cause;
      throw new GatewayError(
        'STORE_FAILED',
        `What is stored of request ${row.requestId} was changed or damaged, and cannot be read. \`npm run store -- verify\` names the row; restore a backup that verifies well.`,
        { details: { reason: DAMAGED_REQUEST }, cause },
      );
    }
  }

  /** Its devices are others now. What was counted of them so far is that they exist. */
  forgetDevices(pk: number, lastSeq: number): void {
    const state = this.blank(pk);
    state.lastSeq = lastSeq;
    state.learntSeq = lastSeq;
    this.#add(pk, state, isWhole(this.read(pk)));
  }

  clear(): void {
    this.#known.clear();
  }

  forget(pk: number): void {
    this.#known.delete(pk);
  }

  /**
   * Writes a state: one row of the Request, and one of each carrier request that changed. Gives back the account.
   *
   * @param at when the last row of its log was added, and @param noteAt when that is committed; both null when none was.
   */
  save(pk: number, state: RequestState, at: number | null, noteAt: number | null, hasBeenOpen: boolean): string {
    const end = !isTerminal(state.status) ? 'OPEN' : hasBeenOpen ? 'COMPLETED_NOW' : 'COMPLETED';
    const { status, lastSeq, learntSeq, quiet, messageBytes } = state;
    const counts = stringifyCounts(countsOf(state.counts));
    const row = this.#sql.updateRequest.get(status, counts, lastSeq, learntSeq, quiet, messageBytes, at, end, pk, noteAt);
    const stored = this.#known.get(pk)?.carriers;
    for (const [position, carrier] of state.carriers.entries()) {
      const was = stored?.[position];
      const now = { tallies: stringifyCounts(talliesOf(carrier)), owed: carrier.owed && JSON.stringify(carrier.owed) };
      if (was?.tallies === now.tallies && was.owed === now.owed) continue;
      this.#sql.setTallies.run(now.tallies, now.owed, pk, position);
      if (now.owed && !was?.owed) this.#sql.insertOwed.run(pk, position);
      if (!now.owed && (!was || was.owed)) this.#sql.deleteOwed.run(pk, position);
      if (stored) stored[position] = now;
    }
    return (row as { account: string } | undefined)?.account ?? '';
  }

  read(pk: number): StateRow {
    return this.#sql.stateOf.get(pk) as unknown as StateRow;
  }

  /** The state of a Request of which nothing has been counted. */
  blank(pk: number): RequestState {
    const { requestId, total } = this.read(pk);
    const carriers = this.#sql.carriersOf.all(pk) as CarrierRow[];
    return new RequestState({
      requestId,
      total,
      carriers: carriers.map((each) => ({ ...each, deviceDecides: each.deviceDecides === 1, tallies: null, owed: null })),
    });
  }

  /** The state as of a row, while the rows after it are not counted yet. */
  at(pk: number, seq: number): RequestState {
    const row = this.read(pk);
    const { counts = '[]' } = (this.#sql.countsAt.get(pk, seq) as { counts: string } | undefined) ?? {};
    if (seq === 0) return this.blank(pk);
    return this.#toState(pk, { ...row, counts, lastSeq: seq, learntSeq: seq });
  }

  #add(pk: number, state: RequestState, isWhole: boolean): RequestState {
    const carriers = state.carriers.map(({ owed }) => ({ tallies: '', owed: owed && JSON.stringify(owed) }));
    this.#known.set(pk, { state, isWhole, carriers }, 1 + state.carriers.length);
    return state;
  }

  #toState(pk: number, { counts, ...row }: StateRow): RequestState {
    const carriers = this.#sql.carriersOf.all(pk) as CarrierRow[];
    return new RequestState({
      ...row,
      ...(row.lastSeq > 0 && { counts: JSON.parse(counts) as number[] }),
      carriers: carriers.map(({ tallies, owed, deviceDecides, ...carrier }) => ({
        ...carrier,
        deviceDecides: deviceDecides === 1,
        tallies: JSON.parse(tallies ?? 'null') as number[] | null,
        owed: JSON.parse(owed ?? 'null') as Owed | null,
      })),
    });
  }
}

function isWhole({ stateSeq, lastSeq, keyed, total }: StateRow): boolean {
  return stateSeq === lastSeq && keyed >= (total ?? 0);
}
