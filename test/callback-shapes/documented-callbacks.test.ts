import { expect, test } from 'vitest';
import { parseCallback, type CallbackMessage } from '../../src/datasources/thingspace/wire/callback.ts';
import { readCallbackBody } from '../../src/datasources/thingspace/wire/callback-body.ts';
import { DOCUMENTED_CALLBACKS, envelopeOf, identifiersWithin } from '../support/documented-callbacks.ts';
import { fixture } from '../support/fixture.ts';

function parse(service: string, text: string): CallbackMessage {
  const body = readCallbackBody(new TextEncoder().encode(text));
  if ('unreadable' in body) throw new Error(body.unreadable);
  const message = parseCallback(service, body.message);
  if (!message) throw new Error('not a callback');
  return message;
}

const NOTHING: CallbackMessage = {
  requestId: null,
  deviceIds: [],
  bearing: 'FINAL',
  isOnHold: false,
  isPart: false,
  succeeded: true,
  status: 'Success',
  fault: null,
  ipAddress: null,
  state: null,
  stateName: null,
  serviceName: null,
  servicePlan: null,
  featureCodes: [],
  deviceCredential: null,
  profileStatus: null,
  profileRole: null,
  activationCode: null,
  suspension: null,
  nidd: null,
  comment: null,
  maxCallbackThreshold: 4,
};

/** Every identifier of a body, each once whatever its casing. */
function identifiersIn(body: unknown): { kind: string; id: string }[] {
  const found = new Map<string, { kind: string; id: string }>();
  for (const { id, kind } of identifiersWithin(body)) found.set(`${kind.toUpperCase()} ${id}`, { kind: kind.toUpperCase(), id });
  return [...found.values()];
}

test.each(DOCUMENTED_CALLBACKS)('$service $case is read into its fields, and into no other', ({ service, body, says }) => {
  const { deviceIds, ...message } = parse(service, JSON.stringify(body));
  const { deviceIds: _none, ...nothing } = NOTHING;
  expect(message).toStrictEqual({ ...nothing, requestId: envelopeOf(body).requestId, ...says });
  expect(deviceIds.map(({ kind, id }) => ({ kind, id }))).toEqual(identifiersIn(body));
});

const LEGACY: CallbackMessage = {
  ...NOTHING,
  requestId: '7c5eef41-011c-4c20-8780-f4031180141b',
  deviceIds: [
    { kind: 'IMEI', id: '352452060026934', reportedKind: 'IMEI' },
    { kind: 'ICCID', id: '89148000001024124378', reportedKind: 'ICCID' },
    { kind: 'MDN', id: '5096306081', reportedKind: 'Mdn' },
    { kind: 'IMSI', id: '311480104434320', reportedKind: 'Imsi' },
    { kind: 'MSISDN', id: '15096306081', reportedKind: 'Msisdn' },
    { kind: 'MIN', id: '2345958183', reportedKind: 'Min' },
  ],
  ipAddress: '10.224.48.88',
  state: 'TX',
  stateName: 'Texas',
  serviceName: 'Data & SMS',
  servicePlan: 'Plan A & B',
  featureCodes: ['75802', '84777'],
  deviceCredential: { username: '5096306081@vzw3g.com', password: '5096306081' },
};

test.each(['json', 'xml'])('every element of the legacy CallbackRequest is read, as %s', (format) => {
  expect(parse('CarrierService', fixture(`pages/legacy-activate.${format}`))).toStrictEqual(LEGACY);
});

test('the legacy CallbackRequest is read without its wrapper too', () => {
  const { CallbackRequest } = JSON.parse(fixture('pages/legacy-activate.json')) as { CallbackRequest: object };
  expect(parse('CarrierService', JSON.stringify(CallbackRequest))).toStrictEqual(LEGACY);
});

const DEVICE = '<Device><Kind>Mdn</Kind><Identifier>5096306081</Identifier></Device>';
const MDN = { kind: 'MDN', id: '5096306081', reportedKind: 'Mdn' };
const OTHER_LEGACY: readonly [what: string, inner: string, says: Partial<CallbackMessage>][] = [
  [
    'a failure',
    `${DEVICE}<FaultResponse><FaultCode>a.b</FaultCode><FaultString>words &amp; more</FaultString></FaultResponse><Status>Failed</Status>`,
    { succeeded: false, status: 'Failed', fault: { code: 'a.b', message: 'words & more' } },
  ],
  [
    'a change other than an activation',
    `${DEVICE}<Data><CarrierService><ChangeDeviceState /></CarrierService></Data><Status>Success</Status>`,
    {},
  ],
  ['a message without a status', `${DEVICE}<Data><CarrierService><ChangeDeviceCustomFields /></CarrierService></Data>`, { status: null }],
  [
    'an activation that tells only the address',
    `${DEVICE}<Data><CarrierService><ChangeDeviceState><Activate><IpAddress>10.0.0.1</IpAddress><FeatureCodes /></Activate></ChangeDeviceState></CarrierService></Data><Status>SUCCESS</Status>`,
    { status: 'SUCCESS', ipAddress: '10.0.0.1' },
  ],
  ['a message that is still pending', `${DEVICE}<Status>Pending</Status>`, { bearing: 'PROGRESS', succeeded: false, status: 'Pending' }],
];

test.each(OTHER_LEGACY)('a legacy CallbackRequest: %s', (_what, inner, says) => {
  const xml = `<CallbackRequest><Username /><Password /><RequestId>r-1</RequestId>${inner}<CallbackCount>1</CallbackCount><MaxCallbackThreshold>4</MaxCallbackThreshold></CallbackRequest>`;
  expect(parse('CarrierService', xml)).toStrictEqual({ ...NOTHING, requestId: 'r-1', deviceIds: [MDN], ...says });
});
