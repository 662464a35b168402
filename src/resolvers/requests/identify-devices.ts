import type { SilentDevice } from '../../datasources/request-log/follow-up-log.ts';
import { disagrees, mayName } from '../../datasources/request-log/match-device.ts';
import type { DeviceId } from '../../datasources/thingspace/carrier-reads.ts';
import {
  parseIdentifierKind,
  type DeviceIdentifier,
  type DeviceIdentifierKind,
} from '../../datasources/thingspace/wire/device-identifier.ts';
import type { DeviceRecord } from '../../datasources/thingspace/wire/device-list.ts';
import { cleanIdentifier, fits, identifierKey, isSameKey, keyOf, stemOf } from '../../datasources/thingspace/wire/same-identifier.ts';

/** A device that the carrier was asked about, and the identifiers of each record that it answered with. */
export interface ToldDevice {
  readonly device: Pick<SilentDevice, 'index' | 'keys'>;
  readonly records: readonly (readonly DeviceIdentifier[])[];
}

/** Kinds a device is looked up by, the surest first. */
const LOOKUP_KINDS: readonly DeviceIdentifierKind[] = ['ICCID', 'EID', 'IMEI', 'MEID', 'ESN', 'MDN'];

/** Kinds of the hardware around a SIM or profile. Two profiles of one device share them. */
const HARDWARE: readonly DeviceIdentifierKind[] = ['EID', 'IMEI', 'MEID', 'ESN'];

/**
 * What the device list teaches about the devices of one carrier request. It never guesses:
 *
 * - Of several records that may be a device's, only what they all say counts.
 * - An identifier that two of the devices have names neither of them.
 * - While the carrier has not told of another device that may be the same hardware, identifiers of the hardware are left out.
 *
 * @param untold the devices that the carrier was asked about and did not tell.
 */
export function learnIdentifiers(
  told: readonly ToldDevice[],
  untold: readonly Pick<SilentDevice, 'keys'>[],
): { readonly index: number; readonly deviceIds: readonly DeviceIdentifier[] }[] {
  const said = told.map(({ device, records }) => ({
    device,
    deviceIds: listAgreed(records.filter((record) => mayName(device.keys, record))),
  }));
  const named = said.flatMap(({ device: { index, keys }, deviceIds }) =>
    [...new Set([...keys, ...deviceIds.map(keyOf)])].map((key) => ({ index, key })),
  );
  const byStem = Map.groupBy(named, ({ key }) => stemOf(key));
  const isShared = (key: string, own: number) =>
    byStem.get(stemOf(key))?.some((other) => other.index !== own && isSameKey(other.key, key)) === true;
  return said.flatMap(({ device, deviceIds }) => {
    const isSharable = untold.some(({ keys }) => !disagrees(keys, deviceIds, HARDWARE));
    const learnt = deviceIds.filter((identifier) => {
      if (isShared(keyOf(identifier), device.index)) return false;
      return !isSharable || identifier.kind === null || !HARDWARE.includes(identifier.kind);
    });
    return learnt.every((identifier) => fits(device.keys, keyOf(identifier))) ? [] : [{ index: device.index, deviceIds: learnt }];
  });
}

function listAgreed([first = [], ...others]: readonly (readonly DeviceIdentifier[])[]): DeviceIdentifier[] {
  return first.filter((identifier) => others.every((record) => record.some((other) => isSameKey(keyOf(other), keyOf(identifier)))));
}

/** False when a record shows another value of the kind that was asked by. It need not show that kind. */
export function isAbout({ deviceIds }: Pick<DeviceRecord, 'deviceIds'>, { kind, id }: DeviceId): boolean {
  const asked = parseIdentifierKind(kind);
  const shown = deviceIds.filter((identifier) => identifier.kind === asked).map(keyOf);
  return shown.length === 0 || fits(shown, identifierKey(asked, id, kind));
}

/** A device by what lasts when its identifiers are changed: under the old ones the carrier finds it no more, once the change is done. */
export function lasting(device: SilentDevice): SilentDevice {
  const changing = device.changeTo?.map(({ kind }) => kind) ?? [];
  if (changing.length === 0) return device;
  const requested = device.requested.filter(({ kind }) => kind === null || !changing.includes(kind));
  return { ...device, requested, keys: device.keys.filter((key) => !changing.some((kind) => key.startsWith(`${kind}:`))) };
}

/** The record that is the device's; undefined when there are several, for example of two profiles. */
export function onlyOf(
  { device }: { readonly device: Pick<SilentDevice, 'keys'> },
  records: readonly DeviceRecord[],
): DeviceRecord | undefined {
  const own = records.filter(({ deviceIds }) => mayName(device.keys, deviceIds));
  return own.length === 1 ? own[0] : undefined;
}

/** What the request named. For a device that only the carrier has named, a key. */
export function lookupId({ requested, keys }: SilentDevice): DeviceId | null {
  const best = LOOKUP_KINDS.map((kind) => requested.find((identifier) => identifier.kind === kind)).find(Boolean);
  if (best?.kind) return { kind: best.kind, id: cleanIdentifier(best.kind, best.id) };
  const [kind, id] =
    LOOKUP_KINDS.map((each) => keys.find((key) => key.startsWith(`${each}:`)))
      .find(Boolean)
      ?.split(':') ?? [];
  return kind !== undefined && id !== undefined ? { kind, id } : null;
}
