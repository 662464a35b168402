import { CALLBACK_SERVICES } from '../../../thingspace/wire/callback-service.ts';
import { EVIDENCE_SERVICES } from '../../../thingspace/wire/evidence.ts';
import { LOG_EVENT_KINDS } from '../../log-event.ts';
import { OUTCOME_STATUSES, progressOf, REQUEST_STATUSES, type OutcomeStatus } from '../../stored-request.ts';
import type { LogRow, RequestRow } from './verify-rows.ts';
import type { CountedState } from './verify-state.ts';
import { type Faults, isAsItCame, isJson } from './verify-faults.ts';

/**
 * Checks a Request's log: it has no gap and no message twice, every message is as it came, the counts of every row add up, its words
 * are known, and the last row says the same as the Request's own row. Gives back the number of rows.
 */
export function checkLog(request: RequestRow, rows: Iterable<LogRow>, counted: CountedState, faults: Faults): number {
  const digests = new Set<string>();
  const devices = new Standing(request);
  let last: LogRow | null = null;
  let read = 0;
  for (const row of rows) {
    read++;
    if (row.seq !== (last?.seq ?? 0) + 1) faults.add(`The log of request ${request.id} goes from ${last?.seq ?? 0} to ${row.seq}.`);
    last = row;
    counted.add(row);
    if (!isKnown(row)) faults.add(`Row ${row.seq} of request ${request.id} has words that the gateway does not write.`);
    if (row.outcome !== null) devices.set(row.outcome, row.status);
    if (!devices.addUpTo(row.counts)) faults.add(`The devices of request ${request.id} do not add up to ${row.counts} in row ${row.seq}.`);
    if (row.message !== null && !isAsItCame(row.message, row.digest))
      faults.add(`The message in row ${row.seq} of request ${request.id} is not as it came.`);
    const digest = row.digest && Buffer.from(row.digest).toString('hex');
    if (digest && digests.has(digest)) faults.add(`Request ${request.id} has the message of row ${row.seq} twice.`);
    if (digest) digests.add(digest);
  }
  if (last?.seq !== request.lastSeq) faults.add(`The log of request ${request.id} ends at ${last?.seq ?? 0}, not at ${request.lastSeq}.`);
  if (last && (last.requestStatus !== request.status || last.counts !== request.counts))
    faults.add(`Request ${request.id} stands at ${request.status} ${request.counts}, its log at ${last.requestStatus} ${last.counts}.`);
  return read;
}

/** The newest status of each device that has a row. A device without one is PENDING. */
class Standing {
  readonly #total: number | null;
  readonly #statuses = new Map<number, OutcomeStatus>();
  readonly #counts = progressOf([]);
  #devices = 0;

  constructor({ total, totalIsEstimate }: RequestRow) {
    // The first rows of a group's log do not count its members, which are read later.
    this.#total = totalIsEstimate === 1 ? null : total;
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
    (source === null || source === 'CALLBACK' || source === 'RECONCILED') &&
    REQUEST_STATUSES.includes(requestStatus) &&
    (service === null || KNOWN_SERVICES.has(service)) &&
    finalSeq >= 0 &&
    finalSeq <= seq &&
    niddSeq >= 0 &&
    niddSeq <= seq
  );
}

const KNOWN_SERVICES: ReadonlySet<string> = new Set([...CALLBACK_SERVICES, ...EVIDENCE_SERVICES]);
