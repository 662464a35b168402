import { request as httpRequest } from 'undici';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { activation } from '../carrier/support/activation.ts';
import { devices } from '../support/devices.ts';
import { openGateway } from '../support/open-gateway.ts';
import { registerListeners, startStack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { startGatedProxy } from './support/gated-proxy.ts';
import { operator } from './support/operator.ts';

const SOON = { M2M_OVERDUE_AFTER_MS: '300', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' };
const WITHHELD = { withholdNext: Number.POSITIVE_INFINITY };

test.concurrent.each([
  ['429 with Retry-After', { status: 429, headers: { 'retry-after': '1' } }],
  ['HTTP 500', { status: 500 }],
  ['HTTP 503 in HTML', { status: 503 }],
  ['a cut connection', { drop: 'before-answer' }],
  ['an answer that cannot be read', { body: 'truncated-json' }],
] as const)('%s to a question does no harm, and the question is asked again later', async (_what, fault) => {
  await using stack = await startStack({ env: SOON });
  Object.assign(stack.simulator.faults.callbacks, WITHHELD);
  stack.simulator.faults.add({ endpoint: 'deviceList', ...fault, times: 2 });
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account));
  expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2 } });
  expect(stack.simulator.ledger.posts).toHaveLength(1);
});

test.concurrent('a login refused while asking stops all asking, without locking the user; once lifted it goes on', async () => {
  await using stack = await startStack({ env: SOON });
  Object.assign(stack.simulator.faults.callbacks, WITHHELD);
  const { activate, once, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account));
  stack.simulator.faults.expireSessions();
  stack.simulator.faults.refuseLogins();
  await once(id, ({ progress }) => progress.overdue === 2);
  await stack.simulator.ledger.until(({ counts }) => counts.loginsRefused === 1);
  // Another device is overdue, and its question is not sent.
  stack.simulator.faults.refuseLogins(false);
  await httpRequest(`${stack.gateway.urls.admin}/login/unlatch`, { method: 'POST' });
  expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED' });
  expect(stack.simulator.ledger.counts.loginsRefused).toBe(1);
});

test.concurrent('no more questions a minute than allowed, over all accounts, and a long list of one does not keep another waiting', async () => {
  const calls = 4;
  await using simulator = await startSimulator({ magicIdentifiers: false, callbackDelayMs: [0, 0] });
  Object.assign(simulator.faults.callbacks, WITHHELD);
  await using proxy = await startGatedProxy(simulator);
  await using folder = await tempFolder();
  const env = { ...SOON, M2M_RECONCILE_CALLS_PER_MINUTE: String(calls) };
  await using gateway = await openGateway(proxy.carrier, `${folder.path}/store`, env);
  const [long = '', short = '', third = ''] = simulator.accounts;
  const { activate, once, ended, show } = operator(gateway.urls.graphql);
  proxy.hold('/devices/actions/list');
  const many = await activate(activation(long, { devices: devices(1_500, 100) }));
  const few = await activate(activation(short, { devices: devices(2) }));
  // One question is a page, the other a device. Then each is asked once more.
  await proxy.held(2);
  proxy.release();
  expect(await ended(few.id)).toMatchObject({ status: 'SUCCEEDED' });
  await simulator.ledger.until(({ counts }) => counts.calls['deviceList'] === calls);
  // One more device to ask about: its turn comes in the next minute.
  const late = await activate(activation(third, { devices: devices(2, 50) }));
  await once(late.id, ({ progress }) => progress.overdue === 2);
  const open = await once(many.id, ({ progress }) => progress.succeeded > 900);
  expect(open.progress.overdue).toBeGreaterThan(400);
  expect((await show(late.id)).status).toBe('IN_PROGRESS');
  expect(simulator.ledger.counts.calls).toMatchObject({ deviceList: calls, activate: 3 });
  expect(simulator.ledger.counts.calls['requestStatus']).toBeUndefined();
});

test.concurrent('a gateway that stops while it waits for an answer about devices does not wait for it', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false, callbackDelayMs: [0, 0] });
  Object.assign(simulator.faults.callbacks, WITHHELD);
  await using proxy = await startGatedProxy(simulator);
  await using folder = await tempFolder();
  let id: string;
  {
    await using gateway = await openGateway(proxy.carrier, `${folder.path}/store`, {
      ...SOON,
      M2M_THINGSPACE_TIMEOUT_MS: '600000',
    });
    ({ id } = await operator(gateway.urls.graphql).activate(activation(simulator.accounts[0] ?? '')));
    proxy.hold('/devices/actions/list');
    await proxy.held(1);
  }
  proxy.release();
  await using gateway = await openGateway(proxy.carrier, `${folder.path}/store`, SOON);
  await registerListeners(simulator, gateway);
  expect(await operator(gateway.urls.graphql).ended(id)).toMatchObject({ status: 'SUCCEEDED' });
});
