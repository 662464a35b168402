import { expect, test, vi } from 'vitest';
import { RequestsDocument } from '../../documents/gql/graphql.ts';
import type { EndpointFault } from '../../simulator/faults/endpoint-faults.ts';
import { activate, activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { mutate } from '../support/mutations.ts';
import { postCallback } from '../support/post-callback.ts';
import { runDocument } from '../support/run-document.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { startStack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { operator } from './support/operator.ts';
import { someAtATime } from './support/some-at-a-time.ts';
import { withMaxDevices } from './support/with-max-devices.ts';

// A loaded machine takes its time over the follow-up of sixty requests.
vi.setConfig({ testTimeout: 90_000 });

const REQUESTS = 60;
const AT_ONCE = 4;
const OPEN = ['QUEUED', 'SUBMITTING', 'IN_PROGRESS', 'UNKNOWN'] as const;

type Fault = Omit<EndpointFault, 'endpoint'>;
const FAULTS: readonly [Fault, ...Fault[]] = [
  {},
  { drop: 'before-reading' },
  { drop: 'before-answer', performed: true },
  { drop: 'before-answer', performed: false },
  { drop: 'mid-body' },
  { status: 400, body: { text: '{"errorCode":"UnifiedWebService.A.B","errorMessage":"In words."}' } },
  { status: 400, body: 'html' },
  { status: 429, headers: { 'retry-after': '1' } },
  { status: 500, performed: true },
  { status: 503, performed: false },
  { body: 'numeric-request-id' },
  { latencyMs: 900 },
  { body: { text: '{"requestId":"the-same-for-all"}' } },
];

const QUESTIONS: readonly [Fault, ...Fault[]] = [{}, {}, { status: 500 }, { status: 429 }, { drop: 'before-answer' }];

/** A refusal under load creates no request. */
function unlessOverloaded(error: unknown): null {
  if (String(error).includes('Try again in a second')) return null;
  throw error;
}

test(`of ${REQUESTS} requests of all kinds under all kinds of faults none is open after the limit, every device has a final status, and none was sent twice`, async () => {
  const random = new SeededRandom();
  using _split = withMaxDevices('ACTIVATE_DEVICES', 4);
  await using stack = await startStack({
    simulator: { failureRate: 0.1, callbackDelayMs: [0, 300] },
    env: {
      M2M_SUBMIT_WAIT_MS: '20',
      M2M_OVERDUE_AFTER_MS: '600',
      M2M_EXPIRE_AFTER_MS: '3000',
      M2M_ADOPT_AFTER_MS: '1000',
      M2M_RECONCILE_CALLS_PER_MINUTE: '60',
      M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '40',
    },
  });
  const { simulator } = stack;
  const url = stack.gateway.urls.graphql;
  const { cancel, resolve, retry } = operator(url);
  simulator.faults.callbacks.withholdShare = 0.4;
  for (let at = 0; at < 30; at++) {
    for (const endpoint of ['activate', 'profileResume', 'renewActivationCode'] as const)
      simulator.faults.add({ endpoint, ...random.pick(FAULTS) });
    simulator.faults.add({ endpoint: random.pick(['deviceList', 'requestStatus', 'deviceHistory']), ...random.pick(QUESTIONS) });
  }
  await someAtATime(AT_ONCE, Array.from({ length: REQUESTS }).keys(), (at) => make(at).catch(unlessOverloaded));
  const all = async () => (await runDocument(url, RequestsDocument, { first: 1000 })).requests.nodes;
  const open = async () => (await runDocument(url, RequestsDocument, { filter: { status: [...OPEN] }, first: 1000 })).requests.nodes;
  await until(async () => (await open().catch(unlessOverloaded))?.length === 0);
  const requests = await all();
  const left = requests.filter(
    ({ progress }) => progress.settled !== progress.total || progress.unknown + progress.pending + progress.overdue > 0,
  );
  expect({ seed: random.seed, left, open: await open() }).toEqual({ seed: random.seed, left: [], open: [] });
  expect(requests.length).toBeGreaterThan(REQUESTS / 2);
  const twice = [...simulator.ledger.performedPerDevice()].filter(
    ([device, times]) => device >= iccid(1_000) && device < iccid(9_999) && times > 1,
  );
  expect(twice, `seed ${random.seed}`).toEqual([]);

  async function make(at: number): Promise<unknown> {
    const accountName = random.pick(simulator.accounts as [string]);
    const first = 1_000 + at * 20;
    const kind = random.between(0, 9);
    if (kind === 0)
      return mutate(stack, 'ResumeProfile', { accountName, devices: [{ deviceIds: [{ kind: 'ICCID', value: iccid(first) }] }] });
    if (kind === 1) return mutate(stack, 'RenewActivationCode', { accountName, devices: devices(2, first) });
    if (kind === 2)
      return activate(url, activation(accountName, { target: { group: { groupName: random.pick(['4G West', 'eSIM Fleet']) } } }));
    const result = await activate(url, activation(accountName, { devices: devices(random.between(1, 11), first) }));
    if (result.__typename !== 'ActivateDevicesAccepted') return result;
    const requestId = result.request.id;
    if (kind === 3) return cancel(requestId);
    if (kind === 4) return resolve({ requestId, fate: { neverArrived: true } });
    if (kind === 5) return retry({ requestId });
    if (kind === 6) {
      const deviceIds = [{ kind: 'iccid', id: iccid(first) }];
      return postCallback(stack, 'CarrierService', {
        requestId: `other-tool-${at}`,
        deviceIds,
        status: random.pick(['Success', 'Pending']),
      });
    }
    return result;
  }
});
