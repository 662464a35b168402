import { identifierKey, parseIdentifierKind } from '../../datasources/thingspace/wire/device-identifier.ts';
import type { InputFault } from './input-fault.ts';

interface NamedDevice {
  readonly deviceIds: readonly { readonly kind: string; readonly id: string }[];
}

/**
 * Rules that need the whole list: each device carries a kind once, and no identifier names two devices (they would be
 * billed twice, and their callbacks could not be told apart).
 *
 * @param profiles true where an entry means an eSIM profile: entries told apart by ICCID may share the EID and IMEI of the
 *   device they live in.
 */
export function deviceListFaults(devices: readonly NamedDevice[], profiles: boolean): InputFault[] {
  const faults: InputFault[] = [];
  const seen = new Map<string, number>();
  for (const [at, device] of devices.entries()) {
    const kinds = new Set<string>();
    const byIccid = profiles && device.deviceIds.some(({ kind }) => kind === 'ICCID');
    for (const [place, { kind, id }] of device.deviceIds.entries()) {
      const path = ['devices', at, 'deviceIds', place];
      if (kinds.has(kind))
        faults.push({ path: [...path, 'kind'], code: 'DUPLICATE_KIND', message: `A device has one ${kind}: give each kind once.` });
      kinds.add(kind);
      if (byIccid && kind !== 'ICCID') continue;
      const key = identifierKey(parseIdentifierKind(kind), id, kind);
      const first = seen.get(key);
      if (first !== undefined && first !== at)
        faults.push({
          path: [...path, 'id'],
          code: 'DUPLICATE_DEVICE',
          message: `devices[${first}] has the same ${kind}: name each device once.`,
        });
      else seen.set(key, at);
    }
  }
  return faults;
}
