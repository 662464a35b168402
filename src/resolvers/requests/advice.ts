import { isOnHold, NOT_DONE } from '../../datasources/thingspace/wire/callback-meaning.ts';

interface Guidance {
  /** The part of the code after the service, or an ending of it that begins with a dot. */
  readonly ending: string;
  readonly advice: string;
  /**
   * Whether the same request may succeed later. False when the fault lies in what the request itself says, and for a fault that is no
   * verdict: the carrier still works on the device.
   */
  readonly retriable: boolean;
}

/** What to do about a fault of the carrier. The carrier’s codes are stable, its messages are not. From the carrier's tables and pages. */
const GUIDANCE: readonly Guidance[] = [
  {
    ending: 'REQUEST_FAILED.DeviceAlreadyActive',
    advice: 'The line is active already. There is nothing to do, unless it must be active on another plan.',
    retriable: true,
  },
  {
    ending: 'REQUEST_FAILED.DeviceNotFound',
    advice: 'Check the identifiers; the device must exist in Verizon Mobile Device Management.',
    retriable: true,
  },
  {
    ending: 'INPUT_INVALID.Device.Identifier.Invalid',
    advice: 'Check the identifiers of this device, digit by digit.',
    retriable: false,
  },
  {
    ending: 'INPUT_INVALID.Device.Kind.Invalid',
    advice: 'This identifier kind is not accepted for this device; use IMEI and ICCID.',
    retriable: false,
  },
  {
    ending: 'INPUT_INVALID.Device.Account.Invalid',
    advice: 'The device belongs to another account. Use the accountName of that account.',
    retriable: false,
  },
  {
    ending: 'INPUT_INVALID.DeviceState.Invalid',
    advice:
      'The state of the device does not allow this. Look at its state first: a suspended device must be restored, before anything else. A deactivated device needs no deactivation.',
    retriable: true,
  },
  {
    ending: 'REQUEST_FAILED.DefaultIpPoolNotDefined',
    advice: 'The account has no default IP pool. Name a pool with carrierIpPoolName.',
    retriable: true,
  },
  {
    ending: 'REQUEST_FAILED.UnexpectedError',
    advice: 'A general error at the carrier. Open a support ticket with the carrier request id.',
    retriable: true,
  },
  {
    ending: 'REQUEST_CANCELLED.CreditApproval',
    advice: 'The credit was not approved. Ask your contact at the carrier.',
    retriable: true,
  },
  {
    ending: NOT_DONE,
    advice: 'The carrier took its own success back. Look at the state of the device before you try again.',
    retriable: true,
  },
  {
    ending: '.NotFound',
    advice: 'The request names something that this account does not have, most often a service plan. Use a code from the list of plans.',
    retriable: false,
  },
];

function guidanceFor(code: string): Guidance | undefined {
  return GUIDANCE.find(({ ending }) => code === ending || code.endsWith(ending.startsWith('.') ? ending : `.${ending}`));
}

/** Null when there is no better advice than the carrier's own message. */
export function adviceFor(code: string): string | null {
  if (isOnHold({ code, message: '' })) return 'The carrier waits for an approval. Do not send the request again: its result follows.';
  return guidanceFor(code)?.advice ?? null;
}

/** Whether a retry with the same settings may help. A fault that we do not know may pass, so it is true for one. */
export function isRetriable(code: string): boolean {
  return !isOnHold({ code, message: '' }) && (guidanceFor(code)?.retriable ?? true);
}
