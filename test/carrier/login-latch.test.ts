import { expect, test } from 'vitest';
import { request } from 'undici';
import { RequestsDocument } from '../../documents/gql/graphql.ts';
import type { Gateway } from '../../src/gateway.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { openGateway } from '../support/open-gateway.ts';
import { runDocument } from '../support/run-document.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { acceptedRequest, activate, activation } from './support/activation.ts';

const ACCOUNT = '0868924207-00001';
const WRONG = { M2M_THINGSPACE_PASSWORD: 'not-the-password' };

test('a wrong password is tried once, over any number of calls and restarts on one store', async () => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  const storePath = `${folder.path}/gateway.sqlite`;
  for (let start = 0; start < 6; start++) {
    await using gateway = await openGateway(simulator, storePath, WRONG);
    const answers = await Promise.all(Array.from({ length: 5 }, () => activate(gateway.urls.graphql, activation(ACCOUNT))));
    for (const answer of answers) expect(answer).toMatchObject({ __typename: 'CarrierUnavailable', code: 'CARRIER_UNAVAILABLE' });
    expect(await readiness(gateway)).toMatchObject({ status: 503, body: { ready: false, checks: { store: 'ok' } } });
    expect(await live(gateway)).toBe(200);
  }
  expect(simulator.ledger.counts).toMatchObject({ loginsRefused: 1, calls: { login: 1 } });
  expect(simulator.ledger.counts.calls['activate']).toBeUndefined();
});

test('a mutation that the latch stops leaves no request behind and leaves its idempotency key free', async () => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  const storePath = `${folder.path}/gateway.sqlite`;
  {
    await using gateway = await openGateway(simulator, storePath, WRONG);
    const input = activation(ACCOUNT, { idempotencyKey: 'once' });
    expect(await activate(gateway.urls.graphql, input)).toMatchObject({ __typename: 'CarrierUnavailable' });
    const { requests } = await runDocument(gateway.urls.graphql, RequestsDocument, {});
    expect(requests.nodes).toEqual([]);
  }
  await using gateway = await openGateway(simulator, storePath);
  const other = activation(ACCOUNT, { idempotencyKey: 'once', mdnZipCode: '10001' });
  acceptedRequest(await activate(gateway.urls.graphql, other));
  expect(simulator.ledger.posts).toHaveLength(1);
});

test('corrected credentials work at once, on the store that remembers the refusal', async () => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  const storePath = `${folder.path}/gateway.sqlite`;
  {
    await using gateway = await openGateway(simulator, storePath, WRONG);
    await activate(gateway.urls.graphql, activation(ACCOUNT));
  }
  await using gateway = await openGateway(simulator, storePath);
  acceptedRequest(await activate(gateway.urls.graphql, activation(ACCOUNT)));
  expect(await readiness(gateway)).toMatchObject({ status: 200, body: { ready: true } });
  expect(simulator.ledger.counts.calls['login']).toBe(2);
});

test('POST /login/unlatch allows one more login, for a password that was corrected on the carrier’s side', async () => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  await using gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`);
  simulator.faults.refuseLogins();
  await activate(gateway.urls.graphql, activation(ACCOUNT));
  expect(await unlatch(gateway)).toEqual({ unlatched: true });
  // The login is still refused, so it latches again.
  await activate(gateway.urls.graphql, activation(ACCOUNT));
  await activate(gateway.urls.graphql, activation(ACCOUNT));
  expect(simulator.ledger.counts.calls['login']).toBe(2);

  simulator.faults.refuseLogins(false);
  expect(await activate(gateway.urls.graphql, activation(ACCOUNT))).toMatchObject({ __typename: 'CarrierUnavailable' });
  await unlatch(gateway);
  acceptedRequest(await activate(gateway.urls.graphql, activation(ACCOUNT)));
  expect(await readiness(gateway)).toMatchObject({ status: 200, body: { ready: true } });
});

test.each([503, 408, 429])('a login answered %i does not refuse the password: it is tried again', async (status) => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  await using gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`);
  simulator.faults.add({ endpoint: 'login', status });
  expect(acceptedRequest(await activate(gateway.urls.graphql, activation(ACCOUNT))).status).not.toBe('QUEUED');
  expect(simulator.ledger.counts).toMatchObject({ loginsRefused: 0, calls: { login: 2 } });
});

test('a locked user is not logged in again either', async () => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  await using gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`);
  simulator.faults.lock();
  for (let call = 0; call < 3; call++) {
    expect(await activate(gateway.urls.graphql, activation(ACCOUNT))).toMatchObject({ __typename: 'CarrierUnavailable' });
  }
  expect(simulator.ledger.counts.calls['login']).toBe(1);
});

test('a refused OAuth client is named as the reason, is not tried with every call, and leaves no request behind', async () => {
  await using simulator = await startSimulator();
  await using folder = await tempFolder();
  await using gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`, { M2M_THINGSPACE_CLIENT_SECRET: 'wrong' });
  for (let call = 0; call < 3; call++) {
    const answer = await activate(gateway.urls.graphql, activation(ACCOUNT));
    expect(answer).toMatchObject({ __typename: 'CarrierUnavailable', message: expect.stringContaining('M2M_THINGSPACE_CLIENT_ID') });
  }
  expect(simulator.ledger.counts.calls).toEqual({ token: 1 });
  expect((await runDocument(gateway.urls.graphql, RequestsDocument, {})).requests.nodes).toEqual([]);
});

async function readiness(gateway: Gateway) {
  const { statusCode: status, body } = await request(`${gateway.urls.admin}/health/ready`);
  return { status, body: await body.json() };
}

async function live(gateway: Gateway): Promise<number> {
  const answer = await request(`${gateway.urls.admin}/health/live`);
  await answer.body.dump();
  return answer.statusCode;
}

async function unlatch(gateway: Gateway) {
  return (await request(`${gateway.urls.admin}/login/unlatch`, { method: 'POST' })).body.json();
}
