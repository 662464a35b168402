import type { Identifier, IdentifierKind } from './identifiers.ts';

/** The states of a line, spelled as the device list spells them (page "About Device States"). */
export type DeviceState = 'pre-active' | 'active' | 'suspend' | 'deactive';

/**
 * The eSIM profile of a device that has one: each of the profiles of an EID is a line with a record of its own. `state` and `status` are
 * spelled as the profile callbacks spell them.
 */
export interface DeviceProfile {
  state: 'ACTIVE' | 'SUSPEND' | 'DEACTIVE';
  /** Page "Working with eUICC devices", and `DELETE` of the SDK's list of filters. */
  status: 'NOT_DOWNLOADED' | 'DOWNLOAD_DISABLE' | 'DOWNLOAD_ENABLE' | 'ENABLE' | 'DISABLE' | 'UNKNOWN' | 'DELETE';
  /** `LEAD` is the US profile that the device has from the factory, `LOCAL` any other. */
  role: 'LOCAL' | 'LEAD' | 'DEFAULT';
  /** True while it is suspended because its device was. */
  isSuspendedWithDevice?: boolean;
}

/** One line of a device's provisioning history. */
export interface HistoryEvent {
  /** Milliseconds since the epoch. */
  readonly at: number;
  readonly type: string;
  readonly servicePlan: string;
  readonly mdn: string;
  readonly msisdn: string;
}

/** A device in the carrier's inventory. */
export interface Device {
  /** The numeric DeviceId, unique and rising: the paging cursor of the device list. */
  readonly number: number;
  readonly account: string;
  readonly identifiers: Partial<Record<IdentifierKind, string>>;
  state: DeviceState;
  /** A word for each accepted change of state that is not yet done, for instance `pending activation`. */
  readonly pendingStates: string[];
  profile: DeviceProfile | undefined;
  readonly nbIot: boolean;
  /** True for a device that first appeared in a request, not in the generated inventory. */
  readonly adopted: boolean;
  groupName: string;
  readonly customFields: Map<string, string>;
  servicePlan: string | undefined;
  ipAddress: string | undefined;
  connected: boolean;
  skuNumber: string | undefined;
  costCenterCode: string | undefined;
  /** Extended attributes of the primary place of use, by attribute name. */
  readonly placeOfUse: Map<string, string>;
  readonly createdAt: number;
  lastActivationAt: number | undefined;
  readonly history: HistoryEvent[];
}

/** The identifiers a device has, in the order of the given kinds. */
export function identifiersOf(device: Device, kinds: readonly IdentifierKind[]): Identifier[] {
  return kinds.flatMap((kind) => {
    const id = device.identifiers[kind];
    return id === undefined ? [] : [{ kind, id }];
  });
}

/** The state as the device list shows it: that of a change under way, else the device's own. */
export const listedState = (device: Device): string => device.pendingStates.at(-1) ?? device.state;

/** Puts a line into service, and enables its eSIM profile, unless that is on the device and disabled. */
export function startService(device: Device): void {
  device.state = 'active';
  device.connected = true;
  if (device.profile === undefined) return;
  Object.assign(device.profile, { state: 'ACTIVE', isSuspendedWithDevice: false });
  if (device.profile.status !== 'DISABLE' && device.profile.status !== 'DOWNLOAD_DISABLE') device.profile.status = 'ENABLE';
}

/** Ends the service of a line, and disables its eSIM profile. */
export function endService(device: Device): void {
  device.state = 'deactive';
  device.connected = false;
  device.servicePlan = undefined;
  device.ipAddress = undefined;
  if (device.profile !== undefined) Object.assign(device.profile, { state: 'DEACTIVE', status: 'DISABLE' });
}

/** Whether a change of state is not yet done, other than one's own. Every change fails meanwhile. */
export const isChanging = (device: Device, own?: string): boolean => device.pendingStates.some((state) => state !== own);

/** Adds an event to the provisioning history, with the plan and the number that the device has after it. */
export function addEvent(device: Device, type: string, at: number): void {
  const { mdn = '', msisdn = '' } = device.state === 'deactive' ? {} : device.identifiers;
  device.history.push({ at, type, servicePlan: device.servicePlan ?? '', mdn, msisdn });
}
