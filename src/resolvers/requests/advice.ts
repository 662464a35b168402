/**
 * What to do about a fault of the carrier, by the part of its code after the service. The carrier’s codes are stable, its
 * messages are not. From the carrier's error tables and the advice on its activation page.
 */
const ADVICE: readonly (readonly [ending: string, advice: string])[] = [
  ['REQUEST_FAILED.DeviceAlreadyActive', 'The line is active already. There is nothing to do, unless it must be active on another plan.'],
  ['REQUEST_FAILED.DeviceNotFound', 'Check the identifiers; the device must exist in Verizon Mobile Device Management.'],
  ['INPUT_INVALID.Device.Identifier.Invalid', 'Check the identifiers of this device, digit by digit.'],
  ['INPUT_INVALID.Device.Kind.Invalid', 'This identifier kind is not accepted for this device; use IMEI and ICCID.'],
  ['INPUT_INVALID.Device.Account.Invalid', 'The device belongs to another account. Use the accountName of that account.'],
  [
    'INPUT_INVALID.DeviceState.Invalid',
    'The state of the device does not allow this. Look at its state first: a suspended device must be restored, not activated.',
  ],
  ['REQUEST_FAILED.DefaultIpPoolNotDefined', 'The account has no default IP pool. Name a pool with carrierIpPoolName.'],
  ['REQUEST_FAILED.UnexpectedError', 'A general error at the carrier. Open a support ticket with the carrier request id.'],
  [
    '.NotFound',
    'The request names something that this account does not have, most often a service plan. Use a code from the list of plans.',
  ],
];

/** Null when there is no better advice than the carrier's own message. */
export function adviceFor(code: string): string | null {
  return ADVICE.find(([ending]) => code === ending || code.endsWith(ending.startsWith('.') ? ending : `.${ending}`))?.[1] ?? null;
}
