import { parseIdentifierKind, type DeviceIdentifier } from '../thingspace/wire/device-identifier.ts';
import { fits, identifierKey, keyOf, stemOf } from '../thingspace/wire/same-identifier.ts';
import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import { isQuiet, THIS_ROW, type LogEvent } from './log-event.ts';
import { deriveStatus } from './derive-status.ts';
import {
  progressOf,
  type CarrierRequestState,
  type OutcomeSource,
  type OutcomeStatus,
  type Progress,
  type RequestedDevice,
  type RequestStatus,
} from './stored-request.ts';
import { CARRIER_STATE } from './sending-steps.ts';

export interface OutcomeState {
  readonly position: number;
  status: OutcomeStatus;
  source: OutcomeSource | null;
  finalSeq: number;
  niddSeq: number;
  contradicted: boolean;
  /** The carrier waits for an approval, by its latest word. */
  isOnHold: boolean;
  /** The final message is about one profile. That of the device itself may still come, and decides. */
  isSettledByPart: boolean;
  /** The newest row of the device; 0 while it has none. */
  lastSeq: number;
  /** Messages that settled nothing of it. */
  quiet: number;
  /** The identifier keys of the device, requested and learnt. */
  readonly keys: string[];
}

export interface UnmatchedCallback {
  readonly seq: number;
  readonly message: CallbackMessage;
}

export interface CarrierState {
  readonly firstIndex: number;
  readonly deviceCount: number | null;
  /** The outcomes that have an identifier with this stem. There are several when devices share it (profiles of one EID). */
  readonly byStem: Map<string, number | number[]>;
  /** How many of its outcomes no final callback has settled, and how many have no NIDD message. */
  withoutFinal: number;
  withoutNidd: number;
  /** How many outcomes the carrier reported that nobody had named. */
  strays: number;
  /** By their `seq`, in the order they came. */
  readonly unmatched: Map<number, UnmatchedCallback>;
  readonly unmatchedOf: Record<CallbackMessage['bearing'], number>;
  /** The unmatched callbacks that name an identifier. Only these are tried again when a device learns one with its stem, and not all. */
  readonly unmatchedByStem: Map<string, Set<UnmatchedCallback>>;
  /** The outcomes that have learnt an identifier since the unmatched callbacks were last tried. */
  readonly learnt: Set<number>;
}

/** A real device has about ten. A sender can write thousands into one message. */
const MOST_KEYS = 64;

/**
 * A Request's log, folded to what is needed to match a callback and to compute the status. It is a cache: it is built from the rows,
 * brought forward by new rows, and may be thrown away at any time.
 */
export class RequestState {
  readonly requestId: string;
  readonly devices: readonly RequestedDevice[] | null;
  readonly outcomes: OutcomeState[] = [];
  readonly carriers: CarrierState[] = [];
  readonly devicesKnown: boolean;
  readonly #carrierStates: CarrierRequestState[];
  readonly counts: { -readonly [Key in keyof Progress]: number };
  lastSeq = 0;
  /** Messages that settled nothing, and the size of all messages. Both are bounded. */
  quiet = 0;
  messageBytes = 0;
  status: RequestStatus = 'QUEUED';

  constructor(
    requestId: string,
    devices: readonly RequestedDevice[] | null,
    carriers: readonly { readonly firstIndex: number; readonly deviceCount: number | null }[],
  ) {
    this.requestId = requestId;
    this.devices = devices;
    this.counts = progressOf([]);
    this.#carrierStates = carriers.map(() => 'QUEUED');
    this.devicesKnown = devices !== null || carriers.every(({ deviceCount }) => deviceCount !== null);
    for (const { firstIndex, deviceCount } of carriers) {
      this.carriers.push({
        firstIndex,
        deviceCount,
        byStem: new Map(),
        withoutFinal: 0,
        withoutNidd: 0,
        strays: 0,
        unmatched: new Map(),
        unmatchedOf: { FINAL: 0, PROGRESS: 0, NIDD_CONFIG: 0, OTHER: 0 },
        unmatchedByStem: new Map(),
        learnt: new Set(),
      });
      // The members of a group are expected too, although the carrier decides in the end which devices are members.
      for (let index = firstIndex; index < firstIndex + (deviceCount ?? devices?.length ?? 0); index++) {
        this.#open(this.carriers.length - 1, devices?.[index] ?? null);
      }
    }
  }

