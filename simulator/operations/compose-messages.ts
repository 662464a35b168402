import type { FaultResponse } from '../callbacks/callback-message.ts';
import type { Device } from '../devices/device.ts';
import type { Operation, OperationMessage } from '../actions/action.ts';
import type { Target } from '../actions/device-finder.ts';

/** The messages about a device that was done, in order, as its magic script has them. */
export function composeMessages(operation: Operation, device: Device, target: Target, generalError: FaultResponse): OperationMessage[] {
  const success = operation.success(device, target);
  switch (target.script?.kind) {
    case 'silent':
      return [];
    case 'pending-first':
      return [operation.pending(target), success];
    case 'contradiction':
      return [success, operation.fault(target, generalError)];
    case 'nidd-created':
      return withNidd(success, operation.nidd?.(device, 'created'));
    case 'nidd-failed':
      return withNidd(success, operation.nidd?.(device, 'failed'));
    default:
      return withNidd(success, device.nbIot ? operation.nidd?.(device, 'created') : undefined);
  }
}

const withNidd = (success: OperationMessage, nidd: OperationMessage | undefined): OperationMessage[] =>
  nidd === undefined ? [success] : [success, nidd];
