import { iccid } from '../test/support/devices.ts';

/** What the ICCIDs of test devices begin with: followers find devices in frames by it. */
export const ICCID_PREFIX = '8914800';
export const ICCID_LENGTH = 20;

/** The success message of an activation as the carrier documents it, for the device of this number. */
export function callbackBody(carrierRequestId: string, device: number, resend = 1): string {
  const mdn = String(5_000_000_000 + device);
  return JSON.stringify({
    username: '',
    password: '',
    requestId: carrierRequestId,
    deviceIds: [{ id: `9900${String(device).padStart(10, '0')}0`, kind: 'IMEI' }],
    deviceResponse: {
      activateResponse: {
        deviceIds: [
          { id: mdn, kind: 'mdn' },
          { id: `311480${String(device).padStart(9, '0')}`, kind: 'imsi' },
          { id: iccid(device), kind: 'iccId' },
          { id: `1${mdn}`, kind: 'msisdn' },
          { id: String(2_000_000_000 + device), kind: 'min' },
        ],
        ipAddress: `10.${(device >> 16) & 255}.${(device >> 8) & 255}.${device & 255}`,
        state: 'Active',
        servicePlan: 'the service plan name',
        featureCodes: [],
        deviceCredential: { username: `${mdn}@vzw3g.com`, password: mdn },
      },
    },
    status: 'Success',
    callbackCount: resend,
    maxCallbackThreshold: 4,
  });
}
