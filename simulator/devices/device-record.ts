import { listDate } from './carrier-date.ts';
import { type Device, identifiersOf, listedState } from './device.ts';

/** Keys of the extended attributes in the order a live answer has them. `DeviceId` is the paging cursor. */
const placeOfUseKeys = [
  'Title',
  'FirstName',
  'MiddleName',
  'LastName',
  'Suffix',
  'AddressLine1',
  'AddressLine2',
  'City',
  'State',
  'Country',
  'ZipCode',
  'ZipCode4',
  'CBRPhone',
  'CBRPhoneType',
  'EmailAddress',
].map((name) => `PrimaryPlaceOfUse${name}`);

/**
 * A device as the device list shows it; a deactivated one has no number, address or plan. Kinds as in live answers.
 *
 * @param attributes the extended attributes: `all`, or `DeviceId` alone.
 */
export function deviceRecord(device: Device, attributes: 'all' | 'DeviceId' = 'all'): object {
  const lineEnded = device.state === 'deactive' || device.state === 'pre-active';
  const kinds = lineEnded ? (['imei', 'iccid', 'eid'] as const) : (['mdn', 'imsi', 'imei', 'iccid', 'eid', 'msisdn', 'min'] as const);
  const servicePlan = lineEnded ? '' : (device.servicePlan ?? '');
  return {
    accountName: device.account,
    billingCycleEndDate: listDate(Date.UTC(new Date(device.createdAt).getUTCFullYear() + 3, 0, 1)),
    carrierInformations: [
      {
        carrierName: 'Verizon Wireless',
        servicePlan,
        state: listedState(device),
      },
    ],
    connected: device.connected,
    createdAt: listDate(device.createdAt),
    customFields: [...device.customFields].map(([key, value]) => ({ key, value })),
    deviceIds: identifiersOf(device, kinds).map(({ kind, id }) => ({ id, kind: kind === 'iccid' ? 'iccId' : kind })),
    extendedAttributes: extendedAttributes(device).filter(({ key }) => attributes === 'all' || key === attributes),
    groupNames: [device.groupName],
    ipAddress: lineEnded ? '' : (device.ipAddress ?? ''),
    ...(device.lastActivationAt === undefined
      ? {}
      : {
          lastActivationBy: 'Simulator User',
          lastActivationDate: listDate(device.lastActivationAt),
          lastConnectionDate: listDate(device.lastActivationAt),
        }),
  };
}

function extendedAttributes(device: Device): { key: string; value: string | null }[] {
  return [
    ...placeOfUseKeys.map((key) => ({ key, value: device.placeOfUse.get(key) ?? null })),
    { key: 'AccountNumber', value: device.account.split('-')[0] ?? '' },
    { key: 'SmsrOid', value: null },
    { key: 'ProfileStatus', value: listedStatus(device) },
    { key: 'SkuNumber', value: device.skuNumber ?? null },
    { key: 'CostCenterCode', value: device.costCenterCode ?? null },
    { key: 'PreIMEI', value: null },
    { key: 'PreSKU', value: null },
    { key: 'SIMOTADate', value: null },
    { key: 'RoamingStatus', value: 'Unavailable' },
    { key: 'LastRoamingStatusUpdate', value: null },
    { key: 'DeviceId', value: String(device.number) },
  ];
}

/** As the page "Working with eUICC devices" writes it. */
function listedStatus({ profile }: Device): string | null {
  return profile?.status === 'NOT_DOWNLOADED' ? 'Not Downloaded' : (profile?.status ?? null);
}
