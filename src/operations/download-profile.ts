import * as z from 'zod';
import { profileBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { optional, servicePlan } from './fields.ts';
import { eidAndIccid, listedProfiles, PROFILE_OPERATION, profileAction } from './profiles.ts';
import { profileShows } from './proof.ts';

/** Pages "Download profile" and "Download and enable profile" of Global IoT Orchestration: two actions of the carrier. */
export const downloadProfile = defineOperation({
  name: 'DOWNLOAD_PROFILE',
  ...PROFILE_OPERATION,
  path: profileAction('download'),
  otherPath: { path: profileAction('download_enable'), isMeant: ({ enable }) => enable },
  texts: {
    purpose: 'Download an eSIM profile to its device, and enable it if asked for',
    noun: 'The download of eSIM profiles',
    mutation:
      'Downloads active Global eSIM profiles to their devices. A downloaded profile is disabled, until `enableProfile` enables it. With `enable: true` it is enabled in the same step, and all other profiles of the device become disabled; no callback says so. The device must be on and connected. If it cannot be reached, the first callback is a warning: the device stays PENDING, and success or failure follows later. Each profile reports in a DeviceProfileService callback of its own.',
    inputType: 'Which Global eSIM profiles to download.',
  },
  target: listedProfiles(eidAndIccid, '1 to 10,000 active Global profiles that are not on their devices yet.', ['EID', 'ICCID']),
  fields: {
    enable: optional(z.boolean())
      .transform((value) => value ?? false)
      .describe('`true`: enable the profile in the same step, and disable all others of the device. Default: `false`.'),
    servicePlan: optional(servicePlan).describe('The Global service plan of the profiles.'),
  },
  shown: ['enable', 'servicePlan'],
  // `enable` is in the path.
  body: (accountName, devices, settings) => profileBody(accountName, devices, { servicePlan: settings.servicePlan }),
  // A download is proven by a profile that is on the device, enabled or not. The page also knows an active profile without ProfileStatus
  // as downloaded. A list may leave the attribute out, so that proves nothing. The history documents no event about profiles.
  provenBy: ({ enable }) => ({
    requestStatus: false,
    record: (record) => (enable ? profileShows(record, 'PROFILE_WORKING') : profileShows(record, 'PROFILE_WORKING', 'PROFILE_DOWNLOADED')),
    history: () => false,
  }),
  // A profile that nobody named must not be put on a device.
  retryKinds: [],
});
