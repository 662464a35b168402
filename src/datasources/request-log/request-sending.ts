import type { AuditRecord } from './audit-trail.ts';
import type { Lease } from './leases.ts';
import type { SendingStep } from './sending-steps.ts';
import type { RequestedDevice, RequestError } from './stored-request.ts';

/** One POST or PUT of a new Request. */
export interface NewCarrierRequest {
  readonly service: string;
  readonly firstIndex: number;
  readonly deviceCount: number | null;
  /** See `CarrierState`. False when left out. */
  readonly deviceDecides?: boolean;
}

export interface NewRequest {
  readonly id: string;
  readonly account: string;
  readonly operation: string;
  readonly createdBy: string;
  readonly clientReference: string | null;
  readonly idempotencyKey: string | null;
  readonly retryOf: string | null;
  /** SHA-256 over operation and parsed input. Two requests under one idempotency key have "the same input" when these are equal. */
  readonly inputHash: Uint8Array;
  /** The devices (`RequestedDevice[]`) as JSON, which is stored. Null for those of a group or an account. */
  readonly devicesJson: string | null;
  /** The rest of the parsed input, as JSON. */
  readonly settings: string;
  readonly carrierRequests: readonly NewCarrierRequest[];
  readonly createdAt: number;
  /** The audit record that is stored in the same transaction when the Request is new. */
  readonly audit?: AuditRecord;
}

/** The topic that is woken when a Request was made, by whichever gateway on the store. */
export const QUEUE_TOPIC = 'queue';

/** The most Requests that may wait to be sent when a new one is made: in all, and of its caller. */
export interface QueueRoom {
  readonly ofAll: number;
  readonly ofCaller: number;
}

/** What the way of a Request to the carrier writes and reads, from the intent to the carrier's answer. */
export interface RequestSending {
  /**
   * Writes the intent before anything leaves for the carrier: the Request, its carrier requests and all devices. `NO_ROOM`: too many
   * wait already, and nothing was written.
   */
  create(
    request: NewRequest,
    room?: QueueRoom,
  ): Promise<{ readonly outcome: 'CREATED' | 'EXISTS' | 'KEY_REUSED' | 'NO_ROOM'; readonly id: string }>;
  /** Whether one more Request of this caller would have room now. */
  hasRoom(createdBy: string, room: QueueRoom): Promise<boolean>;
  /** The Request that was made with an idempotency key; null when there is none. */
  findByKey(account: string, createdBy: string, key: string): Promise<{ readonly id: string; readonly inputHash: Uint8Array } | null>;
  /** Sets the devices of a group, once, before the request is sent. Changes nothing when they are known, or it is no longer QUEUED. */
  setMembers(requestId: string, devices: readonly RequestedDevice[]): Promise<void>;
  /**
   * False when the carrier request is not in a state in which this step may begin: for example, it was cancelled. Also when the step
   * is SENDING or REQUEUED and `lease` is over: another gateway may send it now.
   */
  step(requestId: string, position: number, step: SendingStep, lease?: Lease): Promise<boolean>;
  /** Cancels the carrier requests of a Request that are still QUEUED, and never one that has left. Gives back their number. */
  cancelQueued(requestId: string, error: RequestError): Promise<number>;
  /**
   * Runs before the first sending under a lease. Carrier requests that were being sent have an unknown fate, unless the lease
   * with this token is over: then another gateway sends them. Gives back the ids of Requests that wait to be sent.
   */
  recover(token?: number): Promise<readonly string[]>;
  /** The ids of Requests that wait to be sent. */
  queued(): Promise<readonly string[]>;
  /** The times since `since` at which carrier requests of this operation were sent, oldest first. The rate window starts from them. */
  sentSince(operation: string, since: number): Promise<readonly number[]>;
}
