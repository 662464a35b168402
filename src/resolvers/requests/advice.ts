/**
 * What to do about a fault of the carrier, by the part of its code after the service: the carrier’s codes are stable, its
 * messages are not. From its error tables and the activation page's own advice.
 */
const ADVICE: readonly (readonly [ending: string, advice: string])[] = [
  ['REQUEST_FAILED.DeviceAlreadyActive', 'The line is active already: nothing to do, unless it should be active on another plan.'],
  ['REQUEST_FAILED.DeviceNotFound', 'Check the identifiers; the device must exist in Verizon Mobile Device Management.'],
  ['INPUT_INVALID.Device.Identifier.Invalid', 'Check the identifiers of this device, digit by digit.'],
  ['INPUT_INVALID.Device.Kind.Invalid', 'This identifier kind is not accepted for this device; use IMEI and ICCID.'],
  ['INPUT_INVALID.Device.Account.Invalid', 'The device belongs to another account: use that one’s accountName.'],
  [
    'INPUT_INVALID.DeviceState.Invalid',
    'The device is not in a state that allows this. Look at its state first (suspended devices must be restored, not activated).',
  ],
  ['REQUEST_FAILED.DefaultIpPoolNotDefined', 'The account has no default IP pool: name one with carrierIpPoolName.'],
  ['REQUEST_FAILED.UnexpectedError', 'A general error at the carrier: open a support ticket with the carrier request id.'],
  [
    '.NotFound',
    'Something the request names does not exist for this account, most often the service plan: use a code from the list of plans.',
  ],
];

/** Null where nothing better than the carrier's own message can be said. */
export function adviceFor(code: string): string | null {
  return ADVICE.find(([ending]) => code === ending || code.endsWith(ending.startsWith('.') ? ending : `.${ending}`))?.[1] ?? null;
}
