import { spell, spellings } from '../callbacks/spelling.ts';
import type { CallbackContent } from '../callbacks/callback-message.ts';
import { type Device, identifiersOf } from '../devices/device.ts';
import type { Reports, Target } from './action.ts';
import type { Carrier } from './define-operation.ts';

/** How CarrierService and NiddService write kinds and statuses: as the samples do, and as it was seen elsewhere. */
const spelled = {
  documented: {
    kinds: { top: spellings.upper, fault: spellings.capital, nidd: spellings.upper },
    status: { success: 'Success', failed: 'Failed', pending: 'Pending' },
    nidd: { created: 'ConfigCreated', failed: 'ConfigFailed' },
  },
  field: {
    kinds: { top: spellings.capital, fault: spellings.upper, nidd: spellings.capital },
    status: { success: 'SUCCESS', failed: 'Failure', pending: 'PENDING' },
    nidd: { created: 'ConfigCreated', failed: 'ConfigCreationFailed' },
  },
} as const;

export interface CarrierServiceOptions {
  readonly account: string;
  /** Where a legacy message has the result: the element of the operation below Data/CarrierService. */
  readonly legacyPath: readonly string[];
  /** The result of a device that was done. */
  readonly result: (device: Device, target: Target) => CallbackContent['deviceResponse'];
  /** Whether a NiddService message follows for an NB-IoT device. */
  readonly hasNidd?: boolean;
}

/**
 * The result of an operation that has none. No sample exists: the older SOAP messages have an empty element, so it is an empty
 * object; in the other spelling it is left out.
 */
export const emptyResponse =
  ({ settings }: Carrier): CarrierServiceOptions['result'] =>
  () =>
    settings.spelling === 'documented' ? {} : undefined;

const withResult = (deviceResponse: CallbackContent['deviceResponse']) => deviceResponse && { deviceResponse };

/** Reports by CarrierService: one message about each device, named as the request named it. */
export function reportByCarrierService(carrier: Carrier, options: CarrierServiceOptions): Reports {
  const { kinds, status, nidd } = spelled[carrier.settings.spelling];
  const common = { service: 'CarrierService', withCredentials: true } as const;
  const message = (content: CallbackContent) => ({ ...common, legacyPath: options.legacyPath, content });
  return {
    success: (device, target) =>
      message({
        deviceIds: spell(target.requested, kinds.top),
        ...withResult(options.result(device, target)),
        status: status.success,
      }),
    pending: (target) => message({ deviceIds: spell(target.requested, kinds.top), status: status.pending }),
    fault: (target, faultResponse) => message({ deviceIds: spell(target.requested, kinds.fault), faultResponse, status: status.failed }),
    ...(options.hasNidd && {
      nidd: (device, outcome) => ({
        service: 'NiddService',
        withCredentials: true,
        content: {
          niddResponse: {
            niddConfigResponse: {
              accountName: options.account,
              ...(outcome === 'failed' ? { reason: 'Not CatM or NBIoT Device' } : {}),
              deviceIds: spell(identifiersOf(device, ['eid', 'imei', 'iccid', 'imsi', 'mdn', 'msisdn']), kinds.nidd),
            },
          },
          status: nidd[outcome],
        },
      }),
    }),
  };
}
