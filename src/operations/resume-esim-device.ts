import { defineOperation } from './define-operation.ts';
import { ESIM_DEVICE_OPERATION, eSimDevice, listedProfiles, profileAction } from './profiles.ts';

/** Page "Resume device" of Global IoT Orchestration. The carrier's SDK does not have it. */
export const resumeESimDevice = defineOperation({
  name: 'RESUME_ESIM_DEVICE',
  ...ESIM_DEVICE_OPERATION,
  path: profileAction('device_resume'),
  texts: {
    purpose: 'Resume a suspended eSIM device',
    noun: 'The resumption of eSIM devices',
    mutation:
      'Resumes suspended eSIM devices of Global IoT Orchestration: all profiles that were active when the device was suspended. A profile that was suspended before stays suspended; `resumeProfile` resumes it. The carrier reports each profile in a DeviceProfileService callback of its own, and the device in one more. Only that last one decides: the outcome waits for it, whatever the profiles report. Until it has come, the outcome shows the latest word about a profile. “Profile is already resumed” says that one profile was active before; the device may still succeed. No read of the carrier proves it done: without the callback of the device, it becomes OVERDUE and in the end EXPIRED.',
    inputType: 'Which eSIM devices to resume.',
  },
  target: listedProfiles(eSimDevice, '1 to 10,000 suspended eSIM devices.'),
});
