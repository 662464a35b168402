import { expect, test } from 'vitest';
import { parseCallback, type CallbackMessage } from '../../src/datasources/thingspace/wire/callback.ts';
import { MEANING_TABLE } from '../../src/datasources/thingspace/wire/callback-meaning.ts';
import { CALLBACK_SERVICES } from '../../src/datasources/thingspace/wire/callback-service.ts';

const parse = (service: string, body: unknown): CallbackMessage => {
  const message = parseCallback(service, body);
  if (!message) throw new Error('not a callback');
  return message;
};
const bearing = (service: string, body: object) => {
  const message = parse(service, body);
  return `${message.bearing}${message.succeeded ? ' succeeded' : ''}${message.isOnHold ? ' on hold' : ''}${message.isPart ? ' of a part' : ''}`;
};

const response = { activateResponse: { state: 'Active' } };
const fault = { faultcode: 'UnifiedWebService.REQUEST_FAILED.DeviceNotFound', faultstring: 'Device not found' };
const nidd = { niddConfigResponse: { deviceIds: [] } };

const ON_HOLD = [
  ['on hold', { faultcode: 'UnifiedWebService.REQUEST_ONHOLD.CreditApproval', faultstring: 'waiting for approval' }],
  ['on hold by another service', { faultcode: 'DeviceService.REQUEST_ONHOLD', faultstring: '' }],
  ['on hold without a prefix', { FaultCode: 'REQUEST_ONHOLD.Approval' }],
  ['on hold in other letters', { faultCode: 'UnifiedWebService.Request_OnHold.CreditApproval' }],
  ['on hold by its text', { faultcode: '', faultstring: 'REQUEST_ONHOLD. Waiting for approval' }],
  ['pending', { faultcode: 'UnifiedWebService.REQUEST_PENDING.CreditApproval' }],
] as const;

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
  ...['Success', 'SUCCESS', 'Completed', ''].map(
    (status) => [`a fault beside status "${status}"`, 'CarrierService', { faultResponse: fault, status }, 'FINAL'] as const,
  ),
  ['a fault beside a response', 'CarrierService', { deviceResponse: response, faultResponse: fault, status: 'Success' }, 'FINAL'],
  ['a list with an empty fault and one', 'CarrierService', { faultResponse: [{}, fault], status: 'Success' }, 'FINAL'],
  ['a bare text for a fault', 'CarrierService', { faultResponse: 'Device not found', status: 'Success' }, 'FINAL'],
  [
    'a fault inside the response',
    'CarrierService',
    { deviceResponse: { activateResponse: { faultResponse: fault } }, status: 'Success' },
    'FINAL',
  ],
  ['a fault beside the responses', 'CarrierService', { deviceResponse: { faultResponse: fault }, status: 'Success' }, 'FINAL'],
  ...ON_HOLD.flatMap(([what, held]) =>
    ['Failed', 'Success', 'Pending', ''].map(
      (status) => [`${what}, status "${status}"`, 'CarrierService', { faultResponse: held, status }, 'PROGRESS on hold'] as const,
    ),
  ),
  [
    'a denied approval',
    'CarrierService',
    { faultResponse: { faultcode: 'UnifiedWebService.REQUEST_CANCELLED.CreditApproval', faultstring: 'denied' }, status: 'Failed' },
    'FINAL',
  ],
  ...['Profile is already suspended', 'profile is already resumed.'].map(
    (faultstring) =>
      [
        `a profile’s fault "${faultstring}"`,
        'DeviceProfileService',
        { faultResponse: { faultcode: 'REQUEST_FAILED.UnexpectedError', faultstring }, status: 'FAILED' },
        'FINAL of a part',
      ] as const,
  ),
  ...['false', 'False', false, 'no', 0].flatMap((said) =>
    ['Success', 'SUCCESS', ''].map(
      (status) =>
        [
          `restored: ${JSON.stringify(said)}, status "${status}"`,
          'CarrierService',
          { deviceResponse: { restoreResponse: { restored: said } }, status },
          'FINAL',
        ] as const,
    ),
  ),
  ...['true', true, 'unheard of', '', null].map(
    (said) =>
      [
        `deactivated: ${JSON.stringify(said)}`,
        'CarrierService',
        { deviceResponse: { deactivateResponse: { deactivated: said } }, status: 'Success' },
        'FINAL succeeded',
      ] as const,
  ),
  ...[
    ['Pending', 'PROGRESS'],
    ['Failed', 'FINAL'],
    ['Success', 'FINAL succeeded'],
  ].map(
    ([status = '', expected = '']) =>
      [`the legacy form with ${status} inside Data`, 'CarrierService', { Data: { CarrierService: {}, Status: status } }, expected] as const,
  ),
  [
    'the legacy form with a fault inside Data',
    'CarrierService',
    { Data: { CarrierService: {}, Fault: { FaultCode: 'REQUEST_FAILED.DeviceNotFound', FaultString: 'gone' } } },
    'FINAL',
  ],
  ['a REST message in PascalCase', 'CarrierService', { DeviceResponse: { ActivateResponse: {} }, Status: 'Success' }, 'FINAL succeeded'],
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

