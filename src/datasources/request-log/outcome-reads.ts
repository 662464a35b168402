import type { CallbackFault } from '../thingspace/wire/callback-meaning.ts';
import type { DeviceIdentifier } from '../thingspace/wire/device-identifier.ts';
import type { OutcomeStatus, Page, Progress, RequestedDevice, RequestStatus, StoredOutcome } from './stored-request.ts';

/** One batch of a Request's log, as followers receive it. */
export interface LogBatch {
  readonly lastSeq: number;
  /** The status and the progress as of `lastSeq`. */
  readonly status: RequestStatus;
  readonly progress: Progress;
  /** Each device that changed in the batch, once, as it stands at `lastSeq`. */
  readonly outcomes: readonly StoredOutcome[];
}

export interface OutcomePage {
  readonly requestId: string;
  readonly statuses: readonly OutcomeStatus[] | null;
  /** Only FAILED devices with one of these fault codes. */
  readonly faultCodes?: readonly string[] | null;
  /** Only devices with an identifier that contains this text. */
  readonly search?: string | null;
  /** -1 for the first page. */
  readonly afterIndex: number;
  readonly limit: number;
}

/** One device of a Request, without its message. */
export interface DeviceSummary {
  readonly index: number;
  readonly status: OutcomeStatus;
  /** As the mutation named it; null when it did not. */
  readonly device: RequestedDevice | null;
  /** Of a FAILED device: the fault of its final message and the identifiers in it. Otherwise null and empty. */
  readonly fault: CallbackFault | null;
  readonly reported: readonly DeviceIdentifier[];
}

/** Reads of the devices of Requests: as they stand, and as they change. */
export interface OutcomeReads {
  /**
   * One page of outcomes for each of `wanted`, in the same order. The number of statements does not grow with their number. With
   * `work` it may stop early: it gives back the first pages only, at least one, whose work is about that of showing `work` devices.
   */
  outcomePages(wanted: readonly OutcomePage[], work?: number): Promise<readonly Page<StoredOutcome>[]>;
  /**
   * Reads messages of devices into memory: those of FAILED devices, or of all. At most `limit` in one go, because they take 30 µs
   * each. True when none is left. Pages by fault or by search, and `devices`, then find them there.
   */
  prepare(requestId: string, of: 'FAILED' | 'ALL', limit: number): Promise<boolean>;
  /** The devices of a Request with one of these statuses, in order. With null all devices, without their faults. */
  devices(requestId: string, statuses: readonly OutcomeStatus[] | null): Promise<readonly DeviceSummary[]>;
  outcomesById(ids: readonly string[]): Promise<ReadonlyMap<string, StoredOutcome>>;
  /** Up to `limit` changes after `afterSeq`; null when nothing is new. In a batch only the last change may end the Request. */
  read(requestId: string, afterSeq: number, limit: number): Promise<LogBatch | null>;
  /** How many devices have succeeded and have had no NIDD message yet. */
  niddOutstanding(requestId: string): Promise<number>;
}
