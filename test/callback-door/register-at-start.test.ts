import { request } from 'undici';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { readConfig } from '../../src/config/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { carrierClient } from '../support/carrier-client.ts';
import { fixedEnv } from '../support/fixed-env.ts';
import { openGateway } from '../support/open-gateway.ts';
import { recordedLog } from '../support/recorded-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const ONE_ACCOUNT = { accounts: ['0868924207-00001'] };
const [ACCOUNT] = ONE_ACCOUNT.accounts as [string];
const OTHER_TOOL = 'http://127.0.0.1:9006/their-secret-path';

test('M2M_CALLBACK_REGISTER=on registers what is missing, and leaves ours alone at the next start', async () => {
  await using simulator = await startSimulator(ONE_ACCOUNT);
  await using folder = await tempFolder();
  const env = { ...(await fixedEnv(simulator, folder.path)), M2M_CALLBACK_REGISTER: 'on' };
  for (let start = 0; start < 2; start++) {
    await using _gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`, env);
  }
  expect(simulator.ledger.counts.calls).toMatchObject({ callbackList: 2, callbackRegister: 3 });
  expect(simulator.listeners(ACCOUNT)).toHaveLength(3);
});

test('with M2M_CALLBACK_REGISTER=on and another tool registered, the gateway starts, logs it, registers the free services, and the last one when the tool is gone', async () => {
  await using simulator = await startSimulator(ONE_ACCOUNT);
  await using folder = await tempFolder();
  await using client = carrierClient(simulator);
  await client.thingSpace.register(ACCOUNT, { serviceName: 'CarrierService', url: OTHER_TOOL, username: '', password: '' });
  const env = { ...(await fixedEnv(simulator, folder.path)), M2M_CALLBACK_REGISTER: 'on' };
  const log = recordedLog();
  await using gateway = await startGateway(readConfig(env), {
    logger: log.logger,
    registrationWatch: { firstAfterMs: 20, everyMs: 3_600_000 },
    onFatal: (error) => {
      throw error;
    },
  });
  expect(log.of('callback_listeners_not_registered')).toMatchObject([{ level: 50, code: 'LISTENER_TAKEN' }]);
  const urls = simulator.listeners(ACCOUNT).map(({ url }) => url);
  expect(urls).toHaveLength(3);
  expect(urls.filter((url) => url === OTHER_TOOL)).toHaveLength(1);
  // A callback on a path of ours is still taken.
  const answer = await request(`${gateway.urls.callbacks}${gateway.callbackPath(ACCOUNT, 'CarrierService')}`, {
    method: 'POST',
    body: '{}',
  });
  await answer.body.dump();
  expect(answer.statusCode).toBe(200);
  await client.thingSpace.deregister(ACCOUNT, 'CarrierService');
  await until(() => log.of('callback_listeners_registered').length === 1);
  expect(simulator.listeners(ACCOUNT).filter(({ url }) => url !== OTHER_TOOL)).toHaveLength(3);
});

test('with M2M_CALLBACK_REGISTER=on a carrier that cannot be asked does not keep the doors closed', async () => {
  await using simulator = await startSimulator(ONE_ACCOUNT);
  await using folder = await tempFolder();
  const env = {
    ...(await fixedEnv(simulator, folder.path)),
    M2M_CALLBACK_REGISTER: 'on',
    M2M_THINGSPACE_API_URL: 'http://127.0.0.1:9/api',
  };
  await using gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`, env);
  const live = await request(`${gateway.urls.admin}/health/live`);
  await live.body.dump();
  expect(live.statusCode).toBe(200);
});
