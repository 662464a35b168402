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
  /** When it left; for another tool's, when it was first heard of. */
  readonly since: number;
  /** Devices of its Request that are PENDING. */
  readonly pending: number;
}

export interface SilentDevice {
  readonly index: number;
  readonly requested: readonly DeviceIdentifier[];
  /** Every identifier known of it, as keys (see `identifierKey`). */
  readonly keys: readonly string[];
}

/** What the carrier answered about one device when it was asked. */
export interface Finding {
  readonly requestId: string;
  readonly position: number;
  /** Null where the answer's identifiers name the device. */
  readonly index: number | null;
  /** Which question it answers: one of `EVIDENCE_SERVICES`. */
  readonly service: string;
  readonly json: string;
  readonly message: CallbackMessage;
}

/** The part of the log that keeps a Request from staying open for ever: what is silent, lost or waiting, and what becomes of it. */
export interface FollowUpLog {
  /** Cancels what is still QUEUED of a Request, never what has left; says how many carrier requests. */
  cancelQueued(requestId: string, error: RequestError): Promise<number>;
  /**
   * An operator's word on a carrier request of unknown fate: its id at the carrier, or null for "it never arrived".
   * `ID_TAKEN` when a Request has that id already.
   */
  resolveUnknown(requestId: string, position: number, carrierRequestId: string | null): Promise<'RESOLVED' | 'NOT_UNKNOWN' | 'ID_TAKEN'>;
  /** The devices of a group as they were read before the request is sent: from here on expected. Nothing once it is no longer QUEUED. */
  setMembers(requestId: string, devices: readonly RequestedDevice[]): Promise<void>;
  /**
   * Up to `limit` silent devices become OVERDUE, or EXPIRED; with the last of these the carrier request is CLOSED. In steps,
   * because callbacks are stored in between. Gives back the number of rows written; below `limit` it is done.
   */
  lapse(requestId: string, position: number, into: 'OVERDUE' | 'EXPIRED', limit: number): Promise<number>;
  /** Settles devices by what the carrier said when it was asked; those a callback has settled stay. Says how many were. */
  reconcile(findings: readonly Finding[]): Promise<number>;
  /** Carrier requests of open Requests that left (or, for another tool's, were first heard of) before `before`, oldest first. */
  due(before: number): Promise<readonly DueCarrierRequest[]>;
  /** The devices of a carrier request that nothing final is known of. */
  silentDevices(requestId: string, position: number): Promise<readonly SilentDevice[]>;
  /** For each of these Requests those that try its failed devices again, oldest first. */
  retriesOf(requestIds: readonly string[]): Promise<ReadonlyMap<string, readonly StoredRequest[]>>;
}
