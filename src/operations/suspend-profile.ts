import * as z from 'zod';
import { profileBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { identifiers, INPUT_TYPES, optional, servicePlan } from './fields.ts';
import { listedProfiles, PROFILE_OPERATION, profileAction } from './profiles.ts';
import { stateShows } from './proof.ts';

const profile = z
  .object({ deviceIds: identifiers(['ICCID'], 'The ICCID of the Global profile, and nothing else.') })
  .register(INPUT_TYPES, { name: 'SuspendProfileDeviceInput', description: 'One Global eSIM profile, named by its ICCID.' });

/** Page "Suspend profile". The carrier's SDK also sends the EID; the page takes the ICCID alone. */
export const suspendProfile = defineOperation({
  name: 'SUSPEND_PROFILE',
  ...PROFILE_OPERATION,
  path: profileAction('profile_suspend'),
  states: { from: ['ACTIVE'], to: 'SUSPENDED' },
  texts: {
    purpose: 'Suspend a Global eSIM profile',
    noun: 'The suspension of eSIM profiles',
    mutation:
      'Suspends active Global eSIM profiles. A suspended profile has no service, and is still billed. `resumeProfile` ends the suspension. A Verizon US profile cannot be suspended alone. Each profile reports in a DeviceProfileService callback of its own. A profile that is suspended already fails with “Profile is already suspended”.',
    inputType: 'Which Global eSIM profiles to suspend.',
  },
  target: listedProfiles(profile, '1 to 10,000 active Global profiles.'),
  fields: { servicePlan: optional(servicePlan).describe('The Global service plan of the profiles.') },
  shown: ['servicePlan'],
  body: profileBody,
  // ProfileStatus does not show a suspension: it says only whether the profile is enabled. The state of the record does, and a record is
  // found by the ICCID. The history documents no event about profiles.
  provenBy: { requestStatus: false, record: stateShows('SUSPENDED'), history: () => false },
  retryKinds: ['ICCID'],
});
