import { expect, test } from 'vitest';
import { parseCallback, type CallbackMessage } from '../../src/datasources/thingspace/wire/callback.ts';
import { CALLBACK_SERVICES } from '../../src/datasources/thingspace/wire/callback-service.ts';
import { DEVICE_IDENTIFIER_KINDS } from '../../src/datasources/thingspace/wire/device-identifier.ts';

const parse = (service: string, body: unknown): CallbackMessage => {
  const message = parseCallback(service, body);
  if (!message) throw new Error('not a callback');
  return message;
};
const bearing = (service: string, body: object) => {
  const message = parse(service, body);
  return `${message.bearing}${message.succeeded ? ' succeeded' : ''}`;
};

const response = { activateResponse: { state: 'Active' } };
const fault = { faultcode: 'UnifiedWebService.REQUEST_FAILED.DeviceNotFound', faultstring: 'Device not found' };
const nidd = { niddConfigResponse: { deviceIds: [] } };

const BEARINGS: readonly (readonly [what: string, service: string, body: object, bearing: string])[] = [
  ...['Success', 'SUCCESS', 'success', ' Success '].map(
    (status) => [`status "${status}"`, 'CarrierService', { deviceResponse: response, status }, 'FINAL succeeded'] as const,
  ),
  ...['Failed', 'FAILED', 'failed', 'Failure', 'FAILURE'].map(
    (status) => [`status "${status}"`, 'DeviceProfileService', { faultResponse: fault, status }, 'FINAL'] as const,
  ),
  ...['Pending', 'PENDING', 'pending', 'Warning', 'warning'].map(
    (status) => [`status "${status}"`, 'CarrierService', { status }, 'PROGRESS'] as const,
  ),
  [
    'an empty deviceResponse that succeeded, as of a plan change',
    'CarrierService',
    { deviceResponse: {}, status: 'Success' },
    'FINAL succeeded',
  ],
  ['a failure without a fault', 'CarrierService', { status: 'Failed' }, 'FINAL'],
  ['a failure that is still pending', 'CarrierService', { faultResponse: fault, status: 'Pending' }, 'PROGRESS'],
  ['a status nobody knows', 'CarrierService', { deviceResponse: response, status: 'Queued' }, 'PROGRESS'],
  ['a status nobody knows, with a fault', 'CarrierService', { faultResponse: fault, status: 'Error' }, 'FINAL'],
  ['a message of 2016: no status, a response', 'CarrierService', { deviceResponse: response }, 'FINAL succeeded'],
  [
    'a message of 2016: no status, a response, faultResponse null',
    'CarrierService',
    { deviceResponse: response, faultResponse: null },
    'FINAL succeeded',
  ],
  ['a message of 2016: no status, a fault', 'CarrierService', { deviceResponse: null, faultResponse: fault }, 'FINAL'],
  ['no status, no response, no fault', 'CarrierService', { deviceIds: [] }, 'PROGRESS'],
  ['an empty object', 'CarrierService', {}, 'PROGRESS'],
  [
    'a fault whose fields are empty is none',
    'CarrierService',
    { deviceResponse: response, faultResponse: { faultcode: '', faultstring: '' } },
    'FINAL succeeded',
  ],
  ...['ConfigCreated', 'CONFIGCREATED', 'configcreated'].map(
    (status) => [`NIDD "${status}"`, 'NiddService', { niddResponse: nidd, status }, 'NIDD_CONFIG succeeded'] as const,
  ),
  ...['ConfigFailed', 'ConfigCreationFailed', 'CONFIGFAILED', ''].map(
    (status) => [`NIDD "${status}"`, 'NiddService', { niddResponse: nidd, status }, 'NIDD_CONFIG'] as const,
  ),
  [
    'a NIDD delivery report',
    'NiddService',
    { niddResponse: { niddMTDeliveryResponse: { accountName: 'a' } }, status: 'Delivered' },
    'OTHER',
  ],
  ['NIDD data of a device', 'NiddService', { niddResponse: { niddMONotificationResponse: { message: 'aGk=' } } }, 'OTHER'],
  ['a change outside the API', 'ExternalProvisioningChanges', { deviceResponse: response, status: 'Success' }, 'OTHER'],
  ['usage', 'DeviceUsage', { deviceResponse: { usageResponse: [] }, status: 'Success' }, 'OTHER'],
  ['a service nobody knows', 'FutureService', { status: 'Success' }, 'OTHER'],
];

test.each(BEARINGS)('%s has the right effect on an outcome', (_what, service, body, expected) => {
  expect(bearing(service, { requestId: 'r', ...body })).toBe(expected);
});

test('only the services that report operations settle a device', () => {
  const settling = CALLBACK_SERVICES.filter((service) => parse(service, { requestId: 'r', status: 'Success' }).bearing === 'FINAL');
  expect(settling).toEqual(['CarrierService', 'DeviceProfileService', 'StateService']);
});

const SPELLINGS = (kind: string) => [kind, kind.toLowerCase(), kind.charAt(0) + kind.slice(1).toLowerCase(), ` ${kind} `];

test.each(DEVICE_IDENTIFIER_KINDS)('kind %s is known in every casing, and keeps the carrier’s spelling', (kind) => {
  for (const reportedKind of [...SPELLINGS(kind), ...(kind === 'ICCID' ? ['iccId', 'IccId'] : [])]) {
    const { deviceIds } = parse('CarrierService', { requestId: 'r', deviceIds: [{ id: ' 12345678901234 ', kind: reportedKind }] });
    expect(deviceIds).toEqual([{ kind, id: '12345678901234', reportedKind }]);
  }
});

