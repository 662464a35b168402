import * as z from 'zod';
import { means } from '../datasources/thingspace/wire/state-words.ts';
import { defineOperation } from './define-operation.ts';
import { identifiers, INPUT_TYPES, optional, servicePlan } from './fields.ts';
import { profileBody } from './bodies.ts';
import { listedProfiles } from './target.ts';

const profile = z
  .object({ deviceIds: identifiers(['ICCID'], 'The ICCID of the profile, and nothing else.') })
  .register(INPUT_TYPES, { name: 'ResumeProfileDeviceInput', description: 'One eSIM profile, named by its ICCID.' });

/** Page "Resume profile". A profile is named by its ICCID, because a device may have several profiles. */
export const resumeProfile = defineOperation({
  name: 'RESUME_PROFILE',
  method: 'POST',
  path: '/m2m/v1/devices/profile/actions/profile_resume',
  callbackService: 'DeviceProfileService',
  secondService: null,
  // The page allows 10,000 in one POST, the carrier's SDK 100. One message comes for each profile, so nothing is lost by more POSTs.
  maxDevices: 100,
  hasRateLimit: false,
  scope: 'write',
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
  // | record of the device list | proof |
  // |---|---|
  // | active, and ProfileStatus says that it works (state-words.ts) | DONE: there is no date, but it is the state that was asked for |
  // | active, without ProfileStatus | LOOK_CLOSER: lists of several devices may leave it out, so list that device alone |
  // | any other ProfileStatus or state | NOT_YET |
  //
  // The history documents no event about profiles.
  provenBy: {
    requestStatus: false,
    record({ state, profileStatus }) {
      if (!means(state, 'ACTIVE')) return 'NOT_YET';
      if (profileStatus === null) return 'LOOK_CLOSER';
      return means(profileStatus, 'PROFILE_WORKING') ? 'DONE' : 'NOT_YET';
    },
    history: () => false,
  },
  retryKinds: ['ICCID'],
});
