import { expect, test } from 'vitest';
import type { Device } from '../../simulator/devices/device.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { startAnsweringServer } from '../support/answering-server.ts';
import { carrierClient } from '../support/carrier-client.ts';

const ACCOUNT = '0868924207-00001';
const START = Date.parse('2026-03-01T09:00:00Z');
const RANGE = { earliestMs: START, latestMs: START + 86_400_000 };

test('a history is read over all its pages, each event once, also those of the second on which a page ends', async () => {
  await using simulator = await startSimulator({ devicesPerAccount: 1 });
  await using client = carrierClient(simulator, { maxAnswerBytes: 1_048_576 });
  // Three events a second: no page of 500 ends with a second.
  const deviceId = withEvents(simulator, 1_200, (at) => START + Math.floor(at / 3) * 1_000);
  const events = await client.reads.deviceHistory({ deviceId, ...RANGE });
  expect(events.map(({ type }) => type)).toEqual(Array.from({ length: 1_200 }, (_, at) => `Event ${at}`));
  expect(simulator.ledger.counts.calls['deviceHistory']).toBe(3);
});

test('a history is asked for in the whole seconds that hold the range', async () => {
  await using simulator = await startSimulator({ devicesPerAccount: 1 });
  await using client = carrierClient(simulator);
  const deviceId = withEvents(simulator, 4, (at) => START + at * 1_000);
  const events = await client.reads.deviceHistory({ deviceId, earliestMs: START + 1_900, latestMs: START + 2_000 });
  expect(events).toMatchObject([
    { type: 'Event 1', status: 'Success', occurredAt: START + 1_000, servicePlan: 'm2m4G2GB', json: { eventBy: 'Simulator User' } },
    { type: 'Event 2', occurredAt: START + 2_000 },
  ]);
});

test('a full page of one second with more to follow is an error, not an endless loop', async () => {
  await using simulator = await startSimulator({ devicesPerAccount: 1 });
  await using client = carrierClient(simulator, { maxAnswerBytes: 1_048_576 });
  const deviceId = withEvents(simulator, 501, () => START);
  await expect(client.reads.deviceHistory({ deviceId, ...RANGE })).rejects.toMatchObject({ code: 'CARRIER_REFUSED' });
  expect(simulator.ledger.counts.calls['deviceHistory']).toBe(1);
});

test('an endless history is given up after 20 pages', async () => {
  await using simulator = await startSimulator({ devicesPerAccount: 1 });
  await using client = carrierClient(simulator, { maxAnswerBytes: 1_048_576 });
  const deviceId = withEvents(simulator, 10_500, (at) => START + at * 1_000);
  await expect(client.reads.deviceHistory({ deviceId, ...RANGE })).rejects.toMatchObject({ code: 'CARRIER_REFUSED' });
  expect(simulator.ledger.counts.calls['deviceHistory']).toBe(20);
});

const event = (occurredAt: unknown) => ({ occurredAt, status: 'Success', eventType: 'Activate' });

test.each([
  ['an array around the object', [{ provisioningHistory: [event('2026-03-01T05:00:00-04:00')], hasMoreData: false }], [START]],
  ['the object alone', { provisioningHistory: [event('2026-03-01T09:00:00Z')], hasMoreData: false }, [START]],
  ['an offset without a colon', [{ provisioningHistory: [event('2026-03-01T05:00:00-0400')] }], [START]],
  ['a fraction of a second', [{ provisioningHistory: [event('2026-03-01T09:00:00.25Z')] }], [START + 250]],
  ['a date that tells no hour', [{ provisioningHistory: [event('2026-03-01T09:00:00')] }], [null]],
  ['dates that are none', [{ provisioningHistory: [event('yesterday'), event(null), event(17), {}, null, 'x'] }], [null, null, null, null]],
  ['a placeholder for never', [{ provisioningHistory: [event('0001-01-01T00:00:00Z')] }], [null]],
  ['an empty array', [], []],
  ['no events', [{ provisioningHistory: null, hasMoreData: false }], []],
])('a history as %s', async (_what, body, dates) => {
  await using simulator = await startSimulator({ devicesPerAccount: 0 });
  await using api = await startAnsweringServer({ body });
  await using client = carrierClient(simulator, { apiUrl: api.url });
  const events = await client.reads.deviceHistory({ deviceId: { kind: 'ICCID', id: '89148000000000000001' }, ...RANGE });
  expect(events.map(({ occurredAt }) => occurredAt)).toEqual(dates);
  expect(JSON.parse(api.requests[0]?.body ?? '')).toEqual({
    deviceId: { kind: 'iccid', id: '89148000000000000001' },
    earliest: '2026-03-01T09:00:00Z',
    latest: '2026-03-02T09:00:00Z',
  });
});

/** Gives the account's only device a history of its own. */
function withEvents(simulator: Simulator, count: number, atMs: (event: number) => number) {
  const device = simulator.inventory.find({ account: ACCOUNT })[0] as Device;
  const { imei = '' } = device.identifiers;
  device.history.length = 0;
  for (let at = 0; at < count; at++) {
    device.history.push({ at: atMs(at), type: `Event ${at}`, servicePlan: 'm2m4G2GB', mdn: '', msisdn: '' });
  }
  return { kind: 'IMEI', id: imei };
}
