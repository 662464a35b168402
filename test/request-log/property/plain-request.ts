import type {
  CarrierRequestState,
  OutcomeSource,
  OutcomeStatus,
  Progress,
  RequestOrigin,
  RequestStatus,
} from '../../../src/datasources/request-log/stored-request.ts';
import type { CarrierMessage } from './carrier-message.ts';
import { plainStatus } from './plain-status.ts';

/** A message as the model knows it: its tag, what it says, and the identifiers it names. */
export interface PlainMessage extends CarrierMessage {
  readonly keys: readonly string[];
}

/** A message that decided an outcome. */
export interface Heard {
  readonly tag: string;
  readonly receivedAt: number;
  readonly callbackCount: number | null;
}

export interface PlainDevice {
  readonly part: number;
  readonly requested: boolean;
  status: OutcomeStatus;
  source: OutcomeSource | null;
  contradicted: boolean;
  final: Heard | null;
  nidd: Heard | null;
  keys: string[];
}

export interface PlainPart {
  readonly service: string;
  readonly firstIndex: number;
  readonly deviceCount: number | null;
  state: CarrierRequestState;
  guid: string | null;
  attempts: number;
  sentAt: number | null;
  answeredAt: number | null;
  error: string | null;
}

/** One row of the Request's log: the device that it changed, as it stood then, and the Request after the row. */
export interface PlainRow {
  readonly device: number | null;
  readonly as: PlainDevice | null;
  readonly progress: Progress;
  status: RequestStatus;
}

export interface PlainRequest {
  readonly id: string;
  readonly number: number;
  readonly account: string;
  readonly origin: RequestOrigin;
  readonly operation: string | null;
  readonly createdBy: string;
  readonly clientReference: string | null;
  readonly key: string | null;
  readonly input: number;
  readonly retryOf: string | null;
  readonly createdAt: number;
  readonly parts: PlainPart[];
  devices: PlainDevice[];
  total: number | null;
  totalIsEstimate: boolean;
  updatedAt: number;
  completedAt: number | null;
  /** Another valid answer: a status that is left and reached again within one commit keeps its first time. */
  completedElse: number | null;
  rows: PlainRow[];
  /** Tags of the messages in its log. */
  tags: string[];
  /** NIDD messages about devices that nobody has named yet. */
  waiting: { readonly part: number; readonly message: PlainMessage }[];
  /** All identifiers that were ever named in it. The Request is found by them. */
  named: string[];
}

/** Applies one change to a Request. `work` says which rows it makes. Only the last row shows the new status. */
export function change(request: PlainRequest, at: number, work: (row: (device: number | null) => void) => void): number {
  const before = statusOf(request);
  const from = request.rows.length;
  work((device) => {
    const as = device === null ? null : structuredClone(request.devices[device] ?? null);
    request.rows.push({ device, as, progress: progressOf(request), status: before });
  });
  const last = request.rows.at(-1);
  if (request.rows.length === from || !last) return 0;
  last.status = statusNow(request);
  request.updatedAt = Math.max(request.updatedAt, at);
  if (ENDED.has(last.status) && request.completedAt === null) request.completedAt = at;
  if (!ENDED.has(last.status) && request.completedAt !== null) {
    request.completedElse = request.completedAt;
    request.completedAt = null;
  }
  return request.rows.length - from;
}

export function statusOf(request: PlainRequest): RequestStatus {
  return request.rows.at(-1)?.status ?? 'QUEUED';
}

/** The end of a follower's batch: the row that ends the Request. */
export function endsAt(request: PlainRequest, row: number): boolean {
  const here = request.rows[row];
  const before = request.rows[row - 1];
  return here !== undefined && ENDED.has(here.status) && !(before && ENDED.has(before.status));
}

export function isEnded(request: PlainRequest): boolean {
  return ENDED.has(statusOf(request));
}

export function isEndStatus(status: RequestStatus): boolean {
  return ENDED.has(status);
}

export function progressOf({ devices, waiting }: PlainRequest): Progress {
  const progress = {
    unmatched: waiting.length,
    PENDING: 0,
    OVERDUE: 0,
    SUCCEEDED: 0,
    FAILED: 0,
    EXPIRED: 0,
    CANCELLED: 0,
    REJECTED: 0,
    UNKNOWN: 0,
  };
  for (const { status } of devices) progress[status]++;
  return progress;
}

export function newDevice(part: number, requested: boolean, keys: readonly string[]): PlainDevice {
  return { part, requested, status: 'PENDING', source: null, contradicted: false, final: null, nidd: null, keys: [...keys] };
}

export function learn(device: PlainDevice, keys: readonly string[]): void {
  device.keys.push(...keys.filter((key) => !device.keys.includes(key)));
}

function statusNow(request: PlainRequest): RequestStatus {
  return plainStatus(
    request.parts.map(({ state }) => state),
    request.devices.map(({ status }) => status),
    request.total !== null,
  );
}

const ENDED: ReadonlySet<string> = new Set(['SUCCEEDED', 'PARTIALLY_FAILED', 'FAILED', 'REJECTED', 'EXPIRED', 'CANCELLED']);
