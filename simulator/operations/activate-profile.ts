import { z } from 'zod';
import { defineProfileOperation } from '../actions/profile-operation.ts';
import { profileFaults } from '../actions/profile-rules.ts';
import { activationCode, profileBody } from '../actions/profile-service.ts';
import { optionalText } from '../http/request-body.ts';
import { Refusal } from '../refusal.ts';

/** The plan of Consumer eSIM for Enterprise: an activation code comes for its profiles. */
const consumerPlan = 'HybridESim';

/**
 * Pages "Activate profile" (Global IoT Orchestration: EID, ICCID and IMEI) and "Activate device" (Consumer eSIM: EID and IMEI, and the
 * ICCID when it is activated again). A device that is named without an ICCID gets a further profile each time. The profile is then ready
 * to be downloaded.
 *
 * Inferred: a request without plan or ZIP code is refused, and the history has no event.
 */
export const activateProfile = defineProfileOperation({
  endpoint: 'profileActivate',
  action: 'activate',
  body: z.looseObject({ ...profileBody.shape, carrierName: optionalText }),
  check({ servicePlan, mdnZipCode }) {
    if (!servicePlan) throw new Refusal('DeserializationFailed', 'servicePlan is required.');
    if (!mdnZipCode) throw new Refusal('DeserializationFailed', 'mdnZipCode is required.');
  },
  kinds: [
    ['eid', 'iccid', 'imei'],
    ['eid', 'imei'],
  ],
  fresh: { state: 'deactive', profile: { state: 'DEACTIVE', status: 'UNKNOWN', role: 'LOCAL' }, isMadeWithoutIccid: true },
  refuse: ({ state }) => {
    if (state === 'ACTIVE') return profileFaults.alreadyActive;
    return state === 'SUSPEND' ? profileFaults.notDeactivated : undefined;
  },
  apply(device, profile, { inventory, settings }, { servicePlan }) {
    inventory.assignNumber(device);
    device.state = 'active';
    device.servicePlan = servicePlan ?? undefined;
    device.lastActivationAt = settings.clock.now();
    Object.assign(profile, { state: 'ACTIVE', status: 'NOT_DOWNLOADED' });
  },
  result: ({ servicePlan }, { random }) => (servicePlan === consumerPlan ? { activationCode: activationCode(random) } : {}),
  example: {
    about: [
      'Activates the first profile of a consumer eSIM. The',
      'carrier makes its ICCID: it comes in the outcome,',
      'beside the activationCode (a secret).',
      '',
      'Run it again: the device gets another profile, which',
      'would be billed too. With an ICCID it is that profile',
      'that is activated. A deactivated one:',
      '  EID   89049032405603117910151542294217',
      '  IMEI  990017815739437',
      '  ICCID 89148000049315217020',
    ],
    input: {
      servicePlan: 'HybridESim',
      mdnZipCode: '98801',
      devices: [
        {
          deviceIds: [
            { kind: 'EID', value: '89049032000000000000000000000101' },
            { kind: 'IMEI', value: '990010000000101' },
          ],
        },
      ],
    },
  },
});