test('each row of the table has a reason, and a message above that it decides', () => {
  const first = MEANING_TABLE.map(({ when }, row) =>
    BEARINGS.some(([, service, body]) => {
      const { status, fault: reported } = parse(service, { requestId: 'r', ...body });
      const word = (status ?? '').toLowerCase().replaceAll(/[^a-z]/g, '');
      const said = { service, status, word, fault: reported, hasNiddConfig: 'niddResponse' in body && body.niddResponse === nidd };
      const effects = { hasResponse: 'deviceResponse' in body, isDone: reported?.code === 'NOT_DONE' ? false : null };
      const decided = { ...said, ...effects, fault: reported?.code === 'NOT_DONE' ? null : reported };
      return when(decided) && !MEANING_TABLE.slice(0, row).some((before) => before.when(decided));
    }),
  );
  expect(first).toEqual(MEANING_TABLE.map(() => true));
  for (const { because } of MEANING_TABLE) expect(because).toMatch(/^\S.*\.$/);
});

test.each<[string, object]>([
  ['as the page writes it', { faultResponse: { faultcode: 'REQUEST_FAILED.X', faultstring: 'text' } }],
  ['in PascalCase', { faultResponse: { FaultCode: 'REQUEST_FAILED.X', FaultString: 'text' } }],
  ['in camelCase', { FaultResponse: { faultCode: 'REQUEST_FAILED.X', faultString: 'text' } }],
  ['by the names of an answer', { faultResponse: { errorCode: 'REQUEST_FAILED.X', errorMessage: 'text' } }],
  [
    'inside the response',
    { deviceResponse: { suspendResponse: { FaultResponse: { FaultCode: 'REQUEST_FAILED.X', FaultString: 'text' } } } },
  ],
  ['inside Data', { RequestId: 'r', Data: { FaultResponse: [{ FaultCode: 'REQUEST_FAILED.X', FaultString: 'text' }] } }],
])('a fault is read by name: %s', (_how, body) => {
  expect(parse('CarrierService', { requestId: 'r', status: 'Failed', ...body }).fault).toEqual({
    code: 'REQUEST_FAILED.X',
    message: 'text',
  });
});

test('a success that takes itself back says so', () => {
  const body = { requestId: 'r', deviceResponse: { restoreResponse: { restored: 'false' } }, status: 'Success' };
  expect(parse('CarrierService', body).fault).toEqual({
    code: 'NOT_DONE',
    message: 'The carrier reports no fault, but also that it did not happen (restored: false).',
  });
});

test('only the services that report operations settle a device', () => {
  const settling = CALLBACK_SERVICES.filter((service) => parse(service, { requestId: 'r', status: 'Success' }).bearing === 'FINAL');
  expect(settling).toEqual(['CarrierService', 'DeviceProfileService', 'StateService']);
});
