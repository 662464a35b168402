import { afterAll, beforeAll, expect, test } from 'vitest';
import { ACCOUNT, FakeCarrier } from './carrier/fake-carrier.ts';
import { at, isJson, type Json } from './carrier/json.ts';
import { newLine, type Line } from './carrier/line.ts';
import { messageAbout } from './carrier/messages.ts';
import { legacy, legacyXml } from './carrier/legacy.ts';
import { Gateway } from './gateway.ts';
import { activation, named } from './inputs.ts';
import { carrierIdOf, outcomeOf, type Outcome } from './views.ts';

const CODE = 'UnifiedWebService.REQUEST_FAILED.DeviceAlreadyActive';
const WORDS = 'REQUEST_FAILED. Device is already active';

let carrier: FakeCarrier;
let gateway: Gateway;

beforeAll(async () => {
  carrier = await FakeCarrier.start();
  gateway = await Gateway.start(carrier);
});

afterAll(async () => {
  await gateway[Symbol.asyncDispose]();
  await carrier[Symbol.asyncDispose]();
});

/** What became of one device of a request of two, after one message in this spelling. */
async function readAs(sample: string, spell: (message: Json) => unknown): Promise<Outcome> {
  const lines = [newLine(), newLine()] as const;
  const request = await gateway.request('activateDevices', activation(...lines));
  const message = messageAbout(sample, { requestId: carrierIdOf(request), line: lines[0], account: ACCOUNT });
  Object.assign(message, { username: 'listener', password: 'password-of-the-listener' });
  expect(await carrier.callbacks.post(ACCOUNT, 'CarrierService', JSON.stringify(spell(message)))).toBe(200);
  return outcomeOf(await gateway.view(request.id));
}

const renamed = (value: unknown, rename: (name: string) => string): unknown => {
  if (Array.isArray(value)) return value.map((each) => renamed(each, rename));
  if (!isJson(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inside]) => [rename(name), renamed(inside, rename)]));
};
const pascal = (name: string): string => name.charAt(0).toUpperCase() + name.slice(1);
const withFault = (faultResponse: unknown) => (message: Json) => ({ ...message, faultResponse });

test.each<[string, (message: Json) => unknown]>([
  ['FaultCode and FaultString', withFault({ FaultCode: CODE, FaultString: WORDS })],
  ['faultCode and faultString', withFault({ faultCode: CODE, faultString: WORDS })],
  ['FAULTCODE and FAULTSTRING', withFault({ FAULTCODE: CODE, FAULTSTRING: WORDS })],
  ['the leftovers of a SOAP fault beside them', withFault({ faultcode: CODE, faultstring: WORDS, faultactor: null, detail: null })],
  ['a list of one', withFault([{ faultcode: CODE, faultstring: WORDS }])],
  ['a fault inside deviceResponse', ({ faultResponse, ...message }) => ({ ...message, deviceResponse: { faultResponse } })],
  ['a fault beside empty siblings', (message) => ({ ...message, deviceResponse: { activateResponse: null, suspendResponse: null } })],
  ['every name in PascalCase', (message) => renamed(message, pascal)],
  ['every name in capitals', (message) => renamed(message, (name) => name.toUpperCase())],
])('a fault in this spelling is read: %s', async (_, spell) => {
  expect(await readAs('activate.failed.alreadyActive', spell)).toMatchObject({ status: 'FAILED', fault: { code: CODE, message: WORDS } });
});

test.each<[string, (message: Json) => unknown]>([
  ['every name in PascalCase', (message) => renamed(message, pascal)],
  ['every name in small letters', (message) => renamed(message, (name) => name.toLowerCase())],
  [
    'unused siblings as null',
    (message) => ({
      ...message,
      deviceResponse: {
        ...at(message, 'deviceResponse'),
        deactivateResponse: null,
        suspendResponse: null,
        restoreResponse: null,
        usageResponse: null,
      },
    }),
  ],
  [
    'lists, as the table of the page calls them',
    (message) => ({ ...message, deviceResponse: [{ activateResponse: [at(message, 'deviceResponse', 'activateResponse')] }] }),
  ],
  ['counts as text, as the table of the page calls them', (message) => ({ ...message, callbackCount: '1', maxCallbackThreshold: '4' })],
  ['an empty comment, summary and SMS', (message) => ({ ...message, comment: null, summary: null, smsMessage: null, faultResponse: null })],
  ['members that nobody knows', (message) => ({ ...message, correlation: { id: 1 }, trace: ['x'] })],
])('a success in this spelling is read: %s', async (_, spell) => {
  const told = {
    state: 'Active',
    ipAddress: '10.224.48.88',
    servicePlan: 'the service plan name',
    carrierStatus: 'Success',
    callbackCount: 1,
  };
  expect(await readAs('activate.success', spell)).toMatchObject({ status: 'SUCCEEDED', fault: null, ...told, maxCallbackThreshold: 4 });
});

