import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { DeviceIdentifier } from '../thingspace/wire/device-identifier.ts';
import { fits, keyOf, stemOf } from '../thingspace/wire/same-identifier.ts';
import { addDevice, foldDevice, pendingDevice, type DeviceState, type NewestState } from './device-state.ts';
import { isQuiet, THIS_ROW, type EventCallback, type LogEvent, type OutcomeChange } from './log-event.ts';
import { asNoticeOfProfile } from './message-of-profile.ts';
import type { DeviceKey, FittingDevice, RequestRows } from './request-rows.ts';
import { STATE_AFTER, UNSETTLED, type RequestState } from './request-state.ts';
import { countsOf, type RequestStatus } from './stored-request.ts';

/** A row with its place in the log, and the Request as it stands after the row. */
export interface PlacedEvent {
  readonly event: LogEvent;
  readonly seq: number;
  status: RequestStatus;
  readonly counts: readonly number[];
  /** How the device of the row stands after it; null for a row about the Request alone. */
  readonly device: Pick<DeviceState, 'finalSeq' | 'niddSeq' | 'isOnHold' | 'isSettledByPart'> | null;
  /** A duplicate of its message is found by the device, and needs no index of its own. */
  readonly isFoundByDevice: boolean;
}

/** A message that no device has yet. */
export interface WaitingMessage {
  readonly seq: number;
  readonly position: number;
  readonly bearing: CallbackMessage['bearing'];
  /** Of the identifiers in it. */
  readonly stems: readonly string[];
}

/** A real device has about ten. A sender can write thousands into one message. */
export const MOST_KEYS = 64;
/** An identifier that more devices share names none of them. The profiles of one eSIM share its EID. */
export const MOST_SHARING = 64;
/** Waiting messages that are looked at because of one identifier. */
const MOST_WAITING = 64;

/**
 * The few rows of a Request that one change is about. They are read by key when they are asked for. What the change does is kept here,
 * and is seen by what follows in it. The store writes it as one batch.
 */
export class WorkingSet {
  readonly state: RequestState;
  readonly placed: PlacedEvent[] = [];
  /** What the store writes beside the rows: identifiers that devices have learnt, messages that wait from now on, and no longer. */
  readonly learnt: (DeviceKey & { readonly position: number; readonly stem: string })[] = [];
  readonly added: WaitingMessage[] = [];
  readonly tied: WaitingMessage[] = [];
  readonly #rows: RequestRows;
  readonly #devices = new Map<number, DeviceState>();
  readonly #keys = new Map<number, string[]>();
  readonly #messages = new Map<number, CallbackMessage | null>();
  /** The devices that have learnt an identifier since the waiting messages were last tried. */
  #toTry = new Set<number>();

  constructor(state: RequestState, rows: RequestRows) {
    this.state = state;
    this.#rows = rows;
  }

