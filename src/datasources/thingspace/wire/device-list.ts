import * as z from 'zod';
import { deviceIdentifiers, type DeviceIdentifier } from './device-identifier.ts';
import { fieldsOf, lenientBoolean, lenientObjects, lenientText, listOrOne, parseCarrierDate, readDigits } from './carrier-values.ts';
import { means } from './state-words.ts';

/** A device in the carrier's device list. */
export interface DeviceRecord {
  /** The billing account. Null when the record does not say. */
  readonly accountName: string | null;
  /** A deactivated line has no MDN. */
  readonly deviceIds: readonly DeviceIdentifier[];
  /** Verbatim: `active`, `deactive`, `suspend`, `pre-active`, `pending activation`, `pending deactivation`. */
  readonly state: string | null;
  readonly servicePlan: string | null;
  readonly ipAddress: string | null;
  readonly groupNames: readonly string[];
  /** An empty one may be missing, or have an empty value. Null when the record does not show custom fields. */
  readonly customFields: readonly { readonly key: string; readonly value: string }[] | null;
  /** Whether it has a session now. Null when the record does not say. */
  readonly isConnected: boolean | null;
  /** Milliseconds, as the dates below. */
  readonly createdAt: number | null;
  readonly lastConnectionAt: number | null;
  /** Extended attributes: empty when the device has none. Null when the carrier leaves them out, as it may in lists of several devices. */
  readonly costCenterCode: string | null;
  readonly skuNumber: string | null;
  /** Milliseconds, by the carrier's clock, to the second. Null for a line that was never active, and for a date without an hour. */
  readonly lastActivationAt: number | null;
  /**
   * Verbatim: `ENABLE`, `DISABLE`, `DOWNLOAD_ENABLE` … Null for a device without an eSIM profile. Also null when the carrier leaves
   * the attribute out, as it may in lists of several devices.
   */
  readonly profileStatus: string | null;
  /**
   * The digits of the numeric `DeviceId` extended attribute. `largestDeviceIdSeen` takes it when this is the last device of a
   * page. It may exceed 2^53. Null when it is missing or no number.
   */
  readonly cursor: string | null;
  /** The record as it came. */
  readonly json: unknown;
}

const carrierInformation = fieldsOf({ state: lenientText, servicePlan: lenientText });
const attribute = fieldsOf({ key: lenientText, value: z.unknown().optional() });
const customField = fieldsOf({ key: lenientText, value: lenientText });

const device = fieldsOf({
  accountName: lenientText,
  deviceIds: deviceIdentifiers,
  carrierInformations: lenientObjects,
  extendedAttributes: lenientObjects,
  groupNames: z.unknown().optional(),
  customFields: listOrOne.nullish().catch(null),
  ipAddress: lenientText,
  connected: lenientBoolean,
  createdAt: z.unknown().optional(),
  lastConnectionDate: z.unknown().optional(),
  lastActivationDate: z.unknown().optional(),
}).transform((record): Omit<DeviceRecord, 'json'> => {
  const carriers = record.carrierInformations.map((each) => carrierInformation.parse(each));
  const carrier = carriers.find(({ state }) => means(state, 'ACTIVE')) ?? carriers[0];
  const attributes = new Map(
    record.extendedAttributes.map((each) => {
      const { key, value } = attribute.parse(each);
      return [key?.toLowerCase() ?? '', value] as const;
    }),
  );
  return {
    accountName: record.accountName,
    deviceIds: record.deviceIds,
    state: carrier?.state ?? null,
    servicePlan: carrier?.servicePlan ?? null,
    ipAddress: record.ipAddress,
    customFields: record.customFields ? readCustomFields(record.customFields) : null,
    groupNames: (Array.isArray(record.groupNames) ? record.groupNames : [record.groupNames]).filter((name) => typeof name === 'string'),
    isConnected: record.connected,
    createdAt: parseCarrierDate(record.createdAt),
    lastConnectionAt: parseCarrierDate(record.lastConnectionDate),
    skuNumber: lenientText.parse(attributes.get('skunumber')),
    lastActivationAt: parseCarrierDate(record.lastActivationDate),
    profileStatus: lenientText.parse(attributes.get('profilestatus')),
    costCenterCode: attributes.has('costcentercode') ? (lenientText.parse(attributes.get('costcentercode')) ?? '') : null,
    cursor: readDigits(attributes.get('deviceid')),
  };
});

/**
 * `POST devices/actions/list`: `{hasMoreData, devices: [{deviceIds, carrierInformations: [{carrierName, servicePlan, state}],
 * extendedAttributes: [{key, value}], groupNames, ipAddress, customFields, connected, lastActivationDate, …}]}` (page "Retrieve Device Information", and
 * a dump of a live answer). A device with several carriers is read from the one on which it is active, else from the first.
 *
 * `hasMoreData` is null when the answer does not say. Then its HTTP status does (202 = more).
 */
export const deviceListAnswer = fieldsOf({ devices: listOrOne, hasMoreData: lenientBoolean })
  .refine(({ devices, hasMoreData }) => devices !== null || hasMoreData !== null)
  .transform(({ devices, hasMoreData }) => ({
    hasMoreData,
    devices: lenientObjects.parse(devices ?? []).map((json): DeviceRecord => ({ ...device.parse(json), json })),
  }));

function readCustomFields(list: readonly unknown[]): DeviceRecord['customFields'] {
  return lenientObjects.parse(list).flatMap((each) => {
    const { key, value } = customField.parse(each);
    return key === null ? [] : [{ key, value: value ?? '' }];
  });
}