  carrier(position: number): CarrierState {
    const carrier = this.carriers[position];
    if (carrier === undefined) throw new RangeError(`no carrier request at position ${position}`);
    return carrier;
  }

  carrierState(position: number): CarrierRequestState {
    const state = this.#carrierStates[position];
    if (state === undefined) throw new RangeError(`no carrier request at position ${position}`);
    return state;
  }

  outcome(index: number): OutcomeState {
    const outcome = this.outcomes[index];
    if (outcome === undefined) throw new RangeError(`no outcome at index ${index}`);
    return outcome;
  }

  /** The outcomes of a carrier request that an identifier may mean, by its key. */
  namedBy(position: number, key: string): readonly number[] {
    const found = this.carrier(position).byStem.get(stemOf(key)) ?? [];
    return (typeof found === 'number' ? [found] : found).filter((index) => fits(this.outcome(index).keys, key));
  }

  requested(index: number): DeviceIdentifier[] | null {
    return requestedIdentifiers(this.devices?.[index]);
  }

  /** Takes one row into the fold and gives it the next place in the log. */
  apply(event: LogEvent): number {
    this.#weigh(event);
    const seq = ++this.lastSeq;
    const carrier = this.carriers[event.position];
    const tied = carrier && this.#applyToCarrier(carrier, event, seq);
    if (event.outcome) this.#applyToOutcome(event, seq, tied);
    this.status = deriveStatus(this.#carrierStates, this.counts, this.devicesKnown);
    return seq;
  }

  /** Before the row changes anything: what it settles depends on how its device stands. */
  #weigh(event: LogEvent): void {
    this.messageBytes += event.callback?.json.length ?? 0;
    const device = event.outcome ? this.outcomes[event.outcome.index] : undefined;
    if (!isQuiet(event, device)) return;
    this.quiet++;
    if (device) device.quiet++;
  }

