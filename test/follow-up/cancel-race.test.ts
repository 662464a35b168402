import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { RequestManager, type ManageResult } from '../../src/resolvers/requests/manage-request.ts';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { openGateway } from '../support/open-gateway.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { startGatedProxy } from './support/gated-proxy.ts';
import { openSending } from './support/open-sending.ts';
import { someAtATime } from './support/some-at-a-time.ts';
import { faultCodes, operator } from './support/operator.ts';
import { callerWith } from '../support/caller-with.ts';
import { storeOf } from '../support/flat-store.ts';

const ROUNDS = 4;
const REQUESTS = 50;
const AT_ONCE = 4;
/** Fewer are sent than the carrier takes in a minute: the queue would hold the others back. */
const MOMENTS = 150;

test(`${ROUNDS * REQUESTS} requests cancelled around the moment a token lets them go: those answered RequestCancelled were never sent, the others once`, async () => {
  const random = new SeededRandom();
  const sums = { cancelled: 0, sent: 0, sentThoughCancelled: 0, notSentOnce: 0, notCancelled: 0 };
  await using simulator = await startSimulator({ magicIdentifiers: false, activateRequestsPerMinute: Number.POSITIVE_INFINITY });
  const [account = ''] = simulator.accounts;
  for (let round = 0; round < ROUNDS; round++) {
    await using proxy = await startGatedProxy(simulator);
    proxy.hold(round % 2 === 0 ? '/oauth2/token' : '/session/login');
    await using folder = await tempFolder();
    await using gateway = await openGateway(proxy.carrier, `${folder.path}/store`, {
      M2M_SUBMIT_WAIT_MS: '0',
      M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '100000',
    });
    const { activate, cancel, show } = operator(gateway.urls.graphql);
    const requests: { readonly id: string; readonly device: string }[] = [];
    await someAtATime(AT_ONCE, Array.from({ length: REQUESTS }).keys(), async (at) => {
      const number = round * REQUESTS + at;
      const { id, status } = await activate(activation(account, { devices: devices(1, number) }));
      expect(status).toBe('QUEUED');
      requests.push({ id, device: iccid(number) });
    });
    await proxy.held(1);
    // The token arrives in the middle of the cancellations.
    const before = random.between(0, REQUESTS / 2);
    const answers: { id: string; device: string; cancelled: boolean; late: boolean }[] = [];
    await someAtATime(AT_ONCE, requests.entries(), async ([at, { id, device }]) => {
      if (at === before) proxy.release();
      const result = await cancel(id);
      const cancelled = result.__typename === 'RequestCancelled';
      answers.push({ id, device, cancelled, late: faultCodes(result).includes('NOTHING_QUEUED') });
    });
    const late = answers.filter((answer) => answer.late);
    await simulator.ledger.until(({ posts }) => late.every(({ device }) => posts.some((post) => post.devices.includes(device))));
    const posts = simulator.ledger.postsPerDevice();
    for (const { id, device, cancelled } of answers) {
      if (cancelled) sums.cancelled++;
      else sums.sent++;
      if (cancelled && posts.has(device)) sums.sentThoughCancelled++;
      if (!cancelled && posts.get(device) !== 1) sums.notSentOnce++;
      if (cancelled && (await show(id)).status !== 'CANCELLED') sums.notCancelled++;
    }
  }
  expect({ seed: random.seed, ...sums, sum: sums.cancelled + sums.sent }).toMatchObject({
    sentThoughCancelled: 0,
    notSentOnce: 0,
    notCancelled: 0,
    sum: ROUNDS * REQUESTS,
  });
  expect(sums.cancelled * sums.sent, JSON.stringify(sums)).toBeGreaterThan(0);
});

test(`${MOMENTS} requests cancelled some steps of the event loop before or after they leave: none is cancelled and sent`, async () => {
  const random = new SeededRandom();
  await using simulator = await startSimulator({ magicIdentifiers: false, activateRequestsPerMinute: Number.POSITIVE_INFINITY });
  await using folder = await tempFolder();
  const cancelling = new Map<string, Promise<ManageResult>>();
  const caller = callerWith({ '*': ['read', 'write'] });
  let now = '';
  await using sending = await openSending(simulator, `${folder.path}/store`, {
    aroundCarrier: (carrier) => ({
      perform: (action, beforeSend) =>
        carrier.perform(action, async () => {
          const id = now;
          const cancel = () => cancelling.set(id, manager.cancel(caller, id));
          if (random.between(0, 9) > 0) cancel();
          else setImmediate(cancel);
          for (let steps = random.between(0, 12); steps > 0; steps--) await Promise.resolve();
          if (random.between(0, 3) === 0) await nextTurn();
          await beforeSend();
        }),
    }),
  });
  const { sender, requestLog } = sending;
  const never = new Proxy({}, { get: () => expect.fail('asked') });
  const manager = new RequestManager({
    store: storeOf(requestLog),
    sender,
    submitter: never as never,
    reconciler: never as never,
    session: never as never,
  });
  const sums = { cancelled: 0, sent: 0, both: 0, neither: 0 };
  for (let number = 1; number <= MOMENTS; number++) {
    now = await sending.intend(number);
    await sender.send(now);
    const cancelled = (await cancelling.get(now))?.type === 'DONE';
    const sent = simulator.ledger.posts.length === 1;
    sums[cancelled ? (sent ? 'both' : 'cancelled') : sent ? 'sent' : 'neither']++;
    simulator.ledger.clear();
  }
  expect({ seed: random.seed, both: sums.both, neither: sums.neither, failures: sending.failures }).toEqual({
    seed: random.seed,
    both: 0,
    neither: 0,
    failures: [],
  });
  expect(sums.cancelled * sums.sent, JSON.stringify(sums)).toBeGreaterThan(0);
});
