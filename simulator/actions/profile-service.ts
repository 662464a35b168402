import { faultResponse } from '../callbacks/callback-message.ts';
import { spell, type Spelling } from '../callbacks/spelling.ts';
import { type Device, identifiersOf } from '../devices/device.ts';
import type { IdentifierKind } from '../devices/identifiers.ts';
import type { Random } from '../random.ts';
import type { Operation } from './action.ts';
import type { Target } from './device-finder.ts';

interface ProfileOrder {
  readonly account: string;
  readonly targets: readonly Target[];
  readonly spelling: Spelling;
  /** Whether the callbacks carry username and password; the samples do not. */
  readonly withCredentials: boolean;
}

const notDeactivated = faultResponse('INPUT_INVALID.DeviceState.Invalid', 'Device is not in the Deactive state');
const alreadyResumed = faultResponse('REQUEST_FAILED.ProfileAlreadyResumed', 'Profile is already resumed');

/** A new activation code for a deactivated device; its state does not change. The sample says ACTIVE and UNKNOWN all the same. */
export function activationCodeRenewal(order: ProfileOrder, random: Random): Operation {
  return profileOperation('renewActivationCode', order, order.spelling.kinds.renew, {
    kinds: ['mdn', 'imei', 'iccid', 'eid'],
    refuse: (device) => (device.state === 'deactive' ? undefined : notDeactivated),
    apply: () => {},
    result: () => ({
      state: 'ACTIVE',
      profileStatus: 'UNKNOWN',
      profileRole: 'LOCAL',
      activationCode: `1$smdp-plus.simulator.example$${random.uuid().replaceAll('-', '').slice(0, 16).toUpperCase()}`,
    }),
  });
}

/** Resumes a suspended profile. One that is not suspended fails with "Profile is already resumed". */
export function profileResumption(order: ProfileOrder, now: () => number): Operation {
  return profileOperation('profileResume', order, order.spelling.kinds.resume, {
    kinds: ['eid', 'imei', 'msisdn', 'iccid'],
    refuse: (device) => (device.profile?.state === 'SUSPEND' ? undefined : alreadyResumed),
    apply: (device) => {
      if (device.profile !== undefined) Object.assign(device.profile, { state: 'ACTIVE', status: 'ENABLE' });
      device.state = 'active';
      device.connected = true;
      device.history.push({
        at: now(),
        type: 'Restore',
        servicePlan: device.servicePlan ?? '',
        mdn: device.identifiers.mdn ?? '',
        msisdn: device.identifiers.msisdn ?? '',
      });
    },
    result: () => ({ state: 'ACTIVE', profileStatus: 'ENABLE', profileRole: 'LOCAL' }),
  });
}

function profileOperation(
  name: 'renewActivationCode' | 'profileResume',
  order: ProfileOrder,
  spellKind: (kind: IdentifierKind) => string,
  steps: Pick<Operation, 'refuse' | 'apply'> & {
    /** Identifiers the callback lists, in order. */
    readonly kinds: readonly IdentifierKind[];
    readonly result: (device: Device) => Readonly<Record<string, string>>;
  },
): Operation {
  const { profileStatus } = order.spelling;
  const carrier = { service: 'DeviceProfileService', format: 'json', withCredentials: order.withCredentials } as const;
  return {
    name,
    account: order.account,
    targets: order.targets,
    refuse: steps.refuse,
    apply: steps.apply,
    finish: () => {},
    success: (device) => {
      const deviceIds = spell(identifiersOf(device, steps.kinds), spellKind);
      return {
        ...carrier,
        content: {
          deviceIds,
          deviceResponse: {
            deviceProfileResponse: { deviceIdentifierCollection: deviceIds, ...steps.result(device) },
          },
          status: profileStatus.success,
        },
      };
    },
    pending: (target) => ({
      ...carrier,
      content: { deviceIds: spell(target.requested, spellKind), status: profileStatus.pending },
    }),
    fault: (target, faultResponse) => ({
      ...carrier,
      content: { deviceIds: spell(target.requested, spellKind), faultResponse, status: profileStatus.failed },
    }),
  };
}
