import { parseRenewActivationCode, parseResumeProfile } from '../operations/inputs/profile-inputs.ts';
import { builder } from './builder.ts';
import { accountName, DeviceIdentifierInput, requestOptions } from './mutation-inputs.ts';
import { resultOf } from './results.ts';

const RenewDeviceInput = builder.inputType('RenewActivationCodeDeviceInput', {
  description: 'One eSIM device.',
  fields: (t) => ({
    deviceIds: t.field({
      type: [DeviceIdentifierInput],
      required: true,
      description:
        'EID, ICCID and IMEI, each at most once, with at least the EID or the ICCID. For Consumer eSIM for Enterprise the carrier’s text takes EID and ICCID only; its examples also send the IMEI.',
    }),
  }),
});

const RenewActivationCodeInput = builder.inputType('RenewActivationCodeInput', {
  description: 'Which eSIMs get a new activation code.',
  fields: (t) => ({
    accountName: accountName(t),
    devices: t.field({ type: [RenewDeviceInput], required: true, description: '1 to 10,000 deactivated devices.' }),
    servicePlan: t.string({ required: false, description: 'The service plan the account is subscribed to. It drives billing for usage.' }),
    mdnZipCode: t.string({ required: false, description: 'The 5-digit ZIP code of the profile.' }),
    ...requestOptions(t),
  }),
});

const ResumeDeviceInput = builder.inputType('ResumeProfileDeviceInput', {
  description: 'One eSIM profile.',
  fields: (t) => ({
    deviceIds: t.field({ type: [DeviceIdentifierInput], required: true, description: 'The ICCID of the profile, and nothing else.' }),
  }),
});

const ResumeProfileInput = builder.inputType('ResumeProfileInput', {
  description: 'Which suspended eSIM profiles to resume.',
  fields: (t) => ({
    accountName: accountName(t),
    devices: t.field({ type: [ResumeDeviceInput], required: true, description: '1 to 10,000 profiles, Verizon US and Global.' }),
    servicePlan: t.string({
      required: false,
      description: 'The Verizon service plan for a profile on the Verizon network, the Global service plan for a Global one.',
    }),
    ...requestOptions(t),
  }),
});

builder.mutationField('renewActivationCode', (t) =>
  t.field({
    type: resultOf('RenewActivationCode', 'The renewal'),
    description:
      'Makes a new activation code to reactivate a deactivated device. The code comes in `DeviceOutcome.activationCode`; activate the device with it afterwards. Each device reports in a DeviceProfileService callback.',
    args: { input: t.arg({ type: RenewActivationCodeInput, required: true, description: 'Which eSIMs get a new activation code.' }) },
    resolve: (_parent, { input }, { submitter, caller }) =>
      submitter.submit(caller, 'renewActivationCode', () => parseRenewActivationCode(input)),
  }),
);

builder.mutationField('resumeProfile', (t) =>
  t.field({
    type: resultOf('ResumeProfile', 'The resumption'),
    description:
      'Resumes suspended eSIM profiles, Verizon US or Global, by ICCID and contracted service plan. Each profile reports in a DeviceProfileService callback of its own.',
    args: { input: t.arg({ type: ResumeProfileInput, required: true, description: 'Which profiles to resume.' }) },
    resolve: (_parent, { input }, { submitter, caller }) => submitter.submit(caller, 'resumeProfile', () => parseResumeProfile(input)),
  }),
);
