/** What the ledger reads of a `requestStatus` event. */
export interface LedgerEvent {
  readonly cursor: string;
  readonly status: string;
  readonly progress: Readonly<Record<(typeof COUNTS)[number] | 'total' | 'settled', number>>;
  readonly outcomes: readonly { readonly id: string; readonly index: number; readonly status: string }[];
}

export interface LedgerReport {
  /** Devices never seen. */
  readonly missing: number;
  /** Devices that were sent again unchanged. */
  readonly repeated: number;
  /** Events whose cursor is not after the one before. */
  readonly disorder: number;
  /** Changes the cursors passed over, beyond the steps of sending. */
  readonly gap: number;
  /** Events whose progress is not what the outcomes up to their cursor add up to. */
  readonly progressFaults: number;
  /** Events after the terminal one. */
  readonly afterTerminal: number;
}

export const FAULTLESS: LedgerReport = { missing: 0, repeated: 0, disorder: 0, gap: 0, progressFaults: 0, afterTerminal: 0 };

const COUNTS = ['pending', 'overdue', 'succeeded', 'failed', 'expired', 'cancelled', 'rejected', 'unknown'] as const;
const TERMINAL = new Set(['SUCCEEDED', 'PARTIALLY_FAILED', 'FAILED', 'REJECTED', 'EXPIRED', 'CANCELLED']);
/** CREATED, SENDING and ACCEPTED of the one carrier request. */
const SENDING_STEPS = 3;

/** Checks what one subscriber is given about one request of `total` devices, over all its connections. */
export class EventLedger {
  readonly #total: number;
  readonly #statuses = new Map<string, string>();
  readonly #faults = { repeated: 0, disorder: 0, progressFaults: 0, afterTerminal: 0 };
  #changes = 0;
  #last: LedgerEvent | null = null;
  events = 0;

  constructor(total: number) {
    this.#total = total;
  }

  add(event: LedgerEvent): void {
    this.events++;
    if (this.#last && TERMINAL.has(this.#last.status)) this.#faults.afterTerminal++;
    if (positionOf(event.cursor) <= positionOf(this.#last?.cursor)) this.#faults.disorder++;
    for (const { id, status } of event.outcomes) {
      this.#changes++;
      if (this.#statuses.get(id) === status) this.#faults.repeated++;
      this.#statuses.set(id, status);
    }
    if (!this.#adds(event)) this.#faults.progressFaults++;
    this.#last = event;
  }

  get cursor(): string | null {
    return this.#last?.cursor ?? null;
  }

  get status(): string | null {
    return this.#last?.status ?? null;
  }

  get finished(): boolean {
    return this.#last !== null && TERMINAL.has(this.#last.status);
  }

  report(): LedgerReport {
    return {
      ...this.#faults,
      missing: this.#total - this.#statuses.size,
      gap: positionOf(this.#last?.cursor) - SENDING_STEPS - this.#changes,
    };
  }

  #adds({ progress }: LedgerEvent): boolean {
    const seen = Object.fromEntries(COUNTS.map((name) => [name, 0]));
    seen['pending'] = this.#total - this.#statuses.size;
    for (const status of this.#statuses.values()) {
      const name = status.toLowerCase();
      seen[name] = (seen[name] ?? 0) + 1;
    }
    const sum = COUNTS.reduce((all, name) => all + progress[name], 0);
    return sum === progress.total && progress.total === this.#total && COUNTS.every((name) => progress[name] === seen[name]);
  }
}

/** A cursor is opaque to clients; tests may read the position that stands before its first dot. */
export function positionOf(cursor: string | null | undefined): number {
  return cursor ? Number(cursor.split('.', 1)[0]) : 0;
}
