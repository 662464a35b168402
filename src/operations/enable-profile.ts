import { profileBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { optional, servicePlan } from './fields.ts';
import { eidAndIccid, listedProfiles, PROFILE_OPERATION, profileAction } from './profiles.ts';
import { profileShows } from './proof.ts';

/** Page "Enable profile" of Global IoT Orchestration. */
export const enableProfile = defineOperation({
  name: 'ENABLE_PROFILE',
  ...PROFILE_OPERATION,
  path: profileAction('enable'),
  texts: {
    purpose: 'Enable an eSIM profile',
    noun: 'The enabling of eSIM profiles',
    mutation:
      'Enables eSIM profiles that are on their devices: the device then connects with that profile. Exactly one profile of a device is enabled. All others become disabled, and no callback says so. Name one profile of each device only. The device must be on and connected. Roaming and rates may change with the profile. Each profile reports in a DeviceProfileService callback of its own. If the device cannot be reached, the first callback is a warning, and the result follows later.',
    inputType: 'Which eSIM profiles to enable.',
  },
  target: listedProfiles(eidAndIccid, '1 to 10,000 active profiles that are on their devices.', ['EID', 'ICCID']),
  fields: {
    servicePlan: optional(servicePlan).describe(
      'The service plan of the profiles: the Verizon plan for a US profile, the Global plan for a Global one.',
    ),
  },
  shown: ['servicePlan'],
  body: profileBody,
  // The history documents no event about profiles.
  provenBy: { requestStatus: false, record: (record) => profileShows(record, 'PROFILE_WORKING'), history: () => false },
  // A profile that nobody named must not become the enabled one.
  retryKinds: [],
});
