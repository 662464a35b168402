import { type FaultResponse, faultResponse } from './callbacks/callback-message.ts';

/** How the carrier treats a device with a magic identifier. */
export type MagicScript =
  | ({ readonly kind: 'fault' } & FaultResponse)
  | { readonly kind: 'late'; readonly delayMs: number }
  | { readonly kind: 'silent' | 'pending-first' | 'twice' | 'contradiction' | 'nidd-created' | 'nidd-failed' };

/** One row of the table: a device whose key ends in `suffix` follows `script`. */
export interface MagicIdentifier {
  /** The last four digits of the ICCID in the request, or of its first identifier when it has no ICCID. */
  readonly suffix: string;
  readonly description: string;
  readonly script: MagicScript;
}

const fault = (code: string, text: string): MagicScript => ({ kind: 'fault', ...faultResponse(code, text) });

/** Every magic identifier. Each applies to every operation that reports by callback, unless its row says otherwise. */
export const magicIdentifiers: readonly MagicIdentifier[] = [
  {
    suffix: '0001',
    description: 'Succeeds, but reports only after 60 seconds.',
    script: { kind: 'late', delayMs: 60_000 },
  },
  {
    suffix: '0002',
    description: 'Is done, but never reports: the device list shows the new state, no callback comes.',
    script: { kind: 'silent' },
  },
  {
    suffix: '0003',
    description: 'Reports Pending first, then Success.',
    script: { kind: 'pending-first' },
  },
  { suffix: '0004', description: 'Reports its success twice, byte for byte the same.', script: { kind: 'twice' } },
  {
    suffix: '0005',
    description: 'Success, then ConfigFailed by NiddService, if the operation reports there. The device need not be NB-IoT.',
    script: { kind: 'nidd-failed' },
  },
  {
    suffix: '0006',
    description: 'Contradicts itself: Success first, then Failed with a general error.',
    script: { kind: 'contradiction' },
  },
  {
    suffix: '0007',
    description: 'Success, then ConfigCreated by NiddService, if the operation reports there. The device need not be NB-IoT.',
    script: { kind: 'nidd-created' },
  },
  {
    suffix: '4000',
    description: 'Fails: the device is in a state that does not allow the operation.',
    script: fault('INPUT_INVALID.DeviceState.Invalid', 'Device is not in a valid state for this request'),
  },
  {
    suffix: '4030',
    description: 'Fails: the device belongs to another account.',
    script: fault('INPUT_INVALID.Device.Account.Invalid', 'The device was not a part of the account specified.'),
  },
  {
    suffix: '4040',
    description: 'Fails: device not found.',
    script: fault('REQUEST_FAILED.DeviceNotFound', 'Device not found'),
  },
  {
    suffix: '4090',
    description: 'Fails: device already active.',
    script: fault('REQUEST_FAILED.DeviceAlreadyActive', 'Device is already active'),
  },
  {
    suffix: '4220',
    description: 'Fails: the service plan is not found for this device.',
    script: fault('REQUEST_FAILED.ServicePlan.NotFound', 'Service plan not found'),
  },
  {
    suffix: '5000',
    description: 'Fails with the general error that asks for a support ticket.',
    script: fault('REQUEST_FAILED.UnexpectedError', 'Unexpected error occurred. Could not complete request.'),
  },
];
