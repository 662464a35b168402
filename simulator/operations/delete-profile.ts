import { defineProfileOperation } from '../actions/profile-operation.ts';
import { isDownloaded, isEnabled, profileFaults } from '../actions/profile-rules.ts';
import { profileBody } from '../actions/profile-service.ts';

/**
 * Page "Delete profile": a Global profile that is disabled. The US (lead) profile cannot be deleted.
 *
 * Inferred: what the device list shows afterwards. `DELETE` is a word of the SDK's list of profile statuses.
 */
export const deleteProfile = defineProfileOperation({
  endpoint: 'profileDelete',
  action: 'delete',
  body: profileBody,
  kinds: [['eid', 'iccid']],
  fresh: { state: 'active', profile: { state: 'ACTIVE', status: 'DISABLE', role: 'LOCAL' } },
  refuse: (profile) => {
    if (profile.role === 'LEAD') return profileFaults.isLead;
    if (isEnabled(profile)) return profileFaults.stillEnabled;
    return isDownloaded(profile) ? undefined : profileFaults.notDownloaded;
  },
  apply(device, profile) {
    device.state = 'deactive';
    Object.assign(profile, { state: 'DEACTIVE', status: 'DELETE' });
  },
  example: {
    about: [
      'Deletes a disabled Global profile from its device.',
      'An unknown ICCID counts as one.',
      '',
      'Run it again: the profile fails, because it is not',
      'there any more. The profile of a device from the',
      'factory (LEAD) fails too:',
      '  ICCID 89148000059579937536',
    ],
    input: {
      devices: [
        {
          deviceIds: [
            { kind: 'EID', value: '89049032372425771512714335538991' },
            { kind: 'ICCID', value: '89148000000000000104' },
          ],
        },
      ],
    },
  },
});
