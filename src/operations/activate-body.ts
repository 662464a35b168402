import type { WireDevice } from './operations.ts';

export interface CustomField {
  readonly key: string;
  readonly value: string;
}

/** Everything of an activation but its account and devices; undefined fields are left out of the body. */
export interface ActivateSettings {
  readonly servicePlan: string;
  readonly mdnZipCode: string;
  /** With devices: the group to put them into. Without: the group to activate. */
  readonly groupName?: string | undefined;
  readonly skuNumber?: string | undefined;
  readonly carrierName?: string | undefined;
  readonly carrierIpPoolName?: string | undefined;
  /** With devices: values to set. Without: the filter that chooses the devices (the carrier has one parameter for both). */
  readonly customFields?: readonly CustomField[] | undefined;
  readonly leadId?: string | undefined;
  readonly costCenterCode?: string | undefined;
  readonly publicIpRestriction?: string | undefined;
  readonly primaryPlaceOfUse?: PrimaryPlaceOfUse | undefined;
}

export interface PrimaryPlaceOfUse {
  readonly customerName: {
    readonly title?: string | undefined;
    readonly firstName: string;
    readonly middleName?: string | undefined;
    readonly lastName: string;
    readonly suffix?: string | undefined;
  };
  readonly address: {
    readonly addressLine1: string;
    readonly addressLine2?: string | undefined;
    readonly city: string;
    readonly state: string;
    readonly zip: string;
    readonly zip4?: string | undefined;
    readonly country: string;
    readonly phone?: string | undefined;
    readonly phoneType?: string | undefined;
    readonly emailAddress?: string | undefined;
  };
}

/** The body of `POST /devices/actions/activate`, in the order of the page's example. */
export function activateBody(accountName: string, devices: readonly WireDevice[] | null, settings: ActivateSettings): unknown {
  const { servicePlan, mdnZipCode, customFields, groupName, primaryPlaceOfUse, ...rest } = settings;
  return {
    ...(devices && { devices: devices.map(wireDevice) }),
    accountName,
    servicePlan,
    mdnZipCode,
    customFields,
    groupName,
    ...rest,
    primaryPlaceOfUse,
  };
}

/** `kind` in the carrier's lower-case spelling; IMEI before ICCID, the order the page asks for. */
export function wireDevice(device: WireDevice): unknown {
  const rank = (kind: string) => (kind === 'IMEI' ? 0 : kind === 'ICCID' ? 1 : 2);
  return {
    deviceIds: device.deviceIds
      .toSorted((left, right) => rank(left.kind) - rank(right.kind))
      .map(({ kind, id }) => ({ kind: kind.toLowerCase(), id })),
    ipAddress: device.ipAddress,
  };
}
