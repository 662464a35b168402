import { z } from 'zod';
import { defineProfileOperation } from '../actions/profile-operation.ts';
import { profileFaults } from '../actions/profile-rules.ts';
import { profileBody } from '../actions/profile-service.ts';
import { optionalText } from '../http/request-body.ts';
import { Refusal } from '../refusal.ts';

/**
 * Pages "Deactivate profile" (Global IoT Orchestration: EID, ICCID and IMEI) and "Deactivate device" (Consumer eSIM: EID and ICCID).
 *
 * Inferred: a suspended profile gets a fault. The waiver and the check of the fallback profile have no effect.
 */
export const deactivateProfile = defineProfileOperation({
  endpoint: 'profileDeactivate',
  action: 'deactivate',
  body: z.looseObject({
    ...profileBody.shape,
    reasonCode: optionalText,
    etfWaiver: z.boolean().nullish(),
    carrierName: optionalText,
    checkFallbackProfile: z.boolean().nullish(),
  }),
  check({ reasonCode }) {
    if (!reasonCode) throw new Refusal('DeserializationFailed', 'reasonCode is required.');
  },
  kinds: [
    ['eid', 'iccid', 'imei'],
    ['eid', 'iccid'],
  ],
  fresh: { state: 'active', profile: { state: 'ACTIVE', status: 'ENABLE', role: 'LOCAL' } },
  refuse: ({ state }) => (state === 'ACTIVE' ? undefined : profileFaults.notActive),
  apply(device, profile) {
    device.state = 'deactive';
    device.connected = false;
    Object.assign(profile, { state: 'DEACTIVE', status: 'DISABLE' });
  },
  example: {
    about: [
      'Deactivates an active eSIM profile. Nothing is',
      'billed: the carrier is simulated.',
      '',
      'Run it again: the carrier accepts the request, but',
      'the profile fails, because it is deactivated now.',
      'An unknown ICCID counts as an active profile.',
    ],
    input: {
      devices: [
        {
          deviceIds: [
            { kind: 'EID', value: '89049032679391141675325890870219' },
            { kind: 'ICCID', value: '89148000016639356491' },
          ],
        },
      ],
    },
  },
});
