import { means } from '../datasources/thingspace/wire/state-words.ts';
import { profileBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { optional, servicePlan } from './fields.ts';
import { eidAndIccid, listedProfiles, PROFILE_OPERATION, profileAction } from './profiles.ts';

/** Page "Delete profile" of Global IoT Orchestration. The carrier's SDK says that the profile must be deactivated first. */
export const deleteProfile = defineOperation({
  name: 'DELETE_PROFILE',
  ...PROFILE_OPERATION,
  scope: 'terminate',
  path: profileAction('delete'),
  texts: {
    purpose: 'Delete a Global eSIM profile from its device',
    noun: 'The deletion of eSIM profiles',
    mutation:
      'Deletes Global eSIM profiles from their devices. This cannot be undone. The mutation needs the scope `terminate`. A profile must be disabled first: enable another profile of the device. The US (lead) profile cannot be deleted. The device must be on and connected. Each profile reports in a DeviceProfileService callback of its own. If the device cannot be reached, the first callback is a warning, and the result follows later.',
    inputType: 'Which Global eSIM profiles to delete.',
  },
  target: listedProfiles(eidAndIccid, '1 to 10,000 disabled Global profiles.', ['EID', 'ICCID']),
  fields: { servicePlan: optional(servicePlan).describe('The Global service plan of the profiles.') },
  shown: ['servicePlan'],
  body: profileBody,
  // | record of the device list | proof |
  // |---|---|
  // | ProfileStatus says that it is deleted (state-words.ts) | DONE, whatever the state: no page tells the state of the line |
  // | without ProfileStatus | LOOK_CLOSER: lists of several devices may leave it out, so list that device alone |
  // | any other ProfileStatus, `Not Downloaded` too | NOT_YET: that may mean that it was never there |
  //
  // A record that is gone proves nothing: the carrier may never have had it. The history documents no event about profiles.
  provenBy: {
    requestStatus: false,
    record: ({ profileStatus }) => (profileStatus === null ? 'LOOK_CLOSER' : means(profileStatus, 'PROFILE_DELETED') ? 'DONE' : 'NOT_YET'),
    history: () => false,
  },
  // A profile that nobody named must not be deleted.
  retryKinds: [],
});
