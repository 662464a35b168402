import { CALLBACK_SERVICES } from '../../thingspace/wire/callback-service.ts';
import { EVIDENCE_SERVICES } from '../../thingspace/wire/evidence.ts';
import { LOG_EVENT_KINDS } from '../log-event.ts';
import { OUTCOME_SOURCES, OUTCOME_STATUSES, REQUEST_STATUSES, progressOf, type OutcomeStatus } from '../stored-request.ts';
import type { LogRow, RequestRow } from './verify-rows.ts';
import type { CountedState } from './counted-state.ts';
import { type Faults, isAsItCame, isJson } from './verify-faults.ts';

/**
 * Checks a Request's log: it has no gap and no message twice, every message is as it came, the counts of every row add up, its words
 * are known, and the last row says the same as the Request's own row. The rows are added in their order.
 */
export class CheckedLog {
  readonly #request: RequestRow;
  readonly #counted: CountedState;
  readonly #faults: Faults;
  readonly #digests = new Set<string>();
  readonly #devices: Standing;
  #last: LogRow | null = null;

  constructor(request: RequestRow, counted: CountedState, faults: Faults) {
    this.#request = request;
    this.#counted = counted;
    this.#faults = faults;
    this.#devices = new Standing(request);
  }

  add(row: LogRow): void {
    const { id } = this.#request;
    const last = this.#last?.seq ?? 0;
    if (row.seq !== last + 1) this.#faults.add(`The log of request ${id} goes from ${last} to ${row.seq}.`);
    this.#last = row;
    this.#counted.add(row);
    if (!isKnown(row)) this.#faults.add(`Row ${row.seq} of request ${id} has words that the gateway does not write.`);
    if (row.outcome !== null) this.#devices.set(row.outcome, row.status);
    if (!this.#devices.addUpTo(row.counts))
      this.#faults.add(`The devices of request ${id} do not add up to ${row.counts} in row ${row.seq}.`);
    if (row.message !== null && !isAsItCame(row.message, row.digest))
      this.#faults.add(`The message in row ${row.seq} of request ${id} is not as it came.`);
    const digest = row.digest && Buffer.from(row.digest).toString('hex');
    if (digest && this.#digests.has(digest)) this.#faults.add(`Request ${id} has the message of row ${row.seq} twice.`);
    if (digest) this.#digests.add(digest);
  }

  end(): void {
    const { id, status, counts, lastSeq } = this.#request;
    const last = this.#last;
    if (last?.seq !== lastSeq) this.#faults.add(`The log of request ${id} ends at ${last?.seq ?? 0}, not at ${lastSeq}.`);
    if (last && (last.requestStatus !== status || last.counts !== counts))
      this.#faults.add(`Request ${id} stands at ${status} ${counts}, its log at ${last.requestStatus} ${last.counts}.`);
  }
}

/** The newest status of each device that has a row. A device without one is PENDING. */
class Standing {
  readonly #total: number | null;
  readonly #statuses = new Map<number, OutcomeStatus>();
  readonly #counts = progressOf([]);
  #devices = 0;

  constructor({ total, totalIsEstimate }: RequestRow) {
    // The first rows of a group's log do not count its members, which are read later.
    this.#total = totalIsEstimate ? null : total;
  }

  set(device: number, status: OutcomeStatus): void {
    const before = this.#statuses.get(device);
    if (before !== undefined) this.#counts[before]--;
    this.#statuses.set(device, status);
    this.#counts[status]++;
    this.#devices = Math.max(this.#devices, device + 1);
  }

  addUpTo(counts: string): boolean {
    if (!isJson(counts)) return false;
    const told = progressOf(JSON.parse(counts) as number[]);
    const sum = OUTCOME_STATUSES.reduce((all, status) => all + told[status], 0);
    if (this.#total !== null && sum !== Math.max(this.#total, this.#devices)) return false;
    return OUTCOME_STATUSES.every((status) =>
      status === 'PENDING' ? told[status] >= this.#counts[status] : told[status] === this.#counts[status],
    );
  }
}

function isKnown({ seq, kind, source, finalSeq, niddSeq, requestStatus, service }: LogRow): boolean {
  return (
    LOG_EVENT_KINDS.includes(kind) &&
    (source === null || OUTCOME_SOURCES.includes(source)) &&
    REQUEST_STATUSES.includes(requestStatus) &&
    (service === null || KNOWN_SERVICES.has(service)) &&
    finalSeq >= 0 &&
    finalSeq <= seq &&
    niddSeq >= 0 &&
    niddSeq <= seq
  );
}

const KNOWN_SERVICES: ReadonlySet<string> = new Set([...CALLBACK_SERVICES, ...EVIDENCE_SERVICES]);
