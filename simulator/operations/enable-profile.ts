import { defineProfileOperation } from '../actions/profile-operation.ts';
import { enable, isDownloaded, profileFaults } from '../actions/profile-rules.ts';
import { profileBody } from '../actions/profile-service.ts';

/**
 * Page "Enable profile": exactly one profile of a device is enabled, and the others are disabled without messages of their own.
 *
 * Inferred: to enable an enabled profile is a success.
 */
export const enableProfile = defineProfileOperation({
  endpoint: 'profileEnable',
  action: 'enable',
  body: profileBody,
  kinds: [['eid', 'iccid']],
  fresh: { state: 'active', profile: { state: 'ACTIVE', status: 'DISABLE', role: 'LOCAL' } },
  refuse: (profile) => {
    if (profile.state !== 'ACTIVE') return profileFaults.notActive;
    return isDownloaded(profile) ? undefined : profileFaults.notDownloaded;
  },
  apply: (device, profile, { inventory }) => enable(device, profile, 'ENABLE', inventory),
  example: {
    about: [
      'Enables a profile of a Global device. Its US profile',
      'becomes disabled, and no callback says so:',
      '  ICCID 89148000041196154273',
      '',
      'Run it with that ICCID: it is enabled again.',
      'An unknown ICCID counts as a disabled profile of its',
      'device.',
    ],
    input: {
      devices: [
        {
          deviceIds: [
            { kind: 'EID', value: '89049032358869584016520454420729' },
            { kind: 'ICCID', value: '89148000000000000102' },
          ],
        },
      ],
    },
  },
});
