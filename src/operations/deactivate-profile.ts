import * as z from 'zod';
import { profileBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { carrierName, etfWaiver, identifiers, INPUT_TYPES, optional, reasonCode, servicePlan } from './fields.ts';
import { listedProfiles, PROFILE_OPERATION, profileAction } from './profiles.ts';
import { stateShows } from './proof.ts';

const profile = z
  .object({
    deviceIds: identifiers(
      ['EID', 'ICCID', 'IMEI'],
      'EID and ICCID, each once. Global IoT Orchestration needs the IMEI too. Consumer eSIM for Enterprise takes EID and ICCID only.',
    ),
  })
  .register(INPUT_TYPES, { name: 'DeactivateProfileDeviceInput', description: 'One eSIM profile to deactivate.' });

/**
 * Pages "Deactivate profile" (Global IoT Orchestration) and "Deactivate device" (Consumer eSIM). The carrier's SDK calls the list of
 * identifiers `ids` here; the pages call it `deviceIds`, as everywhere.
 */
export const deactivateProfile = defineOperation({
  name: 'DEACTIVATE_PROFILE',
  ...PROFILE_OPERATION,
  scope: 'terminate',
  path: profileAction('deactivate'),
  states: { from: ['ACTIVE'], to: 'DEACTIVE' },
  texts: {
    purpose: 'Deactivate an eSIM profile',
    noun: 'The deactivation of eSIM profiles',
    mutation:
      'Deactivates active eSIM profiles: their lines end. If the contract has an early termination fee, it is billed, unless `etfWaiver` is `true`. A deactivated profile can be activated again with `activateProfile`. A consumer eSIM needs a new activation code first (`renewActivationCode`). The mutation needs the scope `terminate`. Each profile reports in a DeviceProfileService callback of its own.',
    inputType: 'Which eSIM profiles to deactivate.',
  },
  target: listedProfiles(profile, '1 to 10,000 active profiles.', ['EID', 'ICCID']),
  fields: {
    servicePlan: optional(servicePlan).describe('The service plan of the profiles. Global IoT Orchestration only.'),
    reasonCode,
    etfWaiver,
    carrierName: optional(carrierName).describe('The mobile carrier, at most 100 characters. Consumer eSIM for Enterprise only.'),
    checkFallbackProfile: optional(z.boolean()).describe(
      'Whether the carrier checks for a fallback profile. Consumer eSIM for Enterprise only. Default: the carrier decides (its SDK says `false`).',
    ),
  },
  shown: ['servicePlan', 'reasonCode', 'etfWaiver', 'carrierName', 'checkFallbackProfile'],
  body: profileBody,
  // A record is found by the ICCID, so its state is that of the profile. The history documents no event about profiles.
  provenBy: { requestStatus: false, record: stateShows('DEACTIVE'), history: () => false },
  // A profile that nobody named must not end.
  retryKinds: [],
});
