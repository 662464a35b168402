import type { DeviceIdentifier, DeviceIdentifierKind } from '../thingspace/wire/device-identifier.ts';
import { fits, keyOf, stemOf } from '../thingspace/wire/same-identifier.ts';
import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { CarrierState, OutcomeState, RequestState, UnmatchedCallback } from './request-state.ts';

/** Strongest first. The ICCID names the SIM itself, the IMEI only the device around it. A phone number changes with an activation. */
const PRECEDENCE: readonly (DeviceIdentifierKind | null)[] = ['ICCID', 'EID', 'IMEI', 'MDN', 'MSISDN', 'MEID', 'ESN', 'IMSI', 'MIN'];

/** Kinds that never change for a device: two different values of one kind are two devices. */
const LASTING = ['ICCID:', 'EID:', 'IMEI:', 'MEID:', 'ESN:'] as const;

/**
 * The index of the device of a carrier request that a message means. Null when nothing ties the message to exactly one device.
 *
 * First it compares identifiers, the strongest kind first. A device is out when a stronger kind is known on both sides and
 * disagrees. When no identifier is known, it goes by elimination: the only device that has had no such message yet, if no lasting
 * identifier disagrees. It never guesses.
 */
export function matchDevice(state: RequestState, position: number, message: CallbackMessage): number | null {
  const identified = matchByIdentifier(state, position, message.deviceIds);
  if (identified !== 'NONE') return identified === 'AMBIGUOUS' ? null : identified;
  return matchByElimination(state, position, message);
}

/** The same by identifiers alone, without elimination. */
export function matchIdentified(state: RequestState, position: number, message: CallbackMessage): number | null {
  const identified = matchByIdentifier(state, position, message.deviceIds);
  return typeof identified === 'number' ? identified : null;
}

function matchByIdentifier(state: RequestState, position: number, identifiers: readonly DeviceIdentifier[]): number | 'NONE' | 'AMBIGUOUS' {
  let ambiguous = false;
  for (const [strength, kind] of PRECEDENCE.entries()) {
    for (const identifier of identifiers) {
      if (identifier.kind !== kind) continue;
      const found = state.namedBy(position, keyOf(identifier));
      if (found.length === 0) continue;
      const candidates = found.filter((index) => !disagrees(state.outcome(index), identifiers, PRECEDENCE.slice(0, strength)));
      const [only] = candidates;
      if (only !== undefined && candidates.length === 1) return only;
      ambiguous = true;
    }
  }
  return ambiguous ? 'AMBIGUOUS' : 'NONE';
}

function matchByElimination(state: RequestState, position: number, message: CallbackMessage): number | null {
  const carrier = state.carrier(position);
  if (carrier.deviceCount === null) return null;
  const nidd = message.bearing === 'NIDD_CONFIG';
  const open = nidd ? carrier.withoutNidd : carrier.withoutFinal;
  if (open !== 1 || countRivals(carrier, nidd) > 1) return null;
  const rival = findOnlyRival(carrier, nidd);
  if (rival && rival.message !== message) return null;
  const index = state.outcomes.findIndex(
    (outcome) => outcome.position === position && (nidd ? outcome.niddSeq === 0 : outcome.source !== 'CALLBACK'),
  );
  return index < 0 || disagrees(state.outcome(index), message.deviceIds, PRECEDENCE) ? null : index;
}

/** How many unmatched messages may mean the one open device: NIDD messages, or all others. */
function countRivals({ unmatched, unmatchedOf }: CarrierState, nidd: boolean): number {
  return nidd ? unmatchedOf.NIDD_CONFIG : unmatched.size - unmatchedOf.NIDD_CONFIG;
}

function findOnlyRival(carrier: CarrierState, nidd: boolean): UnmatchedCallback | null {
  if (countRivals(carrier, nidd) !== 1) return null;
  for (const waiting of carrier.unmatched.values()) if ((waiting.message.bearing === 'NIDD_CONFIG') === nidd) return waiting;
  return null;
}

/**
 * The unmatched messages of a carrier request whose device may be known by now. A message is tried when it shares an identifier with
 * a device that has learnt one since the last call, or when it is the only one left. To try all of them at each callback would take
 * hours when a carrier names 10,000 devices by identifiers that we do not know.
 */
export function takeUnmatchedToTry(state: RequestState, position: number): UnmatchedCallback[] {
  const carrier = state.carrier(position);
  const found = new Set<UnmatchedCallback>();
  for (const index of carrier.learnt) {
    for (const key of state.outcome(index).keys) for (const waiting of carrier.unmatchedByStem.get(stemOf(key)) ?? []) found.add(waiting);
  }
  carrier.learnt.clear();
  for (const nidd of [false, true]) {
    const only = (nidd ? carrier.withoutNidd : carrier.withoutFinal) === 1 ? findOnlyRival(carrier, nidd) : null;
    if (only) found.add(only);
  }
  return [...found];
}

/** True when both sides have a lasting identifier of one of `kinds` and none of one side fits the other. */
function disagrees(
  outcome: OutcomeState,
  identifiers: readonly DeviceIdentifier[],
  kinds: readonly (DeviceIdentifierKind | null)[],
): boolean {
  return LASTING.some((prefix) => {
    if (!kinds.some((kind) => prefix === `${kind}:`)) return false;
    const known = outcome.keys.filter((key) => key.startsWith(prefix));
    const said = identifiers.map(keyOf).filter((key) => key.startsWith(prefix));
    return known.length > 0 && said.length > 0 && !said.some((key) => fits(known, key));
  });
}
