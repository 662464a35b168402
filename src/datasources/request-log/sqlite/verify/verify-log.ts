import { CALLBACK_SERVICES } from '../../../thingspace/wire/callback-service.ts';
import { EVIDENCE_SERVICES } from '../../../thingspace/wire/evidence.ts';
import type { LogEventKind } from '../../log-event.ts';
import { OUTCOME_STATUSES, progressOf, REQUEST_STATUSES, type OutcomeStatus, type RequestStatus } from '../../stored-request.ts';
import { type Faults, isAsItCame, isJson } from './verify-faults.ts';

export type RequestRow = {
  readonly pk: number;
  readonly id: string;
  readonly status: RequestStatus;
  readonly total: number | null;
  readonly total_is_estimate: number;
  readonly counts: string;
  readonly last_seq: number;
  readonly indexed_seq: number;
  readonly completed_at: number | null;
};

export type LogRow = {
  readonly seq: number;
  readonly kind: string;
  readonly outcome: number | null;
  readonly outcome_status: OutcomeStatus;
  readonly source: string | null;
  readonly final_seq: number;
  readonly nidd_seq: number;
  readonly request_status: RequestStatus;
  readonly counts: string;
  readonly service: string | null;
  readonly digest: Uint8Array | null;
  readonly message: string | null;
};

/**
 * A Request's log: no gap, no message twice, every message as it came, every row adding up and in words we know, and in the
 * end what the Request's own row says. Gives back how many rows it has.
 */
export function checkLog(request: RequestRow, rows: Iterable<LogRow>, faults: Faults): number {
  const digests = new Set<string>();
  const devices = new Standing(request);
  let last: LogRow | null = null;
  let read = 0;
  for (const row of rows) {
    read++;
    if (row.seq !== (last?.seq ?? 0) + 1) faults.add(`The log of request ${request.id} goes from ${last?.seq ?? 0} to ${row.seq}.`);
    last = row;
    if (!isKnown(row)) faults.add(`Row ${row.seq} of request ${request.id} has words that the gateway does not write.`);
    if (row.outcome !== null) devices.set(row.outcome, row.outcome_status);
    if (!devices.addUpTo(row.counts)) faults.add(`The devices of request ${request.id} do not add up to ${row.counts} in row ${row.seq}.`);
    if (row.message !== null && !isAsItCame(row.message, row.digest))
      faults.add(`The message in row ${row.seq} of request ${request.id} is not as it came.`);
    const digest = row.digest && Buffer.from(row.digest).toString('hex');
    if (digest && digests.has(digest)) faults.add(`Request ${request.id} has the message of row ${row.seq} twice.`);
    if (digest) digests.add(digest);
  }
  if (last?.seq !== request.last_seq) faults.add(`The log of request ${request.id} ends at ${last?.seq ?? 0}, not at ${request.last_seq}.`);
  if (last && (last.request_status !== request.status || last.counts !== request.counts))
    faults.add(`Request ${request.id} stands at ${request.status} ${request.counts}, its log at ${last.request_status} ${last.counts}.`);
  return read;
}

/** The newest status of each device that a row was about; those that none was about are PENDING. */
class Standing {
  readonly #total: number | null;
  readonly #statuses = new Map<number, OutcomeStatus>();
  readonly #counts = progressOf([]);
  #devices = 0;

  constructor({ total, total_is_estimate }: RequestRow) {
    // The members of a group are learnt on the way: before, there were none.
    this.#total = total_is_estimate === 1 ? null : total;
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

function isKnown({ seq, kind, source, final_seq, nidd_seq, request_status, service }: LogRow): boolean {
  return (
    kind in KNOWN_KINDS &&
    (source === null || source === 'CALLBACK' || source === 'RECONCILED') &&
    (REQUEST_STATUSES as readonly string[]).includes(request_status) &&
    (service === null || KNOWN_SERVICES.has(service)) &&
    final_seq >= 0 &&
    final_seq <= seq &&
    nidd_seq >= 0 &&
    nidd_seq <= seq
  );
}

const KNOWN_SERVICES: ReadonlySet<string> = new Set([...CALLBACK_SERVICES, ...EVIDENCE_SERVICES]);

const KNOWN_KINDS: Readonly<Record<LogEventKind, true>> = {
  CREATED: true,
  SENDING: true,
  ACCEPTED: true,
  REFUSED: true,
  UNANSWERED: true,
  REQUEUED: true,
  MEMBERS: true,
  CANCELLED: true,
  PROVEN: true,
  CLOSED: true,
  CALLBACK: true,
  NOTICE: true,
  NIDD: true,
  REPEAT: true,
  CONTRADICTION: true,
  RECONCILED: true,
  UNMATCHED: true,
  MATCHED: true,
  SETTLED: true,
};
