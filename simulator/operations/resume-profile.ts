import { defineOperation } from '../actions/define-operation.ts';
import { profileFaults } from '../actions/profile-rules.ts';
import { profileBody, receiveProfiles, reportByProfileService } from '../actions/profile-service.ts';
import { spellings } from '../callbacks/spelling.ts';
import { addEvent, startService } from '../devices/device.ts';

/** Page "Resume a Profile": a suspended profile is resumed. It is named by its ICCID alone: "only the following are supported". */
export const resumeProfile = defineOperation({
  endpoint: 'profileResume',
  method: 'POST',
  path: '/api/m2m/v1/devices/profile/actions/profile_resume',
  dialect: 'status-code',
  body: profileBody,
  receive: (body, carrier) => ({
    ...receiveProfiles(body, carrier, [['iccid']], {
      state: 'suspend',
      profile: { state: 'SUSPEND', status: 'ENABLE', role: 'LOCAL' },
    }),
    refuse: (device) => (device.profile?.state === 'SUSPEND' ? undefined : profileFaults.alreadyResumed),
    apply: (device, { unkind }) => {
      startService(device);
      if (device.profile !== undefined && unkind.has('shows-download-enable')) device.profile.status = 'DOWNLOAD_ENABLE';
      addEvent(device, 'Restore', carrier.settings.clock.now());
    },
    reports: reportByProfileService(carrier, {
      kinds: ['eid', 'imei', 'msisdn', 'iccid'],
      spellKind: { documented: spellings.capitalButNumbers, field: spellings.lowerWithIccId },
      result: ({ profile }) => ({ state: 'ACTIVE', profileStatus: profile?.status ?? 'ENABLE', profileRole: profile?.role ?? 'LOCAL' }),
    }),
  }),
  example: {
    about: [
      'Resumes a suspended eSIM profile. Follow it with',
      'the id of its request.',
      '',
      'Run it again: the carrier accepts the request, but',
      'the device fails, because the profile is active now.',
      '',
      'Another suspended profile: 89148000062306274519',
      'One that is not suspended: 89148000002325720913',
      'An unknown ICCID counts as a suspended one.',
    ],
    input: { servicePlan: 'HybridESim', devices: [{ deviceIds: [{ kind: 'ICCID', value: '89148000096031420902' }] }] },
  },
});
