import { defineProfileOperation } from '../actions/profile-operation.ts';
import { profileFaults } from '../actions/profile-rules.ts';
import { profileBody } from '../actions/profile-service.ts';

/** Page "Suspend profile": a Global profile, by its ICCID alone. A lead profile is only suspended with its device. */
export const suspendProfile = defineProfileOperation({
  endpoint: 'profileSuspend',
  action: 'profile_suspend',
  body: profileBody,
  kinds: [['iccid']],
  fresh: { state: 'active', profile: { state: 'ACTIVE', status: 'ENABLE', role: 'LOCAL' } },
  refuse: ({ state, role }) => {
    if (role === 'LEAD') return profileFaults.isLead;
    if (state === 'SUSPEND') return profileFaults.alreadySuspended;
    return state === 'ACTIVE' ? undefined : profileFaults.notActive;
  },
  apply(device, profile) {
    device.state = 'suspend';
    device.connected = false;
    profile.state = 'SUSPEND';
  },
  example: {
    about: [
      'Suspends a Global eSIM profile. Follow it with the id',
      'of its request.',
      '',
      'Run it again: the profile fails with "Profile is',
      'already suspended". The profile of a device from the',
      'factory (LEAD) fails too: 89148000002325720913',
      'An unknown ICCID counts as an active Global profile.',
    ],
    input: { devices: [{ deviceIds: [{ kind: 'ICCID', value: '89148000040082681337' }] }] },
  },
});
