import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { DeviceIdentifier } from '../thingspace/wire/device-identifier.ts';
import type { RequestedDevice, RequestError, StoredRequest } from './stored-request.ts';

export interface DueCarrierRequest {
  readonly requestId: string;
  readonly account: string;
  readonly operation: string | null;
  readonly position: number;
  readonly state: 'ACCEPTED' | 'UNKNOWN';
  readonly carrierRequestId: string | null;
  readonly deviceCount: number | null;
  /** When it left. For another tool's request: when its first callback came. */
  readonly since: number;
  /** How many devices of its Request are PENDING. */
  readonly pending: number;
}

export interface SilentDevice {
  readonly index: number;
  readonly requested: readonly DeviceIdentifier[];
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

/** The part of the log that ends every Request at last. It lists what is silent or lost, and settles it. */
export interface FollowUpLog {
  /** Cancels the carrier requests of a Request that are still QUEUED, and never one that has left. Gives back their number. */
  cancelQueued(requestId: string, error: RequestError): Promise<number>;
  /**
   * Takes an operator's word on a carrier request of unknown fate: its id at the carrier, or null for "it never arrived".
   * `ID_TAKEN` when a Request has that id already.
   */
  resolveUnknown(requestId: string, position: number, carrierRequestId: string | null): Promise<'RESOLVED' | 'NOT_UNKNOWN' | 'ID_TAKEN'>;
  /** Sets the devices of a group, which were read before the request is sent. Changes nothing when the request is no longer QUEUED. */
  setMembers(requestId: string, devices: readonly RequestedDevice[]): Promise<void>;
  /**
   * Up to `limit` silent devices become OVERDUE or EXPIRED. When the last one is EXPIRED, the carrier request is CLOSED. It goes
   * in steps, because callbacks must be stored in between. Gives back how many devices changed: fewer than `limit` means done.
   */
  lapse(requestId: string, position: number, into: 'OVERDUE' | 'EXPIRED', limit: number): Promise<number>;
  /** Settles devices by the carrier's answers. A device that a callback has settled stays as it is. Gives back how many were settled. */
  reconcile(findings: readonly Finding[]): Promise<number>;
  /** Carrier requests of open Requests whose `since` is not after `before`, oldest first. */
  due(before: number): Promise<readonly DueCarrierRequest[]>;
  /** The devices of a carrier request whose result is not known. */
  silentDevices(requestId: string, position: number): Promise<readonly SilentDevice[]>;
  /** By the id of each of these Requests: the Requests that try its failed devices again, oldest first. */
  retriesOf(requestIds: readonly string[]): Promise<ReadonlyMap<string, readonly StoredRequest[]>>;
}
