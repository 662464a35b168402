import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import { deriveStatus } from './derive-status.ts';
import type { LogEvent } from './log-event.ts';
import { CARRIER_STATE } from './sending-steps.ts';
import { progressOf, type CarrierRequestState, type OutcomeStatus, type Progress, type RequestStatus } from './stored-request.ts';

/** Devices that still wait for something. Where one is left, `sum` is its index. */
export interface OpenDevices {
  count: number;
  /** Of their indexes. */
  sum: number;
}

/** What a step began and has not finished: the devices from `next` on are still to be settled, or left-over results to be tied. */
export type Owed =
  | { readonly type: 'SETTLE'; readonly into: OutcomeStatus; readonly from: readonly OutcomeStatus[]; readonly next: number }
  | { readonly type: 'TIE_SURPLUS' };

/** What is counted of a carrier request, so that no change must look at all devices. */
export interface CarrierState {
  readonly firstIndex: number;
  readonly deviceCount: number | null;
  /** Devices that were named. They have the indexes from `firstIndex` on. */
  readonly named: number;
  /** The carrier reports each profile of an eSIM device and then the device itself. Only the last message settles it. */
  readonly deviceDecides: boolean;
  state: CarrierRequestState;
  /** Devices that no final callback has settled. */
  readonly withoutFinal: OpenDevices;
  readonly withoutNidd: OpenDevices;
  /** Devices whose status may still change by itself: PENDING, OVERDUE, UNKNOWN. */
  unsettled: number;
  /** How many devices the carrier reported that nobody had named. */
  strays: number;
  readonly unmatched: Record<CallbackMessage['bearing'], number>;
  owed: Owed | null;
}

export interface StoredCarrierState extends Pick<CarrierState, 'firstIndex' | 'deviceCount' | 'state' | 'owed'> {
  /** See `talliesOf`. Null for a carrier request of which nothing is known but its devices. */
  readonly tallies: readonly number[] | null;
  /** False when left out. */
  readonly deviceDecides?: boolean;
}

export interface StoredState {
  readonly requestId: string;
  /** The devices that were named; null when only the carrier knows them. */
  readonly total: number | null;
  readonly carriers: readonly StoredCarrierState[];
  readonly counts?: readonly number[];
  readonly status?: RequestStatus;
  readonly lastSeq?: number;
  readonly learntSeq?: number;
  readonly quiet?: number;
  readonly messageBytes?: number;
}

export const UNSETTLED: readonly OutcomeStatus[] = ['PENDING', 'OVERDUE', 'UNKNOWN'];

/** What is counted of a Request. It has the same size for one device and for 10,000. */
export class RequestState {
  readonly requestId: string;
  readonly carriers: readonly CarrierState[];
  readonly devicesKnown: boolean;
  readonly named: number;
  readonly counts: { -readonly [Key in keyof Progress]: number };
  status: RequestStatus;
  lastSeq: number;
  /** The identifiers in the rows up to here are in the index of the devices. Those of later rows may not be. */
  learntSeq: number;
  /** Messages that settled nothing, and the size of all messages. Both are bounded. */
  quiet: number;
  messageBytes: number;

  constructor({ requestId, total, carriers, counts, status = 'QUEUED', ...rest }: StoredState) {
    this.requestId = requestId;
    this.devicesKnown = total !== null || carriers.every(({ deviceCount }) => deviceCount !== null);
    this.carriers = carriers.map((carrier) => toCarrierState(carrier, total));
    this.named = this.carriers.reduce((sum, { named }) => sum + named, 0);
    this.counts = progressOf(counts ?? [this.named]);
    this.status = status;
    this.lastSeq = rest.lastSeq ?? 0;
    this.learntSeq = rest.learntSeq ?? 0;
    this.quiet = rest.quiet ?? 0;
    this.messageBytes = rest.messageBytes ?? 0;
  }

