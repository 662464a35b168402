import { isJson, textOf, type Json } from './json.ts';

/**
 * What the carrier's pages ask of a body. A body is refused for the first rule it breaks. "Activate", "Renew" and "Resume" are
 * the pages of the three operations; the others are the pages of the same name.
 */
export class PageFault extends Error {
  override readonly name = 'PageFault';
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.code = code;
  }
}

export interface Asked {
  readonly account: string;
  readonly groupName: string | null;
  /** The identifiers of each device, or null where the carrier chooses the devices. */
  readonly devices: readonly (readonly Identifier[])[] | null;
}

export interface Identifier {
  readonly kind: string;
  readonly id: string;
}

type Rule = (body: Json) => void;

/** Lengths of the identifiers: "Retrieve Device Information" and the callback table of Activate. */
const FORMS: ReadonlyMap<string, RegExp> = new Map([
  ['esn', /^\d{11}$/],
  ['iccid', /^\d{1,20}$/],
  ['imei', /^\d{1,16}$/],
  ['mdn', /^\d{10}$/],
  ['meid', /^[0-9A-Fa-f]{14}$/],
  ['msisdn', /^\d{11}$/],
  ['eid', /^\d{32}$/],
]);

const ADDRESS = ['addressLine1', 'addressLine2', 'city', 'state', 'zip', 'zip4', 'country', 'phone', 'phoneType', 'emailAddress'];
const NAME = ['title', 'firstName', 'middleName', 'lastName', 'suffix'];
const SELECTION = ['accountName', 'devices', 'groupName', 'servicePlan', 'customFields'];