  /** Null when the Request has no such device. */
  device(index: number): DeviceState | null {
    const known = this.#devices.get(index);
    if (known || index >= this.state.devices) return known ?? null;
    const device = foldDevice(this.#rows.device(index)) ?? this.#pending(index);
    this.#devices.set(index, device);
    return device;
  }

  /** How the devices from `from` up to, not including, `to` stand, as far as their newest row tells. */
  devices(from: number, to: number): NewestState[] {
    const newest = new Map(this.#rows.newest(from, to).map((row) => [row.index, row]));
    return Array.from({ length: to - from }, (_, at) => this.#devices.get(from + at) ?? newest.get(from + at) ?? this.#pending(from + at));
  }

  keys(index: number): readonly string[] {
    let keys = this.#keys.get(index);
    if (!keys) this.#keys.set(index, (keys = [...this.#rows.keys(index)]));
    return keys;
  }

  /** The devices of a carrier request that an identifier may mean, by its key. It ends after one more than may share it. */
  namedBy(position: number, key: string): readonly number[] {
    return this.#fitting(position, key).map(({ index }) => index);
  }

  /** The only device that an identifier may mean, if it has the identifier in this spelling. */
  ownerOf(position: number, key: string): number | null {
    const [owner, another] = this.#fitting(position, key);
    return owner?.isExact && !another ? owner.index : null;
  }

  /** The message in a row of a carrier request, as it is meant there; null when it cannot be read. */
  message(position: number, seq: number): CallbackMessage | null {
    let message = this.#messages.get(seq);
    if (message === undefined) this.#messages.set(seq, (message = this.#asMeant(position, this.#rows.message(seq))));
    return message;
  }

  /** A callback, as it is meant for a carrier request. */
  take(position: number, callback: EventCallback): EventCallback {
    return { ...callback, message: this.#asMeant(position, callback.message) };
  }

  waiting(position: number, bearing: CallbackMessage['bearing'], limit: number): number[] {
    const stored = this.#rows.waiting(position, bearing, limit + this.tied.length);
    const added = this.added.filter((each) => each.position === position && each.bearing === bearing).map(({ seq }) => seq);
    return this.#untied([...stored, ...added]).slice(0, limit);
  }

  waitingFor(position: number, stem: string, limit = MOST_WAITING): number[] {
    const stored = this.#rows.waitingFor(position, stem, limit + this.tied.length);
    const added = this.added.filter((each) => each.position === position && each.stems.includes(stem)).map(({ seq }) => seq);
    return this.#untied([...stored, ...added]).slice(0, limit);
  }

  /** The waiting messages that share an identifier with a device which has learnt one since the last call. */
  takeToTry(position: number): number[] {
    const found = new Set<number>();
    for (const index of this.#toTry) {
      for (const key of this.keys(index)) for (const seq of this.waitingFor(position, stemOf(key))) found.add(seq);
    }
    this.#toTry = new Set();
    return [...found];
  }

  /** Puts the identifiers of up to `limit` rows into the index of the devices. False when there are more. */
  learn(limit: number): boolean {
    if (this.state.isLearnt) return true;
    const rows = this.#rows.after(this.state.learntSeq, limit);
    for (const { position, index, message } of rows)
      if (index !== null && message) this.#learn(position, index, this.#asMeant(position, message).deviceIds);
    this.state.learntSeq = rows.length < limit ? this.state.lastSeq : (rows.at(-1)?.seq ?? this.state.lastSeq);
    return this.state.isLearnt;
  }

  /**
   * Takes one row into the state and gives it the next place in the log.
   *
   * @param isFoundByDevice its device has the strongest identifier in the message. So a duplicate is found by it, and nothing else in
   * the message is needed soon.
   */
  apply(event: LogEvent, isFoundByDevice = false): void {
    const { state } = this;
    const wasLearnt = state.isLearnt;
    const before = event.outcome ? this.device(event.outcome.index) : null;
    const quiet = isQuiet(event, before ?? undefined);
    if (quiet) state.quiet++;
    state.messageBytes += event.callback?.json.length ?? 0;
    const seq = ++state.lastSeq;
    const next = STATE_AFTER[event.kind];
    if (next) state.carrier(event.position).state = next;
    if (event.kind === 'UNMATCHED' && event.callback) this.#wait(event.position, seq, event.callback.message);
    const tied = event.ties ? this.message(event.position, event.ties) : null;
    if (event.ties && tied) this.#tie(event.position, event.ties, tied);
    if (event.outcome) this.#applyToDevice(event, event.outcome, { before, quiet, seq, tied });
    const message = event.callback?.message ?? tied;
    // Messages that wait must see at once what is learnt. Where only the carrier knows the devices, each message may tell of a new one.
    const isLater = isFoundByDevice && state.counts.unmatched === 0 && state.carrier(event.position).deviceCount !== null;
    if (!isLater) {
      if (event.outcome && message) this.#learn(event.position, event.outcome.index, message.deviceIds);
      if (wasLearnt) state.learntSeq = seq;
    }
    const device = event.outcome ? (this.#devices.get(event.outcome.index) ?? null) : null;
    this.placed.push({ event, seq, status: state.status, counts: countsOf(state.counts), device, isFoundByDevice });
  }

  #asMeant<Message extends CallbackMessage | null>(position: number, message: Message): Message {
    return message && this.state.carrier(position).deviceDecides ? (asNoticeOfProfile(message) as Message) : message;
  }

  #applyToDevice(
    event: LogEvent,
    change: OutcomeChange,
    { before, quiet, seq, tied }: { before: DeviceState | null; quiet: boolean; seq: number; tied: CallbackMessage | null },
  ): void {
    const device = before ?? this.#addStray(event.position, change.index);
    const carrier = this.state.carrier(device.position);
    const { counts } = this.state;
    const finalSeq = change.finalSeq === THIS_ROW ? seq : change.finalSeq;
    const niddSeq = change.niddSeq === THIS_ROW ? seq : change.niddSeq;
    if (device.source !== 'CALLBACK' && change.source === 'CALLBACK') addDevice(carrier.withoutFinal, change.index, -1);
    if (device.niddSeq === 0 && niddSeq !== 0) addDevice(carrier.withoutNidd, change.index, -1);
    counts[device.status]--;
    counts[change.status]++;
    carrier.unsettled += Number(UNSETTLED.includes(change.status)) - Number(UNSETTLED.includes(device.status));
    let { isOnHold, isSettledByPart } = device;
    const message = event.callback?.message ?? tied;
    if (message) {
      if (change.source !== null) isOnHold = false;
      else if (message.bearing === 'PROGRESS') ({ isOnHold } = message);
      if (finalSeq === (event.ties || seq)) isSettledByPart = message.isPart;
    }
    this.#devices.set(change.index, {
      ...device,
      ...change,
      finalSeq,
      niddSeq,
      isOnHold,
      isSettledByPart,
      quiet: device.quiet + Number(quiet),
    });
  }

  /** A device that the carrier reports and nobody named gets the next index. */
  #addStray(position: number, index: number): DeviceState {
    const carrier = this.state.carrier(position);
    carrier.strays++;
    carrier.unsettled++;
    addDevice(carrier.withoutFinal, index, 1);
    addDevice(carrier.withoutNidd, index, 1);
    this.state.counts.PENDING++;
    return { ...pendingDevice(index), position };
  }