test.each<[string, (line: Line) => Json[]]>([
  ['Imei alone', ({ imei }) => [{ id: imei, kind: 'Imei' }]],
  ['iccId alone', ({ iccid }) => [{ id: iccid, kind: 'iccId' }]],
  [
    'ICCID and IMEI in capitals',
    ({ imei, iccid }) => [
      { kind: 'ICCID', id: iccid },
      { kind: 'IMEI', id: imei },
    ],
  ],
  ['Kind and Identifier', ({ iccid }) => [{ Kind: 'iccid', Identifier: iccid }]],
])('a fault that names its device by %s finds it', async (_, identifiers) => {
  const lines = [newLine(), newLine()] as const;
  const request = await gateway.request('activateDevices', activation(...lines));
  const name = (message: Json) => (message['deviceIds'] = identifiers(lines[1]));
  await carrier.report(carrierIdOf(request), lines[1], 'activate.failed.alreadyActive', name);
  expect((await gateway.view(request.id)).outcomes.nodes.map(({ status }) => status)).toEqual(['PENDING', 'FAILED']);
});

/** The two published forms of the old `CallbackRequest`: Status at the top, or inside Data with Comment and Fault. */
const FORMS = {
  'JSON, inside Data': [legacy, true],
  'JSON, at the top': [legacy, false],
  'XML, inside Data': [legacyXml, true],
  'XML, at the top': [legacyXml, false],
} as const;

test.each(
  Object.entries(FORMS).flatMap(([form, [write, inside]]) =>
    (['Pending', 'Success', 'Failed'] as const).map((status) => [form, status, write, inside] as const),
  ),
)('a legacy CallbackRequest (%s) with the status %s', async (_, status, write, inside) => {
  const lines = [newLine(), newLine()] as const;
  const request = await gateway.request('activateDevices', activation(...lines));
  const fault = status === 'Failed' ? { code: CODE, words: WORDS } : null;
  const comment = status === 'Pending' ? 'Waiting for the network' : null;
  const { text, type } = write({ requestId: carrierIdOf(request), line: lines[0], status, fault, comment, inside });
  expect(await carrier.callbacks.post(ACCOUNT, 'CarrierService', text, type)).toBe(200);
  const outcome = outcomeOf(await gateway.view(request.id));
  expect(outcome).toMatchObject({ status: { Pending: 'PENDING', Success: 'SUCCEEDED', Failed: 'FAILED' }[status], carrierStatus: status });
  if (fault) expect(outcome.fault).toEqual({ code: CODE, message: WORDS });
  if (comment !== null) expect(outcome.comment).toBe(comment);
  if (status === 'Success') expect(outcome).toMatchObject({ ipAddress: '10.9.8.7', servicePlan: 'm2m4G' });
});

test('an eUICC message of both worlds, small and large names, settles its profile', async () => {
  const line = newLine();
  const request = await gateway.request('resumeProfile', named([line], 'iccid'));
  await carrier.report(carrierIdOf(request), line, 'setfallbackattribute.mixed');
  expect(outcomeOf(await gateway.view(request.id))).toMatchObject({ status: 'SUCCEEDED', carrierStatus: 'SUCCESS' });
});

test('a profile’s message with the credentials of the registration is taken like one without', async () => {
  const line = newLine();
  const request = await gateway.request('resumeProfile', named([line], 'iccid'));
  await carrier.report(carrierIdOf(request), line, 'activate_enable.success.withCredentials');
  expect(outcomeOf(await gateway.view(request.id))).toMatchObject({ status: 'SUCCEEDED', profileStatus: 'ENABLE' });
});

test('a message with other credentials settles nothing', async () => {
  const line = newLine();
  const request = await gateway.request('activateDevices', activation(line));
  const message = messageAbout('activate.success', { requestId: carrierIdOf(request), line, account: ACCOUNT });
  Object.assign(message, { username: 'listener', password: 'another' });
  expect(await carrier.callbacks.post(ACCOUNT, 'CarrierService', JSON.stringify(message))).toBe(200);
  expect(outcomeOf(await gateway.view(request.id)).status).toBe('PENDING');
});
