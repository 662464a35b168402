import type { IdentifierKind } from '../devices/identifiers.ts';
import { Refusal } from '../refusal.ts';
import type { RequestedDevice } from '../actions/requested-devices.ts';

/**
 * Combinations of identifiers that an operation takes. Resume: "only the following are supported", the ICCID. Renew: the
 * text says EID and ICCID, its example sends EID and IMEI, the carrier's SDK sends IMEI and ICCID; all three are taken.
 */
const accepted: Readonly<Record<'renewActivationCode' | 'profileResume', readonly (readonly IdentifierKind[])[]>> = {
  renewActivationCode: [
    ['eid', 'iccid'],
    ['imei', 'iccid'],
    ['eid', 'imei'],
    ['eid', 'imei', 'iccid'],
  ],
  profileResume: [['iccid']],
};

/** Refuses with `INPUT_INVALID.Device.Kind.Invalid` a device named by other kinds than the operation takes. */
export function checkProfileDevices(devices: readonly RequestedDevice[], operation: keyof typeof accepted): void {
  for (const { identifiers } of devices) {
    const kinds = new Set(identifiers.map(({ kind }) => kind));
    const fits = accepted[operation].some((set) => set.length === kinds.size && set.every((kind) => kinds.has(kind)));
    if (!fits) {
      const sets = accepted[operation].map((set) => set.join(' and ')).join(', or ');
      throw new Refusal('INPUT_INVALID.Device.Kind.Invalid', `A device must be identified by ${sets}.`);
    }
  }
}
