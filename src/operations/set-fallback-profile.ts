import * as z from 'zod';
import { profileBody } from './bodies.ts';
import { defineOperation } from './define-operation.ts';
import { identifiers, INPUT_TYPES } from './fields.ts';
import { listedProfiles, PROFILE_OPERATION, profileAction } from './profiles.ts';

const profile = z
  .object({ deviceIds: identifiers(['EID', 'ICCID', 'IMEI'], 'EID, ICCID and IMEI, each once. All three are needed.') })
  .register(INPUT_TYPES, {
    name: 'SetFallbackProfileDeviceInput',
    description: 'One eSIM profile, and the device whose fallback profile it becomes.',
  });

/** Page "Set fallback attribute" of Global IoT Orchestration. Its path in the carrier's SDK lacks `/m2m`. */
export const setFallbackProfile = defineOperation({
  name: 'SET_FALLBACK_PROFILE',
  ...PROFILE_OPERATION,
  path: profileAction('setfallbackattribute'),
  texts: {
    purpose: 'Set the fallback profile of an eSIM device',
    noun: 'The setting of fallback profiles',
    mutation:
      'Marks eSIM profiles as the fallback profiles of their devices: a device that loses its network falls back to that profile. Name one profile of each device only. The carrier then wants the profile to be activated (`activateProfile`), to set it. Each profile reports in a DeviceProfileService callback of its own. No read of the carrier shows the fallback profile, so the gateway cannot ask for it when no callback comes.',
    inputType: 'Which eSIM profiles become fallback profiles.',
  },
  target: listedProfiles(profile, '1 to 10,000 profiles.', ['EID', 'ICCID', 'IMEI']),
  fields: {},
  shown: [],
  body: (accountName, devices) => profileBody(accountName, devices, {}),
  // No record has the attribute, and the history documents no event about profiles.
  provenBy: 'NOTHING',
  // A profile that nobody named must not become the fallback.
  retryKinds: [],
});
