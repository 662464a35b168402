import { isQuiet, type LogEvent } from './log-event.ts';
import { stemsOf, type WorkingSet } from './working-set.ts';

/** What one request may hold. A real one stays far below: it has at most 10,000 devices, with a few messages of 1 to 2 kB each. */
export interface RequestLimits {
  /** Devices that nobody named: all of them where only the carrier knows the devices. */
  readonly strays: number;
  /** Messages of one device that settle nothing. */
  readonly quietPerDevice: number;
  /** Messages that settle nothing, or that nobody can tie to a device yet: so many for each device of the request, and `more`. */
  readonly perDevice: number;
  readonly more: number;
  /** Messages that wait for their device and name one and the same identifier. */
  readonly perIdentifier: number;
  readonly bytes: number;
  /** Beyond `bytes`, a message that settles a device is still taken when it is no larger than this. */
  readonly resultBytes: number;
}

/** What the store holds for one path (an account and a service), and for one id that nobody knows. */
export interface LogLimits {
  /** Unclaimed messages of a path; dead letters of a path, for each reason; copies that wait for its previous listener. */
  readonly messages: number;
  readonly messageBytes: number;
  /** Unclaimed messages of one carrier request id. */
  readonly messagesOfId: number;
  /** Rows and bytes of all requests of other tools of one account. */
  readonly externalRows: number;
  readonly externalBytes: number;
  readonly request: RequestLimits;
}

const GIB = 1_073_741_824;

/** A roll-out of 100,000 devices whose messages are all refused for a mistyped password has room five times over. */
export const LOG_LIMITS: LogLimits = {
  messages: 500_000,
  messageBytes: GIB,
  messagesOfId: 50_000,
  externalRows: 5_000_000,
  externalBytes: 4 * GIB,
  request: { strays: 12_000, quietPerDevice: 50, perDevice: 4, more: 1_000, perIdentifier: 64, bytes: GIB / 8, resultBytes: 8_192 },
};

const NO_BOUND = Number.MAX_SAFE_INTEGER;

/** All messages of an outage have room in a journal, as long as the disk has. It has no requests, so one id may have all of them. */
export const JOURNAL_LIMITS: Partial<LogLimits> = { messages: NO_BOUND, messageBytes: NO_BOUND, messagesOfId: NO_BOUND };

/** Below the floor of free disk: what settles nothing is not taken. */
export function onlyWhatSettles(limits: RequestLimits): RequestLimits {
  return { ...limits, quietPerDevice: 0 };
}

/** Whether a request may hold one more message. One that can settle a device finds room, however many others there are. */
export function hasRoomFor(set: WorkingSet, event: LogEvent, limits: RequestLimits): boolean {
  const { state } = set;
  const { position, outcome, callback, kind } = event;
  const { strays, unmatched } = state.carrier(position);
  const device = outcome ? set.device(outcome.index) : null;
  const quiet = isQuiet(event, device ?? undefined);
  const size = callback?.json.length ?? 0;
  const many = limits.perDevice * state.devices + limits.more;
  if (state.messageBytes + size > limits.bytes && (quiet || size > limits.resultBytes)) return false;
  if (quiet && ((device?.quiet ?? 0) >= limits.quietPerDevice || state.quiet >= many)) return false;
  if (outcome && !device && strays >= limits.strays) return false;
  if (kind !== 'UNMATCHED' || !callback) return true;
  // One that is left over when all devices have their results becomes a device of its own.
  if (sumOf(unmatched) >= many || strays + unmatched.FINAL >= limits.strays) return false;
  return stemsOf(callback.message).every((stem) => set.waitingFor(position, stem, limits.perIdentifier).length < limits.perIdentifier);
}

function sumOf(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}
