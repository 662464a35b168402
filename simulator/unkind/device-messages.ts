import type { ActionMessage, Reports, Target } from '../actions/action.ts';
import { profileFaults } from '../actions/profile-rules.ts';
import { type FaultResponse, faultResponse } from '../callbacks/fault-response.ts';
import type { Device } from '../devices/device.ts';

/** The class is documented ("pending credit approval"); that the status is Failed is inferred. */
const onHold = faultResponse('REQUEST_ONHOLD.CreditApproval', 'Waiting for the approval of a credit');
const generalError = faultResponse('REQUEST_FAILED.UnexpectedError', 'Unexpected error occurred. Could not complete request.');

/** The messages about a device that was not done, in order. */
export function faultMessages(reports: Reports, target: Target, fault: FaultResponse): ActionMessage[] {
  const { unkind } = target;
  const failed = reports.fault(target, fault);
  return [
    ...progressMessages(reports, target),
    ...(unkind.has('fault-with-pending') ? [withStatus(failed, reports.pending(target).content.status)] : []),
    ...(unkind.has('fault-with-success')
      ? [withStatus(failed, 'Success')]
      : [unkind.has('fault-without-status') ? withStatus(failed, undefined) : failed]),
  ];
}

/** The messages about a device that was done, in order. None when it is silent. */
export function successMessages(reports: Reports, device: Device, target: Target): ActionMessage[] {
  const { unkind } = target;
  if (isSilent(target)) return [];
  const success = reports.success(device, target);
  const forced = unkind.has('nidd-created') ? 'created' : unkind.has('nidd-failed') ? 'failed' : undefined;
  const outcome = forced ?? (device.nbIot ? 'created' : undefined);
  const nidd = outcome && reports.nidd?.(device, outcome);
  const profile = unkind.has('profile-already') ? reports.profileFault?.(device, profileFaults.alreadySuspended) : undefined;
  const { before = [], after = [] } = reports.profiles?.(device) ?? {};
  return [
    ...progressMessages(reports, target),
    ...(unkind.has('warning-first') ? [warning(success)] : []),
    ...(profile ? [profile] : []),
    ...before,
    success,
    ...after,
    ...(unkind.has('contradiction') ? [reports.fault(target, generalError)] : []),
    ...(nidd ? [nidd] : []),
  ];
}

/** Whether nothing is said of a device that was done. */
export const isSilent = ({ unkind }: Target): boolean => unkind.has('silent') || unkind.has('record-refused');

/** What a device reports before its result, whatever that is. */
function progressMessages(reports: Reports, target: Target): ActionMessage[] {
  const { unkind } = target;
  const isOnHold = unkind.has('on-hold-then-success') || unkind.has('on-hold-then-denied');
  return [...(isOnHold ? [reports.fault(target, onHold)] : []), ...(unkind.has('pending-first') ? [reports.pending(target)] : [])];
}

/** The eUICC pages: status "warning" when the SM-SR timed out. The rest of the message and the comment are inferred. */
function warning(success: ActionMessage): ActionMessage {
  const comment = 'The device could not be reached. The request goes on.';
  return { ...success, content: { ...success.content, comment, status: 'WARNING' } };
}

const withStatus = (message: ActionMessage, status: string | undefined): ActionMessage => ({
  ...message,
  content: { ...message.content, status },
});