  /** Gives back the waiting message that the row ties to a device. */
  #applyToCarrier(carrier: CarrierState, event: LogEvent, seq: number): UnmatchedCallback | undefined {
    const next = STATE_AFTER[event.kind];
    if (next) this.#carrierStates[event.position] = next;
    if (event.kind === 'UNMATCHED' && event.callback) {
      addUnmatched(carrier, { seq, message: event.callback.message });
      this.counts.unmatched++;
    }
    const tied = event.ties ? carrier.unmatched.get(event.ties) : undefined;
    if (tied && event.outcome) {
      removeUnmatched(carrier, tied);
      this.counts.unmatched--;
      this.#ensureOutcome(event.outcome.index, event.position);
      this.#learn(event.outcome.index, tied.message.deviceIds.filter(isMatchable).map(keyOf));
    }
    return tied;
  }

  #applyToOutcome(event: LogEvent, seq: number, tied: UnmatchedCallback | undefined): void {
    const change = event.outcome;
    if (!change) return;
    this.#ensureOutcome(change.index, event.position);
    const outcome = this.outcome(change.index);
    const carrier = this.carrier(outcome.position);
    const finalSeq = change.finalSeq === THIS_ROW ? seq : change.finalSeq;
    if (outcome.source !== 'CALLBACK' && change.source === 'CALLBACK') carrier.withoutFinal--;
    const niddSeq = change.niddSeq === THIS_ROW ? seq : change.niddSeq;
    if (outcome.niddSeq === 0 && niddSeq !== 0) carrier.withoutNidd--;
    this.counts[outcome.status]--;
    this.counts[change.status]++;
    outcome.status = change.status;
    outcome.source = change.source;
    outcome.finalSeq = finalSeq;
    outcome.niddSeq = niddSeq;
    outcome.contradicted = change.contradicted;
    outcome.lastSeq = seq;
    const message = event.callback?.message ?? tied?.message;
    if (message) {
      if (outcome.source !== null) outcome.isOnHold = false;
      else if (message.bearing === 'PROGRESS') outcome.isOnHold = message.isOnHold;
      if (outcome.finalSeq === (tied?.seq ?? seq)) outcome.isSettledByPart = message.isPart;
    }
    if (event.callback) this.#learn(change.index, event.callback.message.deviceIds.filter(isMatchable).map(keyOf));
  }

  /** A device that the carrier reports and nobody named gets the next index. */
  #ensureOutcome(index: number, position: number): void {
    if (index < this.outcomes.length) return;
    this.#open(position, null);
    this.carrier(position).strays++;
  }

  #open(position: number, device: RequestedDevice | null): void {
    const index = this.outcomes.length;
    const carrier = this.carrier(position);
    this.outcomes.push({
      position,
      status: 'PENDING',
      source: null,
      finalSeq: 0,
      niddSeq: 0,
      contradicted: false,
      isOnHold: false,
      isSettledByPart: false,
      lastSeq: 0,
      quiet: 0,
      keys: [],
    });
    this.counts.PENDING++;
    carrier.withoutFinal++;
    carrier.withoutNidd++;
    if (device) {
      this.#learn(
        index,
        device.deviceIds.map(({ kind, id }) => identifierKey(parseIdentifierKind(kind), id, kind)),
      );
    }
  }

  #learn(index: number, keys: readonly string[]): void {
    const outcome = this.outcome(index);
    const { byStem, unmatched, learnt } = this.carrier(outcome.position);
    for (const key of keys) {
      if (outcome.keys.length >= MOST_KEYS || outcome.keys.includes(key)) continue;
      const stem = stemOf(key);
      const isRespelling = outcome.keys.some((known) => stemOf(known) === stem);
      outcome.keys.push(key);
      if (unmatched.size > 0) learnt.add(index);
      if (isRespelling) continue;
      const known = byStem.get(stem);
      if (known === undefined) byStem.set(stem, index);
      else if (typeof known === 'number') byStem.set(stem, [known, index]);
      else known.push(index);
    }
  }
}

function addUnmatched({ unmatched, unmatchedOf, unmatchedByStem }: CarrierState, waiting: UnmatchedCallback): void {
  unmatched.set(waiting.seq, waiting);
  unmatchedOf[waiting.message.bearing]++;
  for (const stem of waiting.message.deviceIds.map(keyOf).map(stemOf)) {
    const named = unmatchedByStem.get(stem);
    if (named) named.add(waiting);
    else unmatchedByStem.set(stem, new Set([waiting]));
  }
}

function removeUnmatched({ unmatched, unmatchedOf, unmatchedByStem }: CarrierState, tied: UnmatchedCallback): void {
  unmatched.delete(tied.seq);
  unmatchedOf[tied.message.bearing]--;
  for (const stem of tied.message.deviceIds.map(keyOf).map(stemOf)) {
    const named = unmatchedByStem.get(stem);
    named?.delete(tied);
    if (named?.size === 0) unmatchedByStem.delete(stem);
  }
}

/**
 * True when as many final messages have come as the carrier request has devices, and some of them could not be tied to a device.
 * Nothing more will come that could tie them.
 */
export function isAtOdds({ deviceCount, strays, withoutFinal, unmatchedOf }: CarrierState): boolean {
  return deviceCount !== null && unmatchedOf.FINAL > 0 && strays - withoutFinal + unmatchedOf.FINAL >= 0;
}

/** Null for a device that nobody named. */
export function requestedIdentifiers(device: RequestedDevice | null | undefined): DeviceIdentifier[] | null {
  return device?.deviceIds.map(({ kind, id }) => ({ kind: parseIdentifierKind(kind), id, reportedKind: kind })) ?? null;
}

/** A message never has an IMSI or MIN alone: it names its device by a stronger identifier too. */
function isMatchable({ kind }: DeviceIdentifier): boolean {
  return kind !== 'IMSI' && kind !== 'MIN';
}

const STATE_AFTER: Partial<Record<LogEvent['kind'], CarrierRequestState>> = { ...CARRIER_STATE, CLOSED: 'CLOSED', REOPENED: 'ACCEPTED' };
