import { defineESimDeviceOperation } from '../actions/esim-device-operation.ts';
import { isEnabled, profileFaults } from '../actions/profile-rules.ts';

/**
 * Page "Resume device": all profiles that were active when the device was suspended. Those that were suspended before stay so, and
 * report that (inferred). One that is active already reports a fault.
 */
export const resumeESimDevice = defineESimDeviceOperation({
  endpoint: 'deviceResume',
  action: 'device_resume',
  fresh: { state: 'suspend', profile: { state: 'SUSPEND', status: 'ENABLE', role: 'LEAD', isSuspendedWithDevice: true } },
  state: 'ACTIVE',
  refuse: ({ state }) => (state === 'SUSPEND' ? undefined : state === 'ACTIVE' ? profileFaults.alreadyResumed : profileFaults.notSuspended),
  apply(line, profile) {
    if (!profile.isSuspendedWithDevice) return;
    line.state = 'active';
    line.connected = isEnabled(profile);
    Object.assign(profile, { state: 'ACTIVE', isSuspendedWithDevice: false });
  },
  example: {
    about: [
      'Resumes an eSIM device: all profiles that were active',
      'when it was suspended. It is the one that the example',
      'of suspendESimDevice suspends.',
      '',
      'Run it again: its profile reports "Profile is already',
      'resumed", and the device succeeds all the same.',
      'An unknown EID counts as a suspended device.',
    ],
    input: { devices: [{ deviceIds: [{ kind: 'EID', value: '89049032000000000000000000000105' }] }] },
  },
});
