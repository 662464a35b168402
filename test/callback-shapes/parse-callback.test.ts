import { expect, test } from 'vitest';
import { parseCallback, type CallbackMessage } from '../../src/datasources/thingspace/wire/callback.ts';
import { DEVICE_IDENTIFIER_KINDS } from '../../src/datasources/thingspace/wire/device-identifier.ts';
import { fixture } from '../support/fixture.ts';

const parse = (service: string, body: unknown): CallbackMessage => {
  const message = parseCallback(service, body);
  if (!message) throw new Error('not a callback');
  return message;
};

const fault = { faultcode: 'UnifiedWebService.REQUEST_FAILED.DeviceNotFound', faultstring: 'Device not found' };
const legacy = JSON.parse(fixture('pages/legacy-activate.json')) as { CallbackRequest: Record<string, object | string> };

test('the names of a REST message are read in any letter case', () => {
  const pascal = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(pascal);
    if (typeof value !== 'object' || value === null) return value;
    return Object.fromEntries(
      Object.entries(value).map(([name, each]) => [name.replace(/^./, (first) => first.toUpperCase()), pascal(each)]),
    );
  };
  expect(parse('CarrierService', pascal(activation))).toEqual(parse('CarrierService', activation));
});

test('the legacy form is read where the two published forms have its parts', () => {
  const { Data, Status, ...rest } = legacy.CallbackRequest;
  const inside = { CallbackRequest: { ...rest, Data: { ...(Data as object), Status, Comment: 'soon' } } };
  expect(parse('CarrierService', inside)).toEqual({ ...parse('CarrierService', legacy), comment: 'soon' });
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