  #wait(position: number, seq: number, message: CallbackMessage): void {
    this.#messages.set(seq, message);
    this.added.push({ seq, position, bearing: message.bearing, stems: stemsOf(message) });
    this.state.carrier(position).unmatched[message.bearing]++;
    this.state.counts.unmatched++;
  }

  #tie(position: number, seq: number, message: CallbackMessage): void {
    this.tied.push({ seq, position, bearing: message.bearing, stems: stemsOf(message) });
    this.state.carrier(position).unmatched[message.bearing]--;
    this.state.counts.unmatched--;
  }

  #learn(position: number, index: number, identifiers: readonly DeviceIdentifier[]): void {
    const keys = this.keys(index) as string[];
    for (const key of identifiers.filter(isMatchable).map(keyOf)) {
      if (keys.length >= MOST_KEYS || keys.includes(key)) continue;
      keys.push(key);
      this.learnt.push({ index, position, key, stem: stemOf(key) });
      if (this.state.counts.unmatched > 0) this.#toTry.add(index);
    }
  }

  #fitting(position: number, key: string): readonly FittingDevice[] {
    const stored = this.#rows.fitting(position, key, MOST_SHARING + 1);
    if (this.learnt.length === 0) return stored;
    const stem = stemOf(key);
    const changed = new Set(this.learnt.filter((each) => each.stem === stem && each.position === position).map(({ index }) => index));
    const fitting = [...changed].filter((index) => fits(this.keys(index), key));
    return [
      ...stored.filter(({ index }) => !changed.has(index)),
      ...fitting.map((index) => ({ index, isExact: this.keys(index).includes(key) })),
    ].toSorted((a, b) => a.index - b.index);
  }

  #untied(seqs: readonly number[]): number[] {
    return seqs.filter((seq) => !this.tied.some((each) => each.seq === seq));
  }

  #pending(index: number): DeviceState {
    return { ...pendingDevice(index), position: this.state.positionOf(index) };
  }
}

/** What is shared by all identifiers that may be one with those in a message. */
export function stemsOf({ deviceIds }: Pick<CallbackMessage, 'deviceIds'>): string[] {
  return [...new Set(deviceIds.slice(0, MOST_KEYS).map(keyOf).map(stemOf))];
}

/** A message never has an IMSI or MIN alone: it names its device by a stronger identifier too. */
function isMatchable({ kind }: DeviceIdentifier): boolean {
  return kind !== 'IMSI' && kind !== 'MIN';
}
