import { type CallbackFormat, faultResponse, type SpelledIdentifier } from '../callbacks/callback-message.ts';
import { spell, type Spelling } from '../callbacks/spelling.ts';
import { type Device, identifiersOf } from '../devices/device.ts';
import type { Inventory } from '../devices/inventory.ts';
import type { Random } from '../random.ts';
import type { Operation } from '../actions/action.ts';
import type { Target } from '../actions/device-finder.ts';

/** What an activation gives to each of its devices. */
export interface ActivationOrder {
  readonly account: string;
  readonly targets: readonly Target[];
  readonly servicePlan: string;
  readonly groupName: string | undefined;
  readonly customFields: ReadonlyMap<string, string>;
  readonly placeOfUse: ReadonlyMap<string, string> | undefined;
  readonly skuNumber: string | undefined;
  readonly costCenterCode: string | undefined;
}

export interface ActivationParts {
  readonly inventory: Inventory;
  readonly random: Random;
  readonly now: () => number;
  readonly spelling: Spelling;
  readonly format: CallbackFormat;
}

const alreadyActive = faultResponse('REQUEST_FAILED.DeviceAlreadyActive', 'Device is already active');
const suspended = faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is suspended; restore it instead');

/** Activation as an operation: PRE-ACTIVE and DEACTIVE become ACTIVE; a suspended line only by restore. */
export function activation(order: ActivationOrder, parts: ActivationParts): Operation {
  const { kinds, carrierStatus, niddStatus, activeState } = parts.spelling;
  const legacyPath = ['ChangeDeviceState', 'Activate'];
  const carrier = { service: 'CarrierService', format: parts.format, legacyPath, withCredentials: true } as const;
  for (const { device } of order.targets) if (device !== undefined) device.pendingActivations += 1;

  return {
    name: 'activate',
    account: order.account,
    targets: order.targets,
    refuse: (device) => (device.state === 'active' ? alreadyActive : device.state === 'suspend' ? suspended : undefined),
    apply: (device, target) => activate(device, target, order, parts),
    finish: ({ device }, fault) => {
      if (device === undefined) return;
      device.pendingActivations -= 1;
      // A failed activation may leave a device it brought in on the list as deactivated.
      if (fault !== undefined && device.adopted && device.state === 'pre-active') device.state = 'deactive';
    },
    success: (device, target) => ({
      ...carrier,
      content: {
        deviceIds: spell(target.requested, kinds.carrier),
        deviceResponse: {
          activateResponse: {
            deviceIds: resultIdentifiers(device, parts.spelling),
            ipAddress: device.ipAddress ?? '',
            state: activeState,
            servicePlan: order.servicePlan,
            featureCodes: [],
            deviceCredential: {
              username: `${device.identifiers.mdn ?? ''}@vzw3g.com`,
              password: device.identifiers.mdn ?? '',
            },
          },
        },
        status: carrierStatus.success,
      },
    }),
    pending: (target) => ({
      ...carrier,
      content: { deviceIds: spell(target.requested, kinds.carrier), status: carrierStatus.pending },
    }),
    fault: (target, faultResponse) => ({
      ...carrier,
      content: { deviceIds: spell(target.requested, kinds.carrierFault), faultResponse, status: carrierStatus.failed },
    }),
    nidd: (device, outcome) => ({
      service: 'NiddService',
      format: 'json',
      withCredentials: true,
      content: {
        niddResponse: {
          niddConfigResponse: {
            accountName: order.account,
            ...(outcome === 'failed' ? { reason: 'Not CatM or NBIoT Device' } : {}),
            deviceIds: spell(identifiersOf(device, ['eid', 'imei', 'iccid', 'imsi', 'mdn', 'msisdn']), kinds.nidd),
          },
        },
        status: niddStatus[outcome],
      },
    }),
  };
}

/** In the order of the sample: the number, the SIM, and what belongs to it. */
function resultIdentifiers(device: Device, spelling: Spelling): SpelledIdentifier[] {
  return spell(identifiersOf(device, ['mdn', 'imsi', 'iccid', 'msisdn', 'min']), spelling.kinds.carrierResult);
}

function activate(device: Device, target: Target, order: ActivationOrder, parts: ActivationParts): void {
  const { random } = parts;
  parts.inventory.assignNumber(device);
  const now = parts.now();
  device.state = 'active';
  device.connected = true;
  device.servicePlan = order.servicePlan;
  device.ipAddress = target.ipAddress ?? `10.${random.integer(0, 255)}.${random.integer(0, 255)}.${random.integer(1, 254)}`;
  device.lastActivationAt = now;
  device.groupName = order.groupName ?? device.groupName;
  device.skuNumber = order.skuNumber ?? device.skuNumber;
  device.costCenterCode = order.costCenterCode ?? device.costCenterCode;
  for (const [name, value] of order.customFields) device.customFields.set(name, value);
  for (const [name, value] of order.placeOfUse ?? []) device.placeOfUse.set(name, value);
  if (device.profile !== undefined) Object.assign(device.profile, { state: 'ACTIVE', status: 'ENABLE' });
  device.history.push({
    at: now,
    type: 'Activation Confirmed',
    servicePlan: order.servicePlan,
    mdn: device.identifiers.mdn ?? '',
    msisdn: device.identifiers.msisdn ?? '',
  });
}
