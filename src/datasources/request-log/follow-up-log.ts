import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { DeviceIdentifier } from '../thingspace/wire/device-identifier.ts';
import type { RequestedDevice, RequestOrigin } from './stored-request.ts';

export interface DueCarrierRequest {
  readonly requestId: string;
  readonly account: string;
  readonly origin: RequestOrigin;
  readonly operation: string | null;
  readonly position: number;
  readonly state: 'ACCEPTED' | 'UNKNOWN';
  readonly carrierRequestId: string | null;
  readonly deviceCount: number | null;
  /** When it left. For another tool's request: when its first callback came. */
  readonly since: number;
  /** When anything was last written to its Request. */
  readonly updatedAt: number;
  /** How many devices of its Request are PENDING, how many have no result, and how many have one. */
  readonly pending: number;
  readonly open: number;
  readonly settled: number;
  /** How many messages of its Request could not be tied to a device. */
  readonly unmatched: number;
}

export interface SilentDevice {
  readonly index: number;
  readonly requested: readonly DeviceIdentifier[];
  /** What its identifiers are to be changed to. */
  readonly changeTo?: RequestedDevice['changeTo'];
  /** All known identifiers of the device, as keys (see `identifierKey`). */
  readonly keys: readonly string[];
}

/** The carrier's answer to our question about one device. */
export interface Finding {
  readonly requestId: string;
  readonly position: number;
  /** Null when the identifiers in the answer name the device. */
  readonly index: number | null;
  /** The question that it answers: one of `EVIDENCE_SERVICES`. */
  readonly service: string;
  readonly json: string;
  readonly message: CallbackMessage;
}

export interface LapseOptions {
  /** The `next` of the step before. */
  readonly from?: number;
  /** Devices that are looked at in this step. */
  readonly limit: number;
  /** Devices on hold lapse too. */
  readonly onHoldToo?: boolean;
}

export interface Lapsed {
  /** How many devices changed. */
  readonly devices: number;
  /** Where to go on; null when it is done. */
  readonly next: number | null;
}

/** What ends every Request at last. It lists what is silent or lost, and settles it. */
export interface FollowUpLog {
  /**
   * Takes an operator's word on a carrier request of unknown fate: its id at the carrier, or null for "it never arrived".
   * `ID_TAKEN` when a Request has that id already.
   */
  resolveUnknown(requestId: string, position: number, carrierRequestId: string | null): Promise<'RESOLVED' | 'NOT_UNKNOWN' | 'ID_TAKEN'>;
  /**
   * Of some devices, those that are silent become OVERDUE or EXPIRED. Before they expire, unmatched messages are tried once more. When
   * the last one is EXPIRED, the carrier request is CLOSED. It goes in steps, because callbacks must be stored in between.
   */
  lapse(requestId: string, position: number, into: 'OVERDUE' | 'EXPIRED', options: LapseOptions): Promise<Lapsed>;
  /** Settles devices by the carrier's answers. A device that a callback has settled stays as it is. Gives back how many were settled. */
  reconcile(findings: readonly Finding[]): Promise<number>;
  /**
   * Adds the identifiers in the carrier's answers to the devices at `index`, and tries the unmatched messages again. A device's
   * status stays as it is. Gives back how many messages found their device.
   */
  learn(findings: readonly Finding[]): Promise<number>;
  /** Carrier requests of open Requests whose `since` is not after `before`, or that have unmatched messages; oldest first. */
  due(before: number): Promise<readonly DueCarrierRequest[]>;
  /** Carrier requests of Requests that were completed after `since` and still have unmatched messages. */
  completedUnmatched(since: number): Promise<readonly DueCarrierRequest[]>;
  /** The carrier requests of one Request that the carrier can be asked about. */
  askable(requestId: string): Promise<readonly DueCarrierRequest[]>;
  /** The devices of a carrier request whose result is not known. */
  silentDevices(requestId: string, position: number): Promise<readonly SilentDevice[]>;
  /** The devices that its unmatched messages may mean: those that lack such a message. Empty when every message is tied to its device. */
  unmatchedDevices(requestId: string, position: number): Promise<readonly SilentDevice[]>;
  /** As many final messages have come as the carrier request has devices. No further message will tell whom the unmatched ones mean. */
  isAtOdds(requestId: string, position: number): Promise<boolean>;
}
