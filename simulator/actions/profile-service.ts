import { z } from 'zod';
import { findServicePlan } from '../accounts/account.ts';
import type { CallbackContent } from '../callbacks/callback-message.ts';
import type { FaultResponse } from '../callbacks/fault-response.ts';
import { spell, type SpellKind } from '../callbacks/spelling.ts';
import { type Device, identifiersOf } from '../devices/device.ts';
import type { IdentifierKind } from '../devices/identifiers.ts';
import { optionalText } from '../http/request-body.ts';
import type { Settings } from '../options.ts';
import type { Random } from '../random.ts';
import { Refusal } from '../refusal.ts';
import type { Action, Reports, Target } from './action.ts';
import type { Carrier } from './define-operation.ts';
import type { FreshDevice } from './device-finder.ts';
import { checkDevices, deviceList, type RequestedDevice } from './requested-devices.ts';

/** Body of the profile operations. */
export const profileBody = z.looseObject({
  devices: deviceList,
  accountName: optionalText,
  servicePlan: optionalText,
  mdnZipCode: optionalText,
});

/**
 * The account and the devices of a profile operation.
 *
 * @param accepted the combinations of identifier kinds that name a device.
 */
export function receiveProfiles(
  body: z.infer<typeof profileBody>,
  carrier: Carrier,
  accepted: readonly (readonly IdentifierKind[])[],
  fresh: FreshDevice,
): Pick<Action, 'account' | 'targets'> {
  const account = carrier.accounts.require(body.accountName);
  const requested = checkDevices(body.devices, maxProfiles(carrier.settings));
  checkKinds(requested, accepted);
  if (body.servicePlan) findServicePlan(account, body.servicePlan);
  if (body.mdnZipCode && !/^\d{5}$/.test(body.mdnZipCode)) {
    throw new Refusal('INPUT_INVALID.MdnZipCode.Invalid', 'mdnZipCode must have 5 digits.');
  }
  return { account: account.name, targets: carrier.devices.named(account, requested, fresh) };
}

const maxProfiles = ({ lenient, maxDevicesPerRequest, maxProfilesPerRequest }: Settings): number =>
  lenient ? maxDevicesPerRequest : Math.min(maxDevicesPerRequest, maxProfilesPerRequest);

function checkKinds(devices: readonly RequestedDevice[], accepted: readonly (readonly IdentifierKind[])[]): void {
  for (const { identifiers } of devices) {
    const kinds = new Set(identifiers.map(({ kind }) => kind));
    if (accepted.some((set) => set.length === kinds.size && set.every((kind) => kinds.has(kind)))) continue;
    const sets = accepted.map((set) => set.join(' and ')).join(', or ');
    throw new Refusal('INPUT_INVALID.Device.Kind.Invalid', `A device must be identified by ${sets}.`);
  }
}

/** How DeviceProfileService writes statuses: as the samples do, and as it was seen elsewhere. */
const statuses = {
  documented: { success: 'SUCCESS', failed: 'Failed', pending: 'PENDING' },
  field: { success: 'Success', failed: 'FAILED', pending: 'Pending' },
} as const;

export interface ProfileServiceOptions {
  /** The identifiers that the message lists, in the order of the page's sample. */
  readonly kinds: readonly IdentifierKind[];
  /** How the message writes a kind: as the sample does, and as it was seen elsewhere. */
  readonly spellKind: Readonly<Record<'documented' | 'field', SpellKind>>;
  /** What the message tells about the profile. */
  readonly result: (device: Device) => Readonly<Record<string, string>>;
  /** True for the mixed form of the set-fallback page, which has username and password. */
  readonly isMixed?: boolean;
}

/** Reports by DeviceProfileService. Its other samples have no username and password. */
export function reportByProfileService({ settings }: Carrier, options: ProfileServiceOptions) {
  const status = statuses[settings.spelling];
  const spellKind = options.spellKind[settings.spelling];
  const { isMixed = false } = options;
  const common = { service: 'DeviceProfileService', isMixed, withCredentials: isMixed || settings.profileCallbackCredentials } as const;
  const message = (content: CallbackContent) => ({ ...common, content });
  return {
    success: (device: Device) => {
      const deviceIds = spell(identifiersOf(device, options.kinds), spellKind);
      const deviceProfileResponse = { deviceIdentifierCollection: deviceIds, ...options.result(device) };
      return message({ deviceIds, deviceResponse: { deviceProfileResponse }, status: status.success });
    },
    pending: (target: Target) => message({ deviceIds: spell(target.requested, spellKind), status: status.pending }),
    fault: (target: Target, fault: FaultResponse) =>
      message({ deviceIds: spell(target.requested, spellKind), faultResponse: fault, status: status.failed }),
    profileFault: (device: Device, faultResponse: FaultResponse) =>
      message({ deviceIds: spell(identifiersOf(device, ['eid', 'iccid']), spellKind), faultResponse, status: status.failed }),
  } satisfies Reports;
}

/** A new activation code of a consumer eSIM. */
export function activationCode(random: Random): string {
  return `1$smdp-plus.simulator.example$${random.uuid().replaceAll('-', '').slice(0, 16).toUpperCase()}`;
}
