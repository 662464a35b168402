import { keyOf, type DeviceIdentifier, type DeviceIdentifierKind } from '../thingspace/wire/device-identifier.ts';
import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { CarrierState, OutcomeState, RequestState, UnmatchedCallback } from './request-state.ts';

/** Strongest first: a SIM's ICCID says more than the device it sits in, and a phone number changes with an activation. */
const PRECEDENCE: readonly (DeviceIdentifierKind | null)[] = ['ICCID', 'EID', 'IMEI', 'MDN', 'MSISDN', 'MEID', 'ESN', 'IMSI', 'MIN'];

/** Kinds that name one device for good: two different values of one of them are two devices. */
const LASTING = ['ICCID:', 'EID:', 'IMEI:', 'MEID:', 'ESN:'] as const;

/**
 * Which device of a carrier request a message means, by its index; null where nothing ties it to exactly one.
 *
 * By identifier, strongest kind first, unless a stronger kind known on both sides disagrees; failing that, by elimination:
 * the only device that has not had such a message yet, if no lasting identifier speaks against it. Never by a guess.
 */
export function matchDevice(state: RequestState, position: number, message: CallbackMessage): number | null {
  const identified = matchByIdentifier(state, position, message.deviceIds);
  if (identified !== 'NONE') return identified === 'AMBIGUOUS' ? null : identified;
  return matchByElimination(state, position, message);
}

/** The same by identifiers alone. */
export function matchIdentified(state: RequestState, position: number, message: CallbackMessage): number | null {
  const identified = matchByIdentifier(state, position, message.deviceIds);
  return typeof identified === 'number' ? identified : null;
}

function matchByIdentifier(state: RequestState, position: number, identifiers: readonly DeviceIdentifier[]): number | 'NONE' | 'AMBIGUOUS' {
  const { byKey } = state.carrier(position);
  let ambiguous = false;
  for (const [strength, kind] of PRECEDENCE.entries()) {
    for (const identifier of identifiers) {
      if (identifier.kind !== kind) continue;
      const found = byKey.get(keyOf(identifier));
      if (found === undefined) continue;
      const candidates = (typeof found === 'number' ? [found] : found).filter(
        (index) => !disagrees(state.outcome(index), identifiers, PRECEDENCE.slice(0, strength)),
      );
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

/** How many unmatched messages are after the one device that is open for NIDD messages, or for all others. */
function countRivals({ unmatched, unmatchedOf }: CarrierState, nidd: boolean): number {
  return nidd ? unmatchedOf.NIDD_CONFIG : unmatched.size - unmatchedOf.NIDD_CONFIG;
}

function findOnlyRival(carrier: CarrierState, nidd: boolean): UnmatchedCallback | null {
  if (countRivals(carrier, nidd) !== 1) return null;
  for (const waiting of carrier.unmatched.values()) if ((waiting.message.bearing === 'NIDD_CONFIG') === nidd) return waiting;
  return null;
}

/**
 * The unmatched messages of a carrier request whose device may be known by now: they share an identifier with one that has
 * learnt something since this was last asked, or are the only one left. To try all of them at each callback would take hours
 * where a carrier names 10,000 devices by identifiers we do not know.
 */
export function takeUnmatchedToTry(state: RequestState, position: number): UnmatchedCallback[] {
  const carrier = state.carrier(position);
  const found = new Set<UnmatchedCallback>();
  for (const index of carrier.learnt) {
    for (const key of state.outcome(index).keys) for (const waiting of carrier.unmatchedByKey.get(key) ?? []) found.add(waiting);
  }
  carrier.learnt.clear();
  for (const nidd of [false, true]) {
    const only = (nidd ? carrier.withoutNidd : carrier.withoutFinal) === 1 ? findOnlyRival(carrier, nidd) : null;
    if (only) found.add(only);
  }
  return [...found];
}

/** True when both sides know a lasting identifier of one of `kinds` and no value is shared. */
function disagrees(
  outcome: OutcomeState,
  identifiers: readonly DeviceIdentifier[],
  kinds: readonly (DeviceIdentifierKind | null)[],
): boolean {
  return LASTING.some((prefix) => {
    if (!kinds.some((kind) => prefix === `${kind}:`)) return false;
    const known = outcome.keys.filter((key) => key.startsWith(prefix));
    const said = identifiers.map(keyOf).filter((key) => key.startsWith(prefix));
    return known.length > 0 && said.length > 0 && !said.some((key) => known.includes(key));
  });
}
