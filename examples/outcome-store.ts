// A store for the devices of one request, made for 10,000 of them.
//
// A normalised cache compares every field of every device at every event. This store puts each device into a Map, and makes one
// sorted list when somebody looks. It needs no library. A React component reads it with one line:
//
//   const { outcomes, counts } = useSyncExternalStore(store.subscribe, store.getSnapshot);
import type { OutcomeStatus, RequestStatus } from '../documents/gql/graphql.ts';

/** What the store must know of a device. Your fragment may ask for more. */
export interface StoredOutcome {
  readonly id: string;
  readonly revision: number;
  readonly index: number;
  readonly status: OutcomeStatus;
}

/** An event of `requestStatus`. */
export interface OutcomeEvent<Outcome> {
  readonly cursor: string;
  readonly status: RequestStatus;
  readonly outcomes: readonly Outcome[];
}

/** `request(id:)` with a page of its `outcomes`. */
export interface OutcomePage<Outcome> {
  readonly cursor: string;
  readonly status: RequestStatus;
  readonly outcomes: {
    readonly nodes: readonly Outcome[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor?: string | null };
  };
}

/** The store at one moment. It never changes; after a change there is a new one. */
export interface OutcomeSnapshot<Outcome> {
  /** Sorted by `index`. */
  readonly outcomes: readonly Outcome[];
  /** How many devices of the store have each status. A status that no device has is missing. */
  readonly counts: Readonly<Partial<Record<OutcomeStatus, number>>>;
  /** The status of the request; null before anything was read. */
  readonly status: RequestStatus | null;
  /** The devices with this status, sorted by `index`. The same list each time. */
  readonly withStatus: (status: OutcomeStatus) => readonly Outcome[];
}

export interface OutcomeStoreOptions {
  /** Changes within this time are told together, so that a page is drawn once for many events. Default 50. */
  readonly notifyAfterMs?: number;
}

export class OutcomeStore<Outcome extends StoredOutcome> {
  #outcomes = new Map<string, Outcome>();
  #cursor: string | null = null;
  #status: RequestStatus | null = null;
  #snapshot: OutcomeSnapshot<Outcome> | null = null;
  #willNotify = false;
  readonly #listeners = new Set<() => void>();
  readonly #notifyAfterMs: number;

  constructor({ notifyAfterMs = 50 }: OutcomeStoreOptions = {}) {
    this.#notifyAfterMs = notifyAfterMs;
  }

  /** Where to go on: the `after` of the next subscription. Null before anything was read. */
  get cursor(): string | null {
    return this.#cursor;
  }

  /** Takes an event. Gives back how many of its devices the store had in this state or a newer one already. */
  apply(event: OutcomeEvent<Outcome>): number {
    this.#cursor = event.cursor;
    this.#status = event.status;
    const known = this.#keepNewest(event.outcomes);
    this.#changed();
    return known;
  }

  /**
   * Reads every device page by page, also those that have not reported yet. Then the subscription goes on from the cursor of
   * the first page. It brings some devices again that a later page had: their `revision` shows which state is newer.
   */
  async load(readPage: (after: string | null) => Promise<OutcomePage<Outcome>>): Promise<void> {
    let after: string | null = null;
    do {
      const { cursor, status, outcomes }: OutcomePage<Outcome> = await readPage(after);
      if (after === null) {
        this.#cursor = cursor;
        this.#status = status;
      }
      this.#keepNewest(outcomes.nodes);
      this.#changed();
      after = outcomes.pageInfo.hasNextPage ? (outcomes.pageInfo.endCursor ?? null) : null;
    } while (after !== null);
  }

  /** Forgets everything. After CURSOR_EXPIRED the gateway's own data is older than the store's: load it anew. */
  clear(): void {
    this.#outcomes = new Map();
    this.#cursor = null;
    this.#status = null;
    this.#changed();
  }

  /** Calls `listener` after changes, until the function that it returns is called. */
  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  };

  /** The same object until something changes. */
  readonly getSnapshot = (): OutcomeSnapshot<Outcome> => (this.#snapshot ??= snapshotOf([...this.#outcomes.values()], this.#status));

  #keepNewest(outcomes: readonly Outcome[]): number {
    let known = 0;
    for (const outcome of outcomes) {
      const held = this.#outcomes.get(outcome.id);
      if (held !== undefined && held.revision >= outcome.revision && held.status === outcome.status) known++;
      // A device without a report may change with its request. Both states have revision 0, and the later one counts.
      if (held === undefined || held.revision <= outcome.revision) this.#outcomes.set(outcome.id, outcome);
    }
    return known;
  }

  #changed(): void {
    this.#snapshot = null;
    if (this.#willNotify) return;
    this.#willNotify = true;
    setTimeout(() => {
      this.#willNotify = false;
      for (const listener of this.#listeners) listener();
    }, this.#notifyAfterMs);
  }
}

function snapshotOf<Outcome extends StoredOutcome>(outcomes: Outcome[], status: RequestStatus | null): OutcomeSnapshot<Outcome> {
  outcomes.sort((one, other) => one.index - other.index);
  const counts: Partial<Record<OutcomeStatus, number>> = {};
  for (const outcome of outcomes) counts[outcome.status] = (counts[outcome.status] ?? 0) + 1;
  const lists = new Map<OutcomeStatus, readonly Outcome[]>();
  const withStatus = (wanted: OutcomeStatus): readonly Outcome[] => {
    const list = lists.get(wanted) ?? outcomes.filter((outcome) => outcome.status === wanted);
    lists.set(wanted, list);
    return list;
  };
  return { outcomes, counts, status, withStatus };
}
