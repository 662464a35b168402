import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { readConfig } from '../../src/config/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { iccid } from '../support/devices.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { recordedLog } from '../support/recorded-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { operator } from './support/operator.ts';
import { resumeProfiles } from './support/resume-profiles.ts';

const SOON = { M2M_OVERDUE_AFTER_MS: '500', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' };
const UNEXPECTED = JSON.stringify({
  errorCode: 'UnifiedWebService.REQUEST_FAILED.UnexpectedError',
  errorMessage: 'Unexpected error occurred.',
});

test.concurrent.each([
  ['400 with any code', { status: 400, body: { text: '{"errorCode":"UnifiedWebService.REQUEST_FAILED.NoRecord","errorMessage":"No."}' } }],
  ['400 with a general error', { status: 400, body: { text: UNEXPECTED } }],
  ['an answer that cannot be read', { body: 'truncated-json' }],
] as const)(
  '%s about one device does not keep the others waiting; the log names it, and it is asked about again later',
  async (_what, fault) => {
    await using simulator = await startSimulator({ magicIdentifiers: false, callbackDelayMs: [0, 20] });
    await using folder = await tempFolder();
    const log = recordedLog();
    const config = readConfig({ ...gatewayEnv(simulator, `${folder.path}/store`), ...SOON });
    await using gateway = await startGateway(config, {
      logger: log.logger,
      onFatal: (error) => expect.fail(String(error)),
    });
    simulator.faults.callbacks.withholdNext = Number.POSITIVE_INFINITY;
    simulator.faults.add({ endpoint: 'deviceList', about: iccid(1), ...fault, times: 2 });
    const { once, ended } = operator(gateway.urls.graphql);
    const { id } = await resumeProfiles(gateway.urls.graphql, simulator.accounts[0] ?? '', [1, 2, 3].map(iccid));
    const most = await once(id, ({ progress }) => progress.succeeded === 2);
    expect(most.outcomes.nodes.map(({ status }) => status)).toEqual(['OVERDUE', 'SUCCEEDED', 'SUCCEEDED']);
    expect(log.of('reconcile_failed')).toMatchObject([
      { requestId: id, outcome: `out_${id.slice(4)}_0`, error: expect.stringMatching(/HTTP/) as string },
    ]);
    expect(log.text()).not.toContain(iccid(1));
    expect(await ended(id)).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 3 } });
  },
);

test('a refusal of the whole service ends the round, and the device it came at is asked about last in the next', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false, callbackDelayMs: [0, 20] });
  await using folder = await tempFolder();
  const config = readConfig({ ...gatewayEnv(simulator, `${folder.path}/store`), ...SOON });
  await using gateway = await startGateway(config, { onFatal: (error) => expect.fail(String(error)) });
  simulator.faults.callbacks.withholdNext = Number.POSITIVE_INFINITY;
  // Whenever this device is asked about, the service fails.
  simulator.faults.add({ endpoint: 'deviceList', about: iccid(1), status: 500, times: Number.POSITIVE_INFINITY });
  const { once } = operator(gateway.urls.graphql);
  const { id } = await resumeProfiles(gateway.urls.graphql, simulator.accounts[0] ?? '', [1, 2, 3].map(iccid));
  const request = await once(id, ({ progress }) => progress.succeeded === 2);
  expect(request.outcomes.nodes.map(({ status }) => status)).toEqual(['OVERDUE', 'SUCCEEDED', 'SUCCEEDED']);
});
