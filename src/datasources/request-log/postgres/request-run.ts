import type { RequestLimits } from '../log-limits.ts';
import { isTerminal } from '../stored-request.ts';
import { transition, type Change, type Decision } from '../transition.ts';
import { WorkingSet, type PlacedEvent } from '../working-set.ts';
import type { Queries } from './database.ts';
import { loadRows } from './load-rows.ts';
import { keyOfWanted, LoadedRows, NotLoaded, type Wanted } from './loaded-rows.ts';
import { stateOf, type LockedRequest } from './locked-request.ts';
import type { Seals } from './seals.ts';

/** What a change came to, and its rows. */
export type Changed = Decision & { readonly placed: readonly PlacedEvent[] };

/** A row of the log that is to be written, with its time. */
export interface NewRow extends PlacedEvent {
  readonly at: number;
}

/** The changes of one Request in one transaction, decided one after the other over the rows that were loaded for them. */
export class RequestRun {
  readonly request: LockedRequest;
  readonly set: WorkingSet;
  readonly rows: NewRow[] = [];
  /** What the changes have asked for in vain. Then nothing of this run counts, and it is done again. */
  readonly missing: Wanted[] = [];
  /** The time of the newest row; null while there is none. */
  at: number | null = null;
  /** It was not at its end after one of the changes. */
  hasBeenOpen = false;
  readonly #limits: RequestLimits;

  constructor(request: LockedRequest, loaded: LoadedRows, limits: RequestLimits) {
    this.request = request;
    this.set = new WorkingSet(stateOf(request), loaded);
    this.#limits = limits;
  }

  /** After a change that could not be decided the next one is tried too, so that all that is missing is loaded at once. */
  apply(change: Change, at: number): Changed {
    const { set } = this;
    try {
      const decision = transition(set, change, this.#limits);
      const placed = set.placed.splice(0);
      for (const each of placed) this.rows.push(Object.assign(each, { at }));
      if (placed.length > 0) this.at = Math.max(this.at ?? 0, at);
      this.hasBeenOpen ||= !isTerminal(set.state.status);
      return { ...decision, placed };
    } catch (error) {
      set.placed.splice(0);
      if (error instanceof NotLoaded && error.wanted) this.missing.push(error.wanted);
      else if (this.missing.length === 0) throw error;
      return { result: 'APPLIED', next: null, placed: [] };
    }
  }
}

export interface RunJob<Result> {
  readonly request: LockedRequest;
  /** Decides without waiting for anything. It may run several times, so it changes nothing but its run. */
  readonly work: (run: RequestRun) => Result;
}

export interface Ran<Result> {
  readonly run: RequestRun;
  readonly result: Result;
}

/** Runs each job over the rows that it asks for. What is missing in a round is loaded for all jobs together, and those begin again. */
export async function runChanges<Result>(
  db: Queries,
  { seals, limits }: { readonly seals: Seals; readonly limits: RequestLimits },
  jobs: readonly RunJob<Result>[],
): Promise<Ran<Result>[]> {
  const loaded = new Map(jobs.map(({ request: { pk } }) => [pk, new LoadedRows(pk)]));
  const ran = new Map<RunJob<Result>, Ran<Result>>();
  let open = jobs;
  while (open.length > 0) {
    const wanted = new Map<string, Wanted>();
    open = open.filter((job) => {
      const { pk } = job.request;
      const run = new RequestRun(job.request, loaded.get(pk) ?? new LoadedRows(pk), limits);
      try {
        const result = job.work(run);
        if (run.missing.length === 0) ran.set(job, { run, result });
      } catch (error) {
        if (error instanceof NotLoaded && error.wanted) run.missing.push(error.wanted);
        else if (run.missing.length === 0) throw error;
      }
      for (const each of run.missing) wanted.set(`${pk} ${keyOfWanted(each)}`, each);
      return run.missing.length > 0;
    });
    if (wanted.size > 0) await loadRows(db, seals, [...wanted.values()], loaded);
  }
  return jobs.map((job) => ran.get(job) as Ran<Result>);
}
