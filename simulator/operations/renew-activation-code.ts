import { defineOperation } from '../actions/define-operation.ts';
import { profileFaults } from '../actions/profile-rules.ts';
import { activationCode, profileBody, receiveProfiles, reportByProfileService } from '../actions/profile-service.ts';
import { spellings } from '../callbacks/spelling.ts';

/** The text says EID and ICCID, the page's example sends EID and IMEI, the carrier's SDK sends IMEI and ICCID: all are taken. */
const acceptedKinds = [
  ['eid', 'iccid'],
  ['imei', 'iccid'],
  ['eid', 'imei'],
  ['eid', 'imei', 'iccid'],
] as const;

/**
 * Page "Renew an Activation Code": a deactivated device gets a new activation code, and its state stays as it is. The sample's
 * message says ACTIVE and UNKNOWN all the same.
 */
export const renewActivationCode = defineOperation({
  endpoint: 'renewActivationCode',
  method: 'POST',
  path: '/api/m2m/v1/devices/profile/actions/renew_activation_code',
  dialect: 'status-code',
  body: profileBody,
  receive: (body, carrier) => ({
    ...receiveProfiles(body, carrier, acceptedKinds, {
      state: 'deactive',
      profile: { state: 'DEACTIVE', status: 'UNKNOWN', role: 'LOCAL' },
    }),
    refuse: (device) => (device.state === 'deactive' ? undefined : profileFaults.notDeactivated),
    apply: () => {},
    reports: reportByProfileService(carrier, {
      kinds: ['mdn', 'imei', 'iccid', 'eid'],
      spellKind: { documented: spellings.lower, field: spellings.capital },
      result: () => ({
        state: 'ACTIVE',
        profileStatus: 'UNKNOWN',
        profileRole: 'LOCAL',
        activationCode: activationCode(carrier.random),
      }),
    }),
  }),
  example: {
    about: [
      'Makes a new activation code for a deactivated eSIM.',
      'Follow it with the id of its request: the outcome',
      'has the activationCode (a secret: whoever has it',
      'can install the eSIM).',
      '',
      'Another deactivated eSIM:',
      '  EID   89049032514144764539310925507492',
      '  ICCID 89148000030934455301',
      'An unknown EID counts as one too. The last digits',
      'of an ICCID work as in the first tab: 4040 fails.',
    ],
    input: {
      devices: [
        {
          deviceIds: [
            { kind: 'EID', value: '89049032857667533535232036083467' },
            { kind: 'ICCID', value: '89148000028211583712' },
          ],
        },
      ],
    },
  },
});
