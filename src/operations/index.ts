import { activateDevices } from './activate-devices.ts';
import { activateProfile } from './activate-profile.ts';
import { deactivateProfile } from './deactivate-profile.ts';
import { addDevices } from './add-devices.ts';
import { changeServicePlan } from './change-service-plan.ts';
import { deactivateDevices } from './deactivate-devices.ts';
import type { Operation } from './define-operation.ts';
import { deleteDevices } from './delete-devices.ts';
import { deleteProfile } from './delete-profile.ts';
import { downloadProfile } from './download-profile.ts';
import { enableProfile } from './enable-profile.ts';
import { renewActivationCode } from './renew-activation-code.ts';
import { restoreDevices } from './restore-devices.ts';
import { resumeESimDevice } from './resume-esim-device.ts';
import { resumeProfile } from './resume-profile.ts';
import { setFallbackProfile } from './set-fallback-profile.ts';
import { suspendDevices } from './suspend-devices.ts';
import { suspendESimDevice } from './suspend-esim-device.ts';
import { suspendProfile } from './suspend-profile.ts';
import { updateCostCenter } from './update-cost-center.ts';
import { updateCustomFields } from './update-custom-fields.ts';

/** Every operation that the carrier can be asked for. */
export const OPERATIONS: readonly Operation[] = [
  activateDevices,
  renewActivationCode,
  resumeProfile,
  suspendDevices,
  restoreDevices,
  activateProfile,
  deactivateProfile,
  suspendProfile,
  enableProfile,
  downloadProfile,
  deleteProfile,
  setFallbackProfile,
  suspendESimDevice,
  resumeESimDevice,
  addDevices,
  deactivateDevices,
  deleteDevices,
  changeServicePlan,
  updateCustomFields,
  updateCostCenter,
];

const BY_NAME = new Map(OPERATIONS.map((operation) => [operation.name, operation]));

/** Null for a Request of another tool, and for an operation that this version does not know. */
export function operationNamed(name: string | null): Operation | null {
  return name === null ? null : (BY_NAME.get(name) ?? null);
}