  carrier(position: number): CarrierState {
    const carrier = this.carriers[position];
    if (carrier === undefined) throw new RangeError(`no carrier request at position ${position}`);
    return carrier;
  }

  carrierState(position: number): CarrierRequestState {
    return this.carrier(position).state;
  }

  /** How many devices the Request has. Those that nobody named follow after the end of the list. */
  get devices(): number {
    return this.carriers.reduce((sum, { strays }) => sum + strays, this.named);
  }

  /** The carrier request of a device that was named. */
  positionOf(index: number): number {
    return this.carriers.findIndex(({ firstIndex, named }) => index >= firstIndex && index < firstIndex + named);
  }

  /** Whether every identifier that messages have told is in the index of the devices. */
  get isLearnt(): boolean {
    return this.learntSeq >= this.lastSeq;
  }

  /** Whether a step has begun what it has not finished. */
  get owes(): boolean {
    return this.carriers.some(({ owed }) => owed !== null);
  }

  /** While a step has not reached all its devices, the Request keeps the status that it had before. */
  derive(): void {
    if (this.owes) return;
    this.status = deriveStatus(
      this.carriers.map(({ state }) => state),
      this.counts,
      this.devicesKnown,
    );
  }
}

function toCarrierState(
  { firstIndex, deviceCount, state, owed, tallies, deviceDecides = false }: StoredCarrierState,
  total: number | null,
): CarrierState {
  // The members of a group are expected too, although the carrier decides in the end which devices are members.
  const named = deviceCount ?? total ?? 0;
  const sum = (named * (firstIndex + firstIndex + named - 1)) / 2;
  const [finals = named, finalSum = sum, nidds = named, niddSum = sum, unsettled = named, strays = 0, ...unmatched] = tallies ?? [];
  const [FINAL = 0, PROGRESS = 0, NIDD_CONFIG = 0, OTHER = 0] = unmatched;
  return {
    firstIndex,
    deviceCount,
    named,
    deviceDecides,
    state,
    withoutFinal: { count: finals, sum: finalSum },
    withoutNidd: { count: nidds, sum: niddSum },
    unsettled,
    strays,
    unmatched: { FINAL, PROGRESS, NIDD_CONFIG, OTHER },
    owed,
  };
}

/** The counts of a carrier request as the array of numbers that is stored. */
export function talliesOf({ withoutFinal, withoutNidd, unsettled, strays, unmatched }: CarrierState): number[] {
  const { FINAL, PROGRESS, NIDD_CONFIG, OTHER } = unmatched;
  return [withoutFinal.count, withoutFinal.sum, withoutNidd.count, withoutNidd.sum, unsettled, strays, FINAL, PROGRESS, NIDD_CONFIG, OTHER];
}

/** How many unmatched messages may mean the one open device: NIDD messages, or all others. */
export function countRivals({ unmatched }: CarrierState, nidd: boolean): number {
  return nidd ? unmatched.NIDD_CONFIG : unmatched.FINAL + unmatched.PROGRESS + unmatched.OTHER;
}

/**
 * True when as many final messages have come as the carrier request has devices, and some of them could not be tied to a device.
 * Nothing more will come that could tie them.
 */
export function isAtOdds({ deviceCount, strays, withoutFinal, unmatched }: CarrierState): boolean {
  return deviceCount !== null && unmatched.FINAL > 0 && strays - withoutFinal.count + unmatched.FINAL >= 0;
}

/** True when every named device has its result and others are left over: they are of devices that nobody named. */
export function hasSurplus({ deviceCount, withoutFinal, unmatched }: CarrierState): boolean {
  return deviceCount !== null && withoutFinal.count === 0 && unmatched.FINAL > 0;
}

/** The state of a carrier request after a row of this kind. */
export const STATE_AFTER: Partial<Record<LogEvent['kind'], CarrierRequestState>> = {
  ...CARRIER_STATE,
  CLOSED: 'CLOSED',
  REOPENED: 'ACCEPTED',
};
