import * as z from 'zod';
import { profileBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { carrierName, identifiers, INPUT_TYPES, optional, servicePlan, zipCode } from './fields.ts';
import { listedProfiles, PROFILE_OPERATION, profileAction } from './profiles.ts';
import { activationShows } from './proof.ts';

const profile = z
  .object({
    deviceIds: identifiers(
      ['EID', 'IMEI', 'ICCID'],
      'EID and IMEI, and mostly the ICCID too, each once. Global IoT Orchestration: EID, ICCID and IMEI. Consumer eSIM for Enterprise: EID and IMEI the first time; EID, IMEI and ICCID when the profile is activated again. Without the ICCID the carrier makes a new profile.',
    ),
  })
  .register(INPUT_TYPES, { name: 'ActivateProfileDeviceInput', description: 'One eSIM profile to activate.' });

/**
 * Pages "Activate profile" (Global IoT Orchestration) and "Activate device" (Consumer eSIM). Both need the plan and the ZIP code for
 * the bill. The carrier's SDK has them as optional.
 */
export const activateProfile = defineOperation({
  name: 'ACTIVATE_PROFILE',
  ...PROFILE_OPERATION,
  path: profileAction('activate'),
  texts: {
    purpose: 'Activate an eSIM profile',
    noun: 'The activation of eSIM profiles',
    mutation:
      'Activates eSIM profiles, and activates deactivated ones again. Each active profile is a line that is billed. Of a Global device, activate the US profile first, and a Global profile later. Each profile reports in a DeviceProfileService callback of its own. For a consumer eSIM named without its ICCID, the carrier makes a new profile each time. Its ICCID first appears in `DeviceOutcome.deviceIds`, beside `DeviceOutcome.activationCode`, with which the user installs it: keep the ICCID. Another mutation for the same EID and IMEI may make, and bill, another profile. The gateway never sends one again by itself. `retryFailedDevices` adds the ICCID if the failed callback has told it. If not, the retry may make another profile: first look at what the carrier has for the EID. If no callback comes, the carrier’s device list can show that the profile is active, but not its activation code.',
    inputType: 'Which eSIM profiles to activate, and on which plan.',
  },
  target: listedProfiles(profile, '1 to 10,000 profiles.', ['EID', 'IMEI']),
  fields: {
    servicePlan: servicePlan.describe(
      'The service plan of the profiles. It drives billing. Verizon US profile: the Verizon service plan. Global profile: the Global service plan. Consumer eSIM for Enterprise: `HybridESim`.',
    ),
    mdnZipCode: zipCode.describe('The 5-digit ZIP code: for Global IoT Orchestration that of the account’s billing address.'),
    carrierName: optional(carrierName).describe('The mobile carrier, at most 100 characters. Consumer eSIM for Enterprise only.'),
  },
  shown: ['servicePlan', 'mdnZipCode', 'carrierName'],
  body: profileBody,
  // A profile that is named without its ICCID is looked for by its EID: a record of that EID counts which became active after the
  // sending. Asked about alone, an EID with several records proves nothing. The history documents no event about profiles.
  provenBy: { requestStatus: false, record: activationShows, history: () => false },
  // A device that only a callback has named would be activated by EID and IMEI, and get another profile.
  retryKinds: [],
  retryAdds: ['ICCID'],
});
