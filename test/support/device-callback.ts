import { iccid } from './devices.ts';

/** The carrier's success message for the activated test device of this number. */
export function deviceCallback(carrierRequestId: string, number: number): Record<string, unknown> {
  return {
    requestId: carrierRequestId,
    deviceIds: [{ id: iccid(number), kind: 'iccid' }],
    deviceResponse: { activateResponse: { deviceIds: [{ id: String(5_000_000_000 + number), kind: 'mdn' }], state: 'Active' } },
    status: 'Success',
    callbackCount: 1,
    maxCallbackThreshold: 4,
  };
}
