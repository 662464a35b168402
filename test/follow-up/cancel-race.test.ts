import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { openGateway } from '../support/open-gateway.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { startGatedProxy } from './support/gated-proxy.ts';
import { faultCodes, operator } from './support/operator.ts';

const ROUNDS = 4;
const REQUESTS = 50;
const AT_ONCE = 4;

test(`${ROUNDS * REQUESTS} requests cancelled around the moment a token lets them go: those answered RequestCancelled were never sent, the others once`, async () => {
  const random = new SeededRandom();
  const sums = { cancelled: 0, sent: 0, sentThoughCancelled: 0, notSentOnce: 0, notCancelled: 0 };
  await using simulator = await startSimulator({ magicIdentifiers: false, activateRequestsPerMinute: Number.POSITIVE_INFINITY });
  const [account = ''] = simulator.accounts;
  for (let round = 0; round < ROUNDS; round++) {
    await using proxy = await startGatedProxy(simulator.url);
    proxy.hold(round % 2 === 0 ? '/oauth2/token' : '/session/login');
    await using folder = await tempFolder();
    await using gateway = await openGateway({ ...simulator, url: proxy.url, credentials: simulator.credentials }, `${folder.path}/store`, {
      M2M_SUBMIT_WAIT_MS: '0',
      M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '100000',
    });
    const { activate, cancel, show } = operator(gateway.urls.graphql);
    const requests = await Promise.all(
      Array.from({ length: REQUESTS }, async (_, at) => {
        const number = round * REQUESTS + at;
        const { id, status } = await activate(activation(account, { devices: devices(1, number) }));
        return { id, status, device: iccid(number) };
      }),
    );
    expect(new Set(requests.map(({ status }) => status))).toEqual(new Set(['QUEUED']));
    await proxy.held(1);
    // The token comes in the middle of the cancellations.
    const before = random.between(0, REQUESTS / 2);
    const answers: { id: string; device: string; cancelled: boolean; late: boolean }[] = [];
    const left = requests.entries();
    await Promise.all(
      Array.from({ length: AT_ONCE }, async () => {
        for (const [at, { id, device }] of left) {
          if (at === before) proxy.release();
          const result = await cancel(id);
          answers.push({ id, device, cancelled: result.__typename === 'RequestCancelled', late: faultCodes(result).includes('NOTHING_QUEUED') });
        }
      }),
    );
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
