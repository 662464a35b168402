import { request } from 'undici';
import { expect, test } from 'vitest';
import { openHostileStack } from '../carrier/support/hostile-stack.ts';
import { startHostileCarrier } from '../support/hostile-carrier.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { fixedEnv } from '../support/fixed-env.ts';
import { openGateway } from '../support/open-gateway.ts';
import { readMetric } from '../support/read-metric.ts';
import { graphql } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

async function statusOf(url: string): Promise<number> {
  try {
    const answer = await request(url);
    await answer.body.dump();
    return answer.statusCode;
  } catch {
    return 0;
  }
}

test('while the carrier is silent at the start, callbacks are ready before GraphQL is, and what is ready answers', async () => {
  await using simulator = await startSimulator({ accounts: ['0868924207-00001'] });
  await using carrier = await startHostileCarrier(simulator.url);
  carrier.misbehave('/api', () => undefined);
  await using folder = await tempFolder();
  const env: Record<string, string> = {
    ...(await fixedEnv(simulator, folder.path)),
    M2M_THINGSPACE_API_URL: carrier.url,
    M2M_THINGSPACE_TIMEOUT_MS: '30000',
    M2M_CALLBACK_REGISTER: 'on',
  };
  const admin = `http://127.0.0.1:${env['M2M_ADMIN_PORT']}`;
  const opening = openGateway(simulator, `${folder.path}/gateway.sqlite`, env);
  await until(async () => (await statusOf(`${admin}/health/ready/callbacks`)) === 200);
  expect(await (await request(`${admin}/health/ready`)).body.json()).toEqual({
    ready: false,
    checks: expect.objectContaining({ starting: 'GraphQL is not open yet' }),
  });
  // It does not wait until the carrier's time is up.
  await using gateway = await opening;
  expect(carrier.requests).toHaveLength(1);
  expect(await statusOf(`${admin}/health/ready`)).toBe(200);
  expect(await graphql(gateway.urls.graphql, '{ __typename }')).toMatchObject({ data: { __typename: 'Query' } });
  carrier.behave();
});

test('both are unready while the gateway stops', async () => {
  await using stack = await openHostileStack();
  const { admin } = stack.gateway.urls;
  expect([await statusOf(`${admin}/health/ready`), await statusOf(`${admin}/health/ready/callbacks`)]).toEqual([200, 200]);
  const first = request(`${admin}/health/ready`);
  await (await first).body.dump();
  const stopping = stack.gateway[Symbol.asyncDispose]();
  const seen = await Promise.all([statusOf(`${admin}/health/ready`), statusOf(`${admin}/health/ready/callbacks`)]);
  expect(seen.every((status) => status === 503 || status === 0)).toBe(true);
  await stopping;
});

test('the metrics tell the readiness of each door: a refused login closes GraphQL alone', async () => {
  await using stack = await openHostileStack({ env: { M2M_THINGSPACE_PASSWORD: 'not-the-right-one', M2M_CALLBACK_REGISTER: 'on' } });
  const { admin } = stack.gateway.urls;
  await until(async () => (await readMetric(admin, 'm2m_carrier_login_latched')) === 1);
  const doors = ['graphql', 'callbacks'].map((door) => readMetric(admin, `m2m_ready{door="${door}"}`));
  expect(await Promise.all(doors)).toEqual([0, 1]);
  expect(await readMetric(admin, 'm2m_memory_bytes')).toBeGreaterThan(10_000_000);
});
