import * as z from 'zod';
import { defineOperation } from './define-operation.ts';
import { identifiers, INPUT_TYPES, optional, servicePlan } from './fields.ts';
import { profileBody } from './bodies.ts';
import { profileShows } from './proof.ts';
import { listedProfiles, PROFILE_OPERATION, profileAction } from './profiles.ts';

const profile = z
  .object({ deviceIds: identifiers(['ICCID'], 'The ICCID of the profile, and nothing else.') })
  .register(INPUT_TYPES, { name: 'ResumeProfileDeviceInput', description: 'One eSIM profile, named by its ICCID.' });

/** Page "Resume profile". A profile is named by its ICCID, because a device may have several profiles. */
export const resumeProfile = defineOperation({
  name: 'RESUME_PROFILE',
  ...PROFILE_OPERATION,
  path: profileAction('profile_resume'),
  states: { from: ['SUSPENDED'], to: 'ACTIVE' },
  texts: {
    purpose: 'Resume a suspended eSIM profile',
    noun: 'The resumption',
    mutation:
      'Resumes suspended eSIM profiles, Verizon US or Global, by ICCID and contracted service plan. Each profile reports in a DeviceProfileService callback of its own.',
    inputType: 'Which suspended eSIM profiles to resume.',
  },
  target: listedProfiles(profile, '1 to 10,000 profiles, Verizon US and Global.'),
  fields: {
    servicePlan: optional(servicePlan).describe(
      'The Verizon service plan for a profile on the Verizon network, the Global service plan for a Global one.',
    ),
  },
  shown: ['servicePlan'],
  body: profileBody,
  // The history documents no event about profiles.
  provenBy: {
    requestStatus: false,
    record: (record) => profileShows(record, 'PROFILE_WORKING'),
    history: () => false,
  },
  retryKinds: ['ICCID'],
});
