import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { activation } from '../carrier/support/activation.ts';
import { devices } from '../support/devices.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { followOverSse } from '../support/follow.ts';
import { openGateway } from '../support/open-gateway.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { operator } from './support/operator.ts';

const SOON = { M2M_OVERDUE_AFTER_MS: '300', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' };

const DEVICES = 30;

test('a gateway killed while devices are OVERDUE goes on with them, and a subscriber resumes where it was', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false, callbackDelayMs: [0, 0] });
  simulator.faults.status('deviceList', 500, { times: Number.POSITIVE_INFINITY });
  await using folder = await tempFolder();
  const store = `${folder.path}/gateway.sqlite`;
  const env = { ...gatewayEnv(simulator, store), ...SOON };
  const ledger = new EventLedger(DEVICES);
  let id: string;
  {
    await using process = await spawnGateway(env);
    ({ id } = await operator(process.graphql).activate(activation(simulator.accounts[0] ?? '', { devices: devices(DEVICES) })));
    const seen = (async () => {
      for await (const event of followOverSse(process.graphql, { id, batchSize: 1 })) {
        ledger.add(event);
        if (event.progress.overdue >= DEVICES / 3) process.kill('SIGKILL');
      }
    })().catch(() => 'cut');
    expect(await process.exited).toBe('SIGKILL');
    await seen;
  }
  simulator.faults.endpoints.clear();
  await using gateway = await openGateway(simulator, store, SOON);
  for await (const event of followOverSse(gateway.urls.graphql, { id, after: ledger.cursor, batchSize: 1 })) ledger.add(event);
  // Every device comes twice: overdue, then found. Each row has an event of its own, so no row is missed.
  expect(ledger.report()).toEqual(FAULTLESS);
  expect({ status: ledger.status, posts: simulator.ledger.posts.length }).toEqual({ status: 'SUCCEEDED', posts: 1 });
  expect(await operator(gateway.urls.graphql).show(id)).toMatchObject({ progress: { succeeded: DEVICES, overdue: 0 } });
});

test('a limit that passed while the gateway was down takes effect at its start', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  simulator.faults.callbacks.withholdNext = Number.POSITIVE_INFINITY;
  await using folder = await tempFolder();
  const store = `${folder.path}/gateway.sqlite`;
  const [account = ''] = simulator.accounts;
  let ids: string[];
  {
    await using gateway = await openGateway(simulator, store, { M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '2', M2M_SUBMIT_WAIT_MS: '600' });
    const { activate } = operator(gateway.urls.graphql);
    const sent = await activate(activation(account));
    simulator.faults.drop('activate', 'before-answer', { performed: false });
    const lost = await activate(activation(account, { devices: devices(1, 5) }));
    const waiting = await activate(activation(account, { devices: devices(1, 6) }));
    expect([sent, lost, waiting].map(({ status }) => status)).toEqual(['IN_PROGRESS', 'UNKNOWN', 'QUEUED']);
    ids = [sent, lost, waiting].map(({ id }) => id);
  }
  // As if 12 hours had passed: the limit is shorter. Nothing is asked before it, and nothing is sent after it.
  await using gateway = await openGateway(simulator, store, { M2M_OVERDUE_AFTER_MS: '100', M2M_EXPIRE_AFTER_MS: '200' });
  const ended = await Promise.all(ids.map((id) => operator(gateway.urls.graphql).ended(id)));
  expect(ended.map(({ status, error }) => [status, error?.code])).toEqual([
    ['EXPIRED', undefined],
    ['EXPIRED', 'UNANSWERED'],
    ['CANCELLED', 'WAITED_TOO_LONG'],
  ]);
  expect(simulator.ledger.posts).toHaveLength(2);
});
