import type { CallbackService } from '../../../src/datasources/thingspace/wire/callback-service.ts';

export interface Identifier {
  readonly kind: 'ICCID' | 'IMEI' | 'EID';
  readonly id: string;
}

/** An operation that the campaign asks for. */
interface AskedOperation {
  /** The carrier's name of it in the ledger. */
  readonly endpoint: string;
  /** How often it is drawn, beside the others. */
  readonly weight: number;
  readonly service: Extract<CallbackService, 'CarrierService' | 'DeviceProfileService'>;
  /** Devices of one POST at most. */
  readonly most: number;
  /** How a mutation names a device. The ICCID comes last. */
  readonly kinds: readonly Identifier['kind'][];
  /** The rest of the input. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The `deviceResponse` of a success. */
  readonly response: (deviceIds: readonly Identifier[]) => Readonly<Record<string, unknown>>;
  /** A NIDD message may follow. */
  readonly hasNidd?: true;
}

const LINE = { service: 'CarrierService', most: 10_000, kinds: ['IMEI', 'ICCID'] } as const;
const PROFILE = { service: 'DeviceProfileService', most: 100 } as const;

const profileResponse: AskedOperation['response'] = (deviceIds) => ({
  deviceProfileResponse: { deviceIdentifierCollection: deviceIds, state: 'ACTIVE', profileStatus: 'ENABLE', profileRole: 'LOCAL' },
});

/** By the name of the mutation's types. */
export const ASKED_OPERATIONS = {
  ActivateDevices: {
    ...LINE,
    endpoint: 'activate',
    weight: 4,
    settings: { servicePlan: 'm2m4G2GB', mdnZipCode: '98801' },
    response: (deviceIds) => ({
      activateResponse: { deviceIds, ipAddress: '10.224.48.88', state: 'Active', servicePlan: 'm2m4G2GB', featureCodes: [] },
    }),
    hasNidd: true,
  },
  SuspendDevices: {
    ...LINE,
    endpoint: 'suspend',
    weight: 2,
    settings: { withBilling: false },
    response: () => ({ suspendResponse: { expectedResumeDate: '2027-03-01T00:00:00Z', maxSuspendDaysAllowed: '90' } }),
  },
  RestoreDevices: { ...LINE, endpoint: 'restore', weight: 2, response: () => ({ restoreResponse: { restored: 'true' } }), hasNidd: true },
  DeactivateDevices: {
    ...LINE,
    endpoint: 'deactivate',
    weight: 1,
    response: () => ({ deactivateResponse: { deactivated: 'true' } }),
  },
  ChangeServicePlan: {
    ...LINE,
    endpoint: 'plan',
    weight: 1,
    settings: { servicePlan: 'm2m4G2GB' },
    response: () => ({}),
    hasNidd: true,
  },
  RenewActivationCode: { ...PROFILE, endpoint: 'renewActivationCode', weight: 2, kinds: ['EID', 'ICCID'], response: profileResponse },
  ResumeProfile: { ...PROFILE, endpoint: 'profileResume', weight: 2, kinds: ['ICCID'], response: profileResponse },
} as const satisfies Readonly<Record<string, AskedOperation>>;

export type OperationName = keyof typeof ASKED_OPERATIONS;

export function askedOperation(name: OperationName): AskedOperation {
  return ASKED_OPERATIONS[name];
}

const NAMES = Object.keys(ASKED_OPERATIONS) as OperationName[];

/** Each as often as it is to be drawn. */
export const DRAWN_OPERATIONS: readonly OperationName[] = NAMES.flatMap((name) =>
  Array.from({ length: askedOperation(name).weight }, () => name),
);

export function operationAt(endpoint: string): OperationName | undefined {
  return NAMES.find((name) => askedOperation(name).endpoint === endpoint);
}