test('an identifier of an unknown kind is kept as it was written', () => {
  const { deviceIds } = parse('CarrierService', { requestId: 'r', deviceIds: [{ id: 'AA:BB', kind: 'wifiMac' }] });
  expect(deviceIds).toEqual([{ kind: null, id: 'AA:BB', reportedKind: 'wifiMac' }]);
});

test('an identifier without a value identifies nothing', () => {
  const deviceIds = [
    { id: '', kind: 'iccid' },
    { id: '  ', kind: 'mdn' },
    { id: null, kind: 'eid' },
    { kind: 'imei' },
    { id: '1' },
    null,
    'x',
    { id: 7, kind: 'min' },
  ];
  expect(parse('CarrierService', { requestId: 'r', deviceIds }).deviceIds).toEqual([{ kind: 'MIN', id: '7', reportedKind: 'min' }]);
});

test('identifiers of the top and of the nested part are joined, each once', () => {
  const { deviceIds } = parse('CarrierService', {
    requestId: 'r',
    deviceIds: [{ id: '990013907835573', kind: 'IMEI' }],
    deviceResponse: {
      activateResponse: {
        deviceIds: [
          { id: '990013907835573', kind: 'imei' },
          { id: '5096306081', kind: 'mdn' },
          { id: '15096306081', kind: 'msisdn' },
        ],
      },
    },
  });
  expect(deviceIds.map(({ kind, id }) => `${kind} ${id}`)).toEqual(['IMEI 990013907835573', 'MDN 5096306081', 'MSISDN 15096306081']);
});

const activation = {
  requestId: 'r',
  deviceIds: [{ id: '990013907835573', kind: 'IMEI' }],
  deviceResponse: {
    activateResponse: {
      deviceIds: [{ id: '5096306081', kind: 'mdn' }],
      ipAddress: '10.224.48.88',
      state: 'Active',
      servicePlan: 'plan',
      featureCodes: ['75802'],
      deviceCredential: { username: 'u', password: 'p' },
    },
  },
  status: 'Success',
  maxCallbackThreshold: 4,
};

/** Puts an array of one around every object, because some tables of the pages type their fields so. */
function wrapped(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((each) => (typeof each === 'object' ? inside(each) : each));
  return typeof value === 'object' && value !== null ? [inside(value)] : value;
}
function inside(value: unknown): unknown {
  return Object.fromEntries(Object.entries(value as object).map(([key, part]) => [key, wrapped(part)]));
}

test('an object and a one-element array around it are the same', () => {
  const { deviceResponse, ...rest } = activation;
  expect(parse('CarrierService', { ...rest, deviceResponse: wrapped(deviceResponse) })).toEqual(parse('CarrierService', activation));
  const failed = { requestId: 'r', faultResponse: fault, status: 'Failed' };
  expect(parse('CarrierService', { ...failed, faultResponse: [fault] })).toEqual(parse('CarrierService', failed));
});

test('one identifier and a list of one are the same', () => {
  const [only] = activation.deviceIds;
  expect(parse('CarrierService', { ...activation, deviceIds: only })).toEqual(parse('CarrierService', activation));
});

test('numbers are taken for text, and text for numbers', () => {
  const message = parse('CarrierService', {
    requestId: 595,
    deviceIds: [{ id: 990013907835573, kind: 'imei' }],
    deviceResponse: {
      activateResponse: {
        ipAddress: 10,
        state: true,
        servicePlan: 12345,
        featureCodes: [75802, '84777'],
        deviceCredential: { username: 1, password: 2 },
      },
    },
    status: 'Success',
    maxCallbackThreshold: '4',
  });
  expect(message).toMatchObject({
    requestId: '595',
    deviceIds: [{ kind: 'IMEI', id: '990013907835573' }],
    ipAddress: '10',
    state: 'true',
    servicePlan: '12345',
    featureCodes: ['75802', '84777'],
    deviceCredential: { username: '1', password: '2' },
    maxCallbackThreshold: 4,
  });
});

test('missing, null, empty and wrongly shaped fields are null, and the message still counts', () => {
  const nothing = parse('CarrierService', { requestId: 'r', deviceIds: [], status: 'Success' });
  expect(Object.values(nothing).filter((value) => value === undefined)).toEqual([]);
  const shapes: object[] = [
    { deviceResponse: null, faultResponse: null, niddResponse: null, deviceIds: null, comment: null, maxCallbackThreshold: null },
    { deviceResponse: '', faultResponse: '', niddResponse: '', deviceIds: '', comment: '', maxCallbackThreshold: '' },
    { deviceResponse: [], faultResponse: [], niddResponse: [], deviceIds: [], comment: [], maxCallbackThreshold: [] },
    { deviceResponse: 7, faultResponse: 'no', niddResponse: true, deviceIds: 'none', comment: {}, maxCallbackThreshold: 'four' },
    { deviceResponse: { activateResponse: null, deviceProfileResponse: '' }, faultResponse: {}, niddResponse: {}, deviceIds: [{}] },
    { deviceResponse: { activateResponse: { ipAddress: '', state: {}, featureCodes: '', deviceCredential: null, deviceIds: null } } },
  ];
  for (const shape of shapes)
    expect(parse('CarrierService', { requestId: 'r', status: 'Success', ...shape }), JSON.stringify(shape)).toEqual(nothing);
});

test('a request id that is missing, empty or no text is none', () => {
  for (const requestId of [undefined, null, '', {}, []]) expect(parse('NiddService', { requestId }).requestId).toBeNull();
});

test.each([null, undefined, 'text', 5, true, [], [{ requestId: 'r' }]])('%j is not a callback', (raw) => {
  expect(parseCallback('CarrierService', raw)).toBeNull();
});
