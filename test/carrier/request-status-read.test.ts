import { activateDevices } from '../../src/operations/activate-devices.ts';
import { expect, test } from 'vitest';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { startAnsweringServer } from '../support/answering-server.ts';
import { carrierClient } from '../support/carrier-client.ts';
import { iccid } from '../support/devices.ts';

const ACCOUNT = '0868924207-00001';
const REQUEST = '076f7ea9-0000-4000-8000-00000000000A';

test.each([
  ['PENDING', 'is not done', { callbackDelayMs: [600_000, 600_000] }, 1],
  ['SUCCEEDED', 'is done', {}, 1],
  ['FAILED', 'has failed', { failureRate: 1 }, 1],
  [null, 'has several devices', {}, 2],
] as const satisfies readonly (readonly [string | null, string, SimulatorOptions, number])[])(
  'the status is %s of an activation that %s',
  async (status, _what, options, count) => {
    await using simulator = await startSimulator({ callbackDelayMs: [0, 0], magicIdentifiers: false, ...options });
    await using client = carrierClient(simulator);
    const devices = Array.from({ length: count }, (_, at) => ({ deviceIds: [{ kind: 'ICCID', id: iccid(at + 1) }] }));
    const settings = { servicePlan: 'm2m4G2GB', mdnZipCode: '98801', skuNumber: 'VZW1' };
    const sent = await client.thingSpace.perform(activateDevices.actionOn(ACCOUNT, devices, settings), () => Promise.resolve());
    if (sent.type !== 'ACCEPTED') throw new Error(sent.type);
    if (status !== 'PENDING') await simulator.idle();
    expect(await client.reads.requestStatus(ACCOUNT, sent.carrierRequestId)).toBe(status);
  },
);

test('a request that the carrier does not know has no status', async () => {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using client = carrierClient(simulator);
  expect(await client.reads.requestStatus(ACCOUNT, REQUEST)).toBeNull();
  expect(simulator.ledger.counts.calls['requestStatus']).toBe(1);
});

test.each([
  ['Pending', 'PENDING'],
  ['PENDING', 'PENDING'],
  ['Success', 'SUCCEEDED'],
  ['SUCCESS', 'SUCCEEDED'],
  [' succeeded ', 'SUCCEEDED'],
  ['Failure', 'FAILED'],
  ['Failed', 'FAILED'],
  ['FAILED', 'FAILED'],
  ['Partial Success', null],
  ['Unsuccessful', null],
  ['', null],
  [null, null],
  [200, null],
  [{}, null],
])('the status word %j is %j', async (word, status) => {
  expect(await statusOf({ body: { requestId: REQUEST, status: word } })).toBe(status);
});

test.each([
  ['without the request id', { body: { status: 'Success' } }, 'SUCCEEDED'],
  ['with the request id in other letters', { body: { requestId: REQUEST.toLowerCase(), status: 'Success' } }, 'SUCCEEDED'],
  ['inside an array', { body: [{ requestId: REQUEST, status: 'Success' }] }, 'SUCCEEDED'],
  ['of another request', { body: { requestId: `${REQUEST}1`, status: 'Success' } }, null],
  ['refused by name', { status: 400, body: { errorCode: 'DeviceService.INPUT_INVALID.RequestId', errorMessage: '' } }, null],
  ['refused by number', { status: 404, body: { errorCode: '404', errorMessage: 'Not Found' } }, null],
])('a status %s', async (_what, answer, status) => {
  expect(await statusOf(answer)).toBe(status);
});

test('account and request id stay within their segments of the path', async () => {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using api = await startAnsweringServer({ body: { status: 'Pending' } });
  await using client = carrierClient(simulator, { apiUrl: api.url });
  await client.reads.requestStatus('a/../b', 'c?d#e');
  expect(api.requests[0]?.path).toBe('/api/m2m/v1/accounts/a%2F..%2Fb/requests/c%3Fd%23e/status');
});

async function statusOf(answer: { readonly status?: number; readonly body: unknown }) {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using api = await startAnsweringServer(answer);
  await using client = carrierClient(simulator, { apiUrl: api.url });
  return await client.reads.requestStatus(ACCOUNT, REQUEST);
}
