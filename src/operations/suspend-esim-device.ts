import { defineOperation } from './define-operation.ts';
import { ESIM_DEVICE_OPERATION, eSimDevice, listedProfiles, profileAction } from './profiles.ts';

/** Page "Suspend device" of Global IoT Orchestration. */
export const suspendESimDevice = defineOperation({
  name: 'SUSPEND_ESIM_DEVICE',
  ...ESIM_DEVICE_OPERATION,
  path: profileAction('device_suspend'),
  texts: {
    purpose: 'Suspend an eSIM device with all its profiles',
    noun: 'The suspension of eSIM devices',
    mutation:
      'Suspends eSIM devices of Global IoT Orchestration, each with all its profiles. It is the only way to suspend a Verizon US profile. A suspended device has no service, and is still billed. `resumeESimDevice` ends the suspension. The carrier reports each profile in a DeviceProfileService callback of its own, and the device in one more. Only that last one decides: the outcome waits for it, whatever the profiles report. Until it has come, the outcome shows the latest word about a profile. “Profile is already suspended” says that one profile was suspended before; the device may still succeed. No read of the carrier proves it done: without the callback of the device, it becomes OVERDUE and in the end EXPIRED.',
    inputType: 'Which eSIM devices to suspend.',
  },
  target: listedProfiles(eSimDevice, '1 to 10,000 active eSIM devices.'),
});
