import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { readConfig } from '../../src/config/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { devices } from '../support/devices.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { graphql, registerListeners } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const MINUTE_MS = 60_000;

test('callbacks find a request whose answer was lost, also when the clock was set back before they came', async () => {
  await using undo = new AsyncDisposableStack();
  const simulator = undo.use(await startSimulator({ magicIdentifiers: false, callbackDelayMs: [0, 0] }));
  const folder = undo.use(await tempFolder());
  const env = { ...gatewayEnv(simulator, `${folder.path}/gateway.sqlite`), M2M_ADOPT_AFTER_MS: '1000' };
  let aheadMs = 0;
  const onFatal = (error: Error): never => {
    throw error;
  };
  const gateway = undo.use(await startGateway(readConfig(env), { now: () => Date.now() + aheadMs, onFatal }));
  await registerListeners(simulator, gateway);
  simulator.holdCallbacks();
  simulator.faults.drop('profileResume', 'before-answer', { performed: true });

  const [device] = devices(1);
  const input = { accountName: simulator.accounts[0], devices: [{ deviceIds: device?.deviceIds.slice(1) }] };
  const made = await graphql<{ resumeProfile: { request: { id: string; status: string } } }>(
    gateway.urls.graphql,
    `
      mutation ($input: ResumeProfileInput!) {
        resumeProfile(input: $input) {
          ... on ResumeProfileAccepted {
            request {
              id
              status
            }
          }
        }
      }
    `,
    { input },
  );
  const request = made.data?.resumeProfile.request;
  expect(request?.status).toBe('UNKNOWN');

  aheadMs = -MINUTE_MS;
  simulator.releaseCallbacks();
  const requests = async () => {
    const { data } = await graphql<{ requests: { nodes: { id: string; origin: string; status: string }[] } }>(
      gateway.urls.graphql,
      '{ requests(first: 10) { nodes { id origin status } } }',
    );
    return data?.requests.nodes ?? [];
  };
  // The callback found the request, or became another tool's request.
  await until(async () => (await requests()).some(({ origin, status }) => origin === 'EXTERNAL' || status !== 'UNKNOWN'));
  expect(await requests()).toEqual([{ id: request?.id, origin: 'GATEWAY', status: 'SUCCEEDED' }]);
});
