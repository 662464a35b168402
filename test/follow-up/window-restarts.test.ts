import { setTimeout as delay } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { activate, activation } from '../carrier/support/activation.ts';
import { devices } from '../support/devices.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { mostWithin } from './support/most-within.ts';

const LIMIT = 5;
const KILLS = 4;

test(`over ${KILLS} kills at random moments, with slow tokens and slow answers, the carrier never sees more than ${LIMIT} activations in 60 seconds, and no device twice`, async () => {
  const random = new SeededRandom();
  await using simulator = await startSimulator({ magicIdentifiers: false, activateRequestsPerMinute: Number.POSITIVE_INFINITY });
  await using folder = await tempFolder();
  const env = {
    ...gatewayEnv(simulator, `${folder.path}/gateway.sqlite`),
    M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: String(LIMIT),
    M2M_SUBMIT_WAIT_MS: '0',
  };
  const accounts = simulator.accounts;
  let made = 0;
  for (let kill = 0; kill <= KILLS; kill++) {
    simulator.faults.latency('token', random.between(0, 60));
    simulator.faults.latency('login', random.between(0, 60));
    simulator.faults.latency('activate', random.between(0, 150), 3);
    await using gateway = await spawnGateway(env);
    const submitting = Array.from({ length: 4 }, () =>
      activate(gateway.graphql, activation(accounts[made % 2] ?? '', { devices: devices(1, ++made) })).catch(() => 'killed'),
    );
    // The first gateway lives until the carrier has seen a POST: on a slow machine every kill could come before one.
    if (kill === 0) await simulator.ledger.until(({ posts }) => posts.length > 0);
    await delay(random.between(0, 300));
    gateway.kill('SIGKILL');
    await gateway.exited;
    await Promise.all(submitting);
  }
  // The last gateway has time for everything that it may still send.
  await using last = await spawnGateway({ ...env, M2M_SUBMIT_WAIT_MS: '1000' });
  await activate(last.graphql, activation(accounts[0] ?? '', { devices: devices(1, 999) }));
  const { posts } = simulator.ledger;
  const most = mostWithin(
    60_000,
    posts.map(({ at }) => at),
  );
  expect(most, `seed ${random.seed}`).toBeLessThanOrEqual(LIMIT);
  expect(new Set(simulator.ledger.postsPerDevice().values())).toEqual(new Set([1]));
});
