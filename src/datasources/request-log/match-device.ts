import type { DeviceIdentifier, DeviceIdentifierKind } from '../thingspace/wire/device-identifier.ts';
import { fits, keyOf } from '../thingspace/wire/same-identifier.ts';
import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import { countRivals } from './request-state.ts';
import { MOST_SHARING, type WorkingSet } from './working-set.ts';

/** Strongest first. The ICCID names the SIM itself, the IMEI only the device around it. A phone number changes with an activation. */
const PRECEDENCE: readonly (DeviceIdentifierKind | null)[] = ['ICCID', 'EID', 'IMEI', 'MDN', 'MSISDN', 'MEID', 'ESN', 'IMSI', 'MIN'];

/** Kinds that never change for a device: two different values of one kind are two devices. */
const LASTING = ['ICCID:', 'EID:', 'IMEI:', 'MEID:', 'ESN:'] as const;

/**
 * The device that was named by the ICCID in a message. An ICCID is the strongest identifier, and no message about it can have gone to
 * another device. So this needs no other identifier of any device, and what messages have told since cannot change it.
 */
export function matchIccid(set: WorkingSet, position: number, message: CallbackMessage): number | null {
  const [iccid, another] = message.deviceIds.filter(({ kind }) => kind === 'ICCID');
  return iccid && !another ? set.ownerOf(position, keyOf(iccid)) : null;
}

/**
 * The index of the device of a carrier request that a message means. Null when nothing ties the message to exactly one device.
 *
 * First it compares identifiers, the strongest kind first. A device is out when a stronger kind is known on both sides and
 * disagrees. When no identifier is known, it goes by elimination: the only device that has had no such message yet, if no lasting
 * identifier disagrees. It never guesses.
 *
 * @param seq the row of the message, when it waits already.
 */
export function matchDevice(set: WorkingSet, position: number, message: CallbackMessage, seq: number | null): number | null {
  const identified = matchByIdentifier(set, position, message.deviceIds);
  if (identified !== 'NONE') return identified === 'AMBIGUOUS' ? null : identified;
  return matchByElimination(set, position, message, seq);
}

/** The same by identifiers alone, without elimination. */
export function matchIdentified(set: WorkingSet, position: number, message: CallbackMessage): number | null {
  const identified = matchByIdentifier(set, position, message.deviceIds);
  return typeof identified === 'number' ? identified : null;
}

function matchByIdentifier(set: WorkingSet, position: number, identifiers: readonly DeviceIdentifier[]): number | 'NONE' | 'AMBIGUOUS' {
  let ambiguous = false;
  for (const [strength, kind] of PRECEDENCE.entries()) {
    for (const identifier of identifiers) {
      if (identifier.kind !== kind) continue;
      const found = set.namedBy(position, keyOf(identifier));
      if (found.length === 0) continue;
      const candidates =
        found.length > MOST_SHARING
          ? found
          : found.filter((index) => !disagrees(set.keys(index), identifiers, PRECEDENCE.slice(0, strength)));
      const [only] = candidates;
      if (only !== undefined && candidates.length === 1) return only;
      ambiguous = true;
    }
  }
  return ambiguous ? 'AMBIGUOUS' : 'NONE';
}

function matchByElimination(set: WorkingSet, position: number, message: CallbackMessage, seq: number | null): number | null {
  const carrier = set.state.carrier(position);
  if (carrier.deviceCount === null) return null;
  const nidd = message.bearing === 'NIDD_CONFIG';
  const open = nidd ? carrier.withoutNidd : carrier.withoutFinal;
  if (open.count !== 1 || countRivals(carrier, nidd) > 1) return null;
  const rival = findOnlyRival(set, position, nidd);
  if (rival !== null && rival !== seq) return null;
  return disagrees(set.keys(open.sum), message.deviceIds, PRECEDENCE) ? null : open.sum;
}

/** The only unmatched message that may mean the one open device. */
function findOnlyRival(set: WorkingSet, position: number, nidd: boolean): number | null {
  if (countRivals(set.state.carrier(position), nidd) !== 1) return null;
  const bearings = nidd ? (['NIDD_CONFIG'] as const) : (['FINAL', 'PROGRESS'] as const);
  return bearings.flatMap((bearing) => set.waiting(position, bearing, 1))[0] ?? null;
}

/**
 * The unmatched messages of a carrier request whose device may be known by now. A message is tried when it shares an identifier with
 * a device that has learnt one since the last call, or when it is the only one left. To try all of them at each callback would take
 * hours when a carrier names 10,000 devices by identifiers that we do not know.
 */
export function takeUnmatchedToTry(set: WorkingSet, position: number): number[] {
  const found = new Set(set.takeToTry(position));
  const carrier = set.state.carrier(position);
  for (const nidd of [false, true]) {
    const only = (nidd ? carrier.withoutNidd : carrier.withoutFinal).count === 1 ? findOnlyRival(set, position, nidd) : null;
    if (only !== null) found.add(only);
  }
  return [...found];
}

/**
 * Whether identifiers may be those of the device that has these keys: the strongest kind that both sides have decides. Without such
 * a kind they may.
 */
export function mayName(keys: readonly string[], identifiers: readonly DeviceIdentifier[]): boolean {
  const shared = PRECEDENCE.findIndex((kind) =>
    identifiers.some((identifier) => identifier.kind === kind && fits(keys, keyOf(identifier))),
  );
  return !disagrees(keys, identifiers, shared < 0 ? PRECEDENCE : PRECEDENCE.slice(0, shared));
}

/** True when both sides have a lasting identifier of one of `kinds` and none of one side fits the other. */
export function disagrees(
  keys: readonly string[],
  identifiers: readonly DeviceIdentifier[],
  kinds: readonly (DeviceIdentifierKind | null)[],
): boolean {
  return LASTING.some((prefix) => {
    if (!kinds.some((kind) => prefix === `${kind}:`)) return false;
    const known = keys.filter((key) => key.startsWith(prefix));
    const said = identifiers.map(keyOf).filter((key) => key.startsWith(prefix));
    return known.length > 0 && said.length > 0 && !said.some((key) => fits(known, key));
  });
}
