import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { LogEvent, OutcomeChange } from './log-event.ts';

/** A row of the log that tells of one device, without its message. */
export interface DeviceRow extends OutcomeChange {
  readonly seq: number;
  readonly kind: LogEvent['kind'];
  readonly position: number;
  /** See `DeviceState`. */
  readonly isOnHold: boolean;
  readonly isSettledByPart: boolean;
  /** Of its message, where a duplicate of it would be found by this device. */
  readonly digest: Uint8Array | null;
}

/** An identifier of a device of a carrier request. */
export interface DeviceKey {
  readonly index: number;
  readonly key: string;
}

/** A device that an identifier may mean. */
export interface FittingDevice {
  readonly index: number;
  /** It has the identifier in this very spelling. */
  readonly isExact: boolean;
}

export interface LearnableRow {
  readonly seq: number;
  readonly position: number;
  /** The device of the row and the message in it; null where it has none, or the message cannot be read. */
  readonly index: number | null;
  readonly message: CallbackMessage | null;
}

/**
 * What a store knows of one Request, read by key, as it was before the change that is being decided. No answer grows with the number
 * of devices.
 */
export interface RequestRows {
  /** All rows of a device, oldest first. */
  device(index: number): readonly DeviceRow[];
  /** The newest row of each device from `from` up to, not including, `to`. Devices without a row are left out. */
  newest(from: number, to: number): readonly DeviceRow[];
  /** The devices of a carrier request that an identifier may mean, by its key (see `fits`), in their order. */
  fitting(position: number, key: string, limit: number): readonly FittingDevice[];
  /** The identifiers of a device. */
  keys(index: number): readonly string[];
  /** The unmatched messages of a carrier request that name an identifier with this stem, by their `seq`, oldest first. */
  waitingFor(position: number, stem: string, limit: number): readonly number[];
  /** The unmatched messages of this bearing, oldest first. */
  waiting(position: number, bearing: CallbackMessage['bearing'], limit: number): readonly number[];
  /** The message in a row; null when it cannot be read. */
  message(seq: number): CallbackMessage | null;
  /** The rows after `seq`, oldest first. */
  after(seq: number, limit: number): readonly LearnableRow[];
}