const ACTIVATE: Rule = (body) => {
  const { devices, ...settings } = body;
  onlyHas(body, [...SELECTION, ...ACTIVATE_SETTINGS]);
  required(body, 'servicePlan');
  must(/^\d{5}$/.test(textOf(body['mdnZipCode'])), 'DeserializationFailed', 'mdnZipCode is required.');
  must(
    devices !== undefined || settings['groupName'] !== undefined || settings['accountName'] !== undefined,
    'INPUT_INVALID.DeviceNotProvided',
    'No devices.',
  );
  limited(body, 'skuNumber', /^.{1,20}$/);
  limited(body, 'costCenterCode', /^[A-Za-z0-9 \-!#]{1,36}$/);
  limited(body, 'publicIpRestriction', /^(?:restricted|unrestricted)$/);
  must(!('leadId' in body && 'primaryPlaceOfUse' in body), 'INPUT_INVALID.Request', 'primaryPlaceOfUse cannot be used with leadId.');
  for (const device of listOf(devices)) {
    onlyHas(device, ['deviceIds', 'ipAddress']);
    // "This field is required if using the ipAddress parameter."
    must(
      !('ipAddress' in device) || 'carrierIpPoolName' in body,
      'REQUEST_FAILED.DefaultIpPoolNotDefined',
      'carrierIpPoolName is required.',
    );
    limited(device, 'ipAddress', /^[1-9]\d{0,2}(?:\.\d{1,3}){3}$/);
    const kinds = kindsOf(device);
    // "For 4G devices, IMEI and ICCID, in that order"; the SKU "can be used with ICCID device identifiers in lieu of an IMEI".
    must(
      kinds === 'imei iccid' || (kinds === 'iccid' && 'skuNumber' in body),
      'INPUT_INVALID.Device.Identifier.Invalid',
      `IMEI and ICCID, not ${kinds}.`,
    );
  }
  if ('primaryPlaceOfUse' in body) placeOfUse(body['primaryPlaceOfUse']);
};

const ACTIVATE_SETTINGS = [
  'mdnZipCode',
  'skuNumber',
  'carrierName',
  'carrierIpPoolName',
  'leadId',
  'costCenterCode',
  'publicIpRestriction',
  'primaryPlaceOfUse',
];

const selecting =
  (...more: string[]): Rule =>
  (body) => {
    onlyHas(body, [...SELECTION, ...more]);
    required(body, 'accountName');
    const filtered = 'groupName' in body || 'servicePlan' in body || 'customFields' in body;
    must(!('devices' in body && filtered), 'INPUT_INVALID.Request', 'Devices are listed or chosen, not both.');
    must(typeof (body['withBilling'] ?? true) === 'boolean', 'DeserializationFailed', 'withBilling is true or false.');
    for (const device of listOf(body['devices'])) onlyHas(device, ['deviceIds']);
  };

const profile =
  (kinds: readonly string[], ...more: string[]): Rule =>
  (body) => {
    onlyHas(body, ['devices', 'accountName', 'servicePlan', ...more]);
    required(body, 'accountName');
    limited(body, 'mdnZipCode', /^\d{5}$/);
    const devices = listOf(body['devices']);
    must(devices.length > 0, 'DeserializationFailed', 'devices is required.');
    for (const device of devices) {
      onlyHas(device, ['deviceIds']);
      const named = kindsOf(device).split(' ').toSorted().join(' ');
      must(kinds.includes(named), 'INPUT_INVALID.Device.Kind.Invalid', `${kinds.join(', or ')}, not ${named}.`);
    }
  };

export interface Page {
  readonly service: string;
  readonly rule: Rule;
  /** The profile pages: "errorCode: The 3-digit HTML error code". */
  readonly numbersErrors: boolean;
}

/** By path below /m2m/v1. */
export const PAGES: ReadonlyMap<string, Page> = new Map<string, Page>([
  ['/devices/actions/activate', { service: 'CarrierService', numbersErrors: false, rule: ACTIVATE }],
  ['/devices/actions/suspend', { service: 'CarrierService', numbersErrors: false, rule: selecting('withBilling') }],
  ['/devices/actions/restore', { service: 'CarrierService', numbersErrors: false, rule: selecting() }],
  [
    '/devices/profile/actions/renew_activation_code',
    // Its text takes EID and ICCID, its example sends EID and IMEI.
    { service: 'DeviceProfileService', numbersErrors: true, rule: profile(['eid iccid', 'eid imei'], 'mdnZipCode') },
  ],
  ['/devices/profile/actions/profile_resume', { service: 'DeviceProfileService', numbersErrors: true, rule: profile(['iccid']) }],
]);

export function readAsked(page: Page, body: unknown): Asked {
  if (!isJson(body)) throw new PageFault('INPUT_INVALID.RequestUndefined', 'Request cannot be blank. Please provide request details.');
  if (textsOf(body).some((text) => /['<\\]/.test(text))) {
    throw new PageFault('INPUT_INVALID.Request.InvalidCharacter', "There was an invalid character (' or < or \\) in your input.");
  }
  const devices = 'devices' in body ? listOf(body['devices']) : null;
  must(devices?.length !== 0, 'INPUT_INVALID.DeviceNotProvided', 'devices is empty.');
  must((devices?.length ?? 0) <= 10_000, 'INPUT_INVALID.MaxRequestsExceeded', 'More than 10,000 devices.');
  for (const field of listOf(body['customFields'])) {
    onlyHas(field, ['key', 'value']);
    must(/^CustomField[1-5]$/.test(textOf(field['key'])), 'INPUT_INVALID.CustomField.InvalidName', 'CustomField1 to CustomField5.');
    must(textOf(field['value']).length <= 50, 'INPUT_INVALID.CustomField.TooLong', 'More than 50 characters.');
  }
  const read = devices?.map(identifiersOf) ?? null;
  page.rule(body);
  return { account: textOf(body['accountName']), groupName: textOf(body['groupName']) || null, devices: read };
}

function placeOfUse(place: unknown): void {
  onlyHas(place, ['customerName', 'address']);
  const { customerName, address } = place;
  onlyHas(customerName, NAME);
  onlyHas(address, ADDRESS);
  for (const name of ['addressLine1', 'city', 'state', 'zip', 'country']) required(address, name);
  must(/^[A-Za-z0-9 \-!#]{1,20}$/.test(textOf(customerName['firstName'])), 'DeserializationFailed', 'firstName');
  must(/^[A-Za-z0-9 \-!#]{1,25}$/.test(textOf(customerName['lastName'])), 'DeserializationFailed', 'lastName');
  limited(address, 'state', /^[A-Z]{2}$/);
  limited(address, 'country', /^USA?$/);
}

function identifiersOf(device: Json): Identifier[] {
  const ids = listOf(device['deviceIds']).map((each) => {
    onlyHas(each, ['kind', 'id']);
    const [kind, id] = [textOf(each['kind']), textOf(each['id'])];
    const form = FORMS.get(kind.toLowerCase());
    if (!form) throw new PageFault('INPUT_INVALID.Device.Kind.Invalid', `No kind ${kind}.`);
    must(form.test(id), 'INPUT_INVALID.Device.Identifier.Invalid', `No ${kind}.`);
    return { kind, id };
  });
  must(ids.length > 0, 'INPUT_INVALID.DeviceNotProvided', 'deviceIds is empty.');
  return ids;
}

const kindsOf = (device: Json): string =>
  identifiersOf(device)
    .map(({ kind }) => kind.toLowerCase())
    .join(' ');

function listOf(value: unknown): Json[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || !value.every(isJson)) throw new PageFault('DeserializationFailed', 'A list of objects was expected.');
  return value;
}

function textsOf(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(textsOf) : [];
}

function onlyHas(value: unknown, names: readonly string[]): asserts value is Json {
  const unknown = isJson(value) ? Object.keys(value).find((name) => !names.includes(name)) : 'no object';
  must(unknown === undefined, 'DeserializationFailed', `Not on the page: ${unknown}.`);
}

const required = (value: Json, name: string): void => must(textOf(value[name]) !== '', 'DeserializationFailed', `${name} is required.`);

const limited = (value: Json, name: string, form: RegExp): void =>
  must(!(name in value) || form.test(textOf(value[name])), 'DeserializationFailed', `${name} is not as the page says.`);

function must(kept: boolean, code: string, message: string): void {
  if (!kept) throw new PageFault(code, message);
}
