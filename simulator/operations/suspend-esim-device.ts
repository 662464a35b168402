import { defineESimDeviceOperation } from '../actions/esim-device-operation.ts';
import { profileFaults } from '../actions/profile-rules.ts';

/** Page "Suspend device": all profiles of a device, and the device. A profile that is suspended already reports a fault. */
export const suspendESimDevice = defineESimDeviceOperation({
  endpoint: 'deviceSuspend',
  action: 'device_suspend',
  fresh: { state: 'active', profile: { state: 'ACTIVE', status: 'ENABLE', role: 'LEAD' } },
  state: 'SUSPEND',
  refuse: ({ state }) => (state === 'ACTIVE' ? undefined : state === 'SUSPEND' ? profileFaults.alreadySuspended : profileFaults.notActive),
  apply(line, profile) {
    line.state = 'suspend';
    line.connected = false;
    Object.assign(profile, { state: 'SUSPEND', isSuspendedWithDevice: true });
  },
  example: {
    about: [
      'Suspends an eSIM device with all its profiles. Follow',
      'it with the id of its request: its profiles report',
      'too, but the message about the device decides.',
      '',
      'Run it again: its profile reports "Profile is already',
      'suspended", and the device succeeds all the same.',
      'An unknown EID counts as an active device.',
    ],
    input: { devices: [{ deviceIds: [{ kind: 'EID', value: '89049032000000000000000000000105' }] }] },
  },
});
