import { faultResponse, type FaultResponse } from '../callbacks/fault-response.ts';
import type { Device, DeviceProfile } from '../devices/device.ts';
import type { Inventory } from '../devices/inventory.ts';

/**
 * The faults of profiles. "Profile is already suspended" and "… resumed" are texts of the pages, and `DeviceState.Invalid` is a code of
 * the pages. All else is inferred.
 */
export const profileFaults = {
  alreadySuspended: faultResponse('REQUEST_FAILED.ProfileAlreadySuspended', 'Profile is already suspended'),
  alreadyResumed: faultResponse('REQUEST_FAILED.ProfileAlreadyResumed', 'Profile is already resumed'),
  alreadyActive: faultResponse('REQUEST_FAILED.DeviceAlreadyActive', 'Device is already active'),
  alreadyDownloaded: faultResponse('REQUEST_FAILED.ProfileAlreadyDownloaded', 'Profile is already downloaded'),
  notActive: faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is not in the Active state'),
  notDeactivated: faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is not in the Deactive state'),
  notSuspended: faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is not in the Suspend state'),
  noProfile: faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device has no eSIM profile'),
  notDownloaded: faultResponse('INPUT_INVALID.ProfileStatus.Invalid', 'Profile is not downloaded'),
  stillEnabled: faultResponse('INPUT_INVALID.ProfileStatus.Invalid', 'Profile must be disabled first'),
  isLead: faultResponse('INPUT_INVALID.ProfileRole.Invalid', 'The lead profile of a device does not allow this'),
} as const satisfies Record<string, FaultResponse>;

export const isEnabled = ({ status }: DeviceProfile): boolean => status === 'ENABLE' || status === 'DOWNLOAD_ENABLE';

/** Whether the profile is on the device. */
export const isDownloaded = (profile: DeviceProfile): boolean =>
  isEnabled(profile) || profile.status === 'DISABLE' || profile.status === 'DOWNLOAD_DISABLE';

/** Enables a profile. Exactly one profile of a device is enabled: all others become disabled, without messages of their own. */
export function enable(device: Device, profile: DeviceProfile, status: 'ENABLE' | 'DOWNLOAD_ENABLE', inventory: Inventory): void {
  for (const { profile: other } of inventory.profilesOf(device.identifiers.eid)) {
    if (other !== undefined && isEnabled(other)) other.status = 'DISABLE';
  }
  profile.status = status;
}
