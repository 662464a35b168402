import * as z from 'zod';
import { deviceIdentifiers, type DeviceIdentifier } from './device-identifier.ts';
import { fieldsOf, lenientBoolean, lenientObjects, lenientText, listOrOne, parseCarrierDate } from './carrier-values.ts';
import { means } from './state-words.ts';

/** A device in the carrier's device list. */
export interface DeviceRecord {
  /** A deactivated line has no MDN. */
  readonly deviceIds: readonly DeviceIdentifier[];
  /** Verbatim: `active`, `deactive`, `suspend`, `pre-active`, `pending activation`, `pending deactivation`. */
  readonly state: string | null;
  readonly servicePlan: string | null;
  readonly ipAddress: string | null;
  readonly groupNames: readonly string[];
  /** By key in lower case: `customfield1` … An empty one may be missing. Null when the record does not show custom fields. */
  readonly customFields: ReadonlyMap<string, string> | null;
  /** Milliseconds, by the carrier's clock, to the second. Null for a line that was never active, and for a date without an hour. */
  readonly lastActivationAt: number | null;
  /**
   * Verbatim: `ENABLE`, `DISABLE`, `DOWNLOAD_ENABLE` … Null for a device without an eSIM profile. Also null when the carrier leaves
   * the attribute out, as it may in lists of several devices.
   */
  readonly profileStatus: string | null;
  /** Empty for a device without one. Null when the carrier leaves the attribute out, as it may in lists of several devices. */
  readonly costCenterCode: string | null;
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

const device = fieldsOf({
  deviceIds: deviceIdentifiers,
  carrierInformations: lenientObjects,
  extendedAttributes: lenientObjects,
  groupNames: z.unknown().optional(),
  customFields: listOrOne.nullish().catch(null),
  ipAddress: lenientText,
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
    deviceIds: record.deviceIds,
    state: carrier?.state ?? null,
    servicePlan: carrier?.servicePlan ?? null,
    ipAddress: record.ipAddress,
    customFields: record.customFields ? readCustomFields(record.customFields) : null,
    groupNames: (Array.isArray(record.groupNames) ? record.groupNames : [record.groupNames]).filter((name) => typeof name === 'string'),
    lastActivationAt: parseCarrierDate(record.lastActivationDate),
    profileStatus: lenientText.parse(attributes.get('profilestatus')),
    costCenterCode: attributes.has('costcentercode') ? (lenientText.parse(attributes.get('costcentercode')) ?? '') : null,
    cursor: readCursor(attributes.get('deviceid')),
  };
});

/**
 * `POST devices/actions/list`: `{hasMoreData, devices: [{deviceIds, carrierInformations: [{carrierName, servicePlan, state}],
 * extendedAttributes: [{key, value}], groupNames, ipAddress, lastActivationDate, …}]}` (page "Retrieve Device Information", and
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

function readCustomFields(list: readonly unknown[]): ReadonlyMap<string, string> {
  return new Map(
    lenientObjects.parse(list).flatMap((each) => {
      const { key, value } = attribute.parse(each);
      return key === null ? [] : [[key.toLowerCase(), lenientText.parse(value) ?? ''] as const];
    }),
  );
}

function readCursor(value: unknown): string | null {
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : null;
  return typeof value === 'string' && /^\s*\d{1,40}\s*$/.test(value) ? value.trim() : null;
}
