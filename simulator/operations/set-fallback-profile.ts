import { defineProfileOperation } from '../actions/profile-operation.ts';
import { profileFaults } from '../actions/profile-rules.ts';
import { profileBody } from '../actions/profile-service.ts';

/** Page "Set fallback attribute": marks a profile to fall back to. No read shows it. Its message mixes two forms. */
export const setFallbackProfile = defineProfileOperation({
  endpoint: 'profileSetFallback',
  action: 'setfallbackattribute',
  body: profileBody,
  kinds: [['eid', 'iccid', 'imei']],
  fresh: { state: 'active', profile: { state: 'ACTIVE', status: 'ENABLE', role: 'LOCAL' } },
  refuse: ({ state }) => (state === 'ACTIVE' ? undefined : profileFaults.notActive),
  apply: () => {},
  isMixed: true,
  example: {
    about: [
      'Marks a profile as the one that its device falls back',
      'to. Nothing shows it afterwards.',
      '',
      'An unknown ICCID counts as an active profile.',
    ],
    input: {
      devices: [
        {
          deviceIds: [
            { kind: 'EID', value: '89049032429850701901097467321752' },
            { kind: 'ICCID', value: '89148000002325720913' },
            { kind: 'IMEI', value: '990014161329094' },
          ],
        },
      ],
    },
  },
});
