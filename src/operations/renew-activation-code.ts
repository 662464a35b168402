import * as z from 'zod';
import { defineOperation } from './define-operation.ts';
import { identifiers, INPUT_TYPES, optional, servicePlan, zipCode } from './fields.ts';
import { profileBody } from './bodies.ts';
import { listedProfiles, PROFILE_OPERATION, profileAction } from './profiles.ts';

const profile = z
  .object({
    deviceIds: identifiers(
      ['EID', 'ICCID', 'IMEI'],
      'EID, ICCID and IMEI, each at most once. The EID or the ICCID is required. For Consumer eSIM for Enterprise the carrier’s text takes EID and ICCID only; its examples also send the IMEI.',
    ),
  })
  .register(INPUT_TYPES, { name: 'RenewActivationCodeDeviceInput', description: 'One eSIM device.' });

/**
 * Page "Renew activation code". Its text takes EID and ICCID, its own example sends EID and IMEI, and the carrier's SDK sends IMEI
 * and ICCID. Any of them is accepted here, if the eSIM is named by its EID or by the ICCID that it had.
 */
export const renewActivationCode = defineOperation({
  name: 'RENEW_ACTIVATION_CODE',
  ...PROFILE_OPERATION,
  path: profileAction('renew_activation_code'),
  states: { from: ['DEACTIVE'], to: null },
  texts: {
    purpose: 'Make a new activation code for a deactivated eSIM',
    noun: 'The renewal',
    mutation:
      'Makes a new activation code to reactivate a deactivated device. The code arrives in `DeviceOutcome.activationCode`: activate the device with it afterwards. Each device reports in a DeviceProfileService callback.',
    inputType: 'Which eSIMs get a new activation code.',
  },
  target: listedProfiles(profile, '1 to 10,000 deactivated devices.'),
  fields: {
    servicePlan: optional(servicePlan).describe('The service plan the account is subscribed to. It drives billing for usage.'),
    mdnZipCode: optional(zipCode).describe('The 5-digit ZIP code of the profile.'),
  },
  shown: ['servicePlan', 'mdnZipCode'],
  reportFaults({ devices }, report) {
    for (const [at, { deviceIds }] of devices.entries())
      if (deviceIds.length > 0 && !deviceIds.some(({ kind }) => kind === 'EID' || kind === 'ICCID'))
        report(
          ['devices', at, 'deviceIds'],
          'NEEDS_EID_OR_ICCID',
          'Name the eSIM by its EID or by the ICCID that it had. An IMEI alone is not enough.',
        );
  },
  body: profileBody,
  // No record shows the code or its age, and the history documents no event about profiles.
  provenBy: 'NOTHING',
  retryKinds: ['ICCID', 'IMEI', 'EID'],
});
