import { expect, test } from 'vitest';
import { request as httpRequest } from 'undici';
import { CheckNowDocument, RenewActivationCodeDocument } from '../../documents/gql/graphql.ts';
import { activation } from '../carrier/support/activation.ts';
import { devices, iccid } from '../support/devices.ts';
import { runDocument } from '../support/run-document.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { operator } from './support/operator.ts';
import { resumeProfiles } from './support/resume-profiles.ts';

async function silentStack(): Promise<Stack> {
  const stack = await startStack();
  stack.simulator.faults.callbacks.withholdNext = Number.POSITIVE_INFINITY;
  return stack;
}

const check = async ({ gateway }: Stack, requestId: string) =>
  (await runDocument(gateway.urls.graphql, CheckNowDocument, { input: { requestId } })).checkNow;

test.concurrent('checkNow asks about devices long before they are overdue; the answers come as changes of the request', async () => {
  await using stack = await silentStack();
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account));
  await stack.simulator.idle();
  expect(await check(stack, id)).toMatchObject({ __typename: 'CheckScheduled', deviceCount: 2, request: { id, status: 'IN_PROGRESS' } });
  const request = await ended(id);
  expect(request).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: 2 } });
  expect(request.outcomes.nodes.map(({ source }) => source)).toEqual(['RECONCILED', 'RECONCILED']);
});

test.concurrent('a device that the carrier does not show as done stays as it is, and may be checked again after a minute', async () => {
  await using stack = await silentStack();
  stack.simulator.inventory.add({
    account: stack.account,
    identifiers: { iccid: iccid(1) },
    state: 'active',
    groupName: 'eSIM Fleet',
    createdAt: 0,
    profile: { state: 'DEACTIVE', status: 'DISABLE', role: 'LOCAL' },
  });
  const { show } = operator(stack.gateway.urls.graphql);
  const { id } = await resumeProfiles(stack.gateway.urls.graphql, stack.account, [iccid(1)]);
  const [first, second] = await Promise.all([check(stack, id), check(stack, id)]);
  expect([first.__typename, second.__typename].toSorted()).toEqual(['CheckScheduled', 'RateLimited']);
  const limited = await check(stack, id);
  if (limited.__typename !== 'RateLimited') throw new Error(limited.__typename);
  expect(limited.code).toBe('RATE_LIMITED');
  expect(limited.retryAfterMs).toBeGreaterThan(0);
  expect(limited.retryAfterMs).toBeLessThanOrEqual(60_000);
  await stack.simulator.ledger.until(({ counts }) => counts.calls['deviceList'] === 1);
  expect(await show(id)).toMatchObject({ status: 'IN_PROGRESS', progress: { pending: 1 } });
  expect(stack.simulator.ledger.counts.calls['deviceList']).toBe(1);
});

test.concurrent('a profile that was downloaded and enabled in one step proves a resumption', async () => {
  await using stack = await silentStack();
  const { ended } = operator(stack.gateway.urls.graphql);
  const { id } = await resumeProfiles(stack.gateway.urls.graphql, stack.account, [iccid(1)]);
  await stack.simulator.idle();
  const [device] = stack.simulator.inventory.devices.filter(({ identifiers }) => identifiers.iccid === iccid(1));
  if (!device) throw new Error('the carrier does not know it');
  device.profile = { state: 'ACTIVE', status: 'DOWNLOAD_ENABLE', role: 'LOCAL' };
  await check(stack, id);
  expect((await ended(id)).outcomes.nodes).toMatchObject([{ status: 'SUCCEEDED', source: 'RECONCILED', profileStatus: 'DOWNLOAD_ENABLE' }]);
});

test.concurrent('nothing is asked about a request that is settled, whose result nothing shows, or that is not to be found', async () => {
  await using stack = await silentStack();
  const { activate, ended } = operator(stack.gateway.urls.graphql);
  const input = { accountName: stack.account, devices: devices(1) };
  const { renewActivationCode: renewal } = await runDocument(stack.gateway.urls.graphql, RenewActivationCodeDocument, { input });
  if (renewal.__typename !== 'RenewActivationCodeAccepted') throw new Error(renewal.__typename);
  stack.simulator.faults.callbacks.withholdNext = 0;
  const { id: settled } = await activate(activation(stack.account));
  await ended(settled);
  for (const id of [renewal.request.id, settled])
    expect(await check(stack, id)).toMatchObject({ __typename: 'InvalidInput', faults: [{ path: ['requestId'], code: 'NOTHING_TO_ASK' }] });
  expect(await check(stack, 'req_00000000000000000000000000')).toMatchObject({ faults: [{ code: 'NOT_FOUND' }] });
  expect(stack.simulator.ledger.counts.calls['deviceList']).toBeUndefined();
  const { data } = await stack.query<{ auditLog: { nodes: { action: string; code: string | null }[] } }>(
    '{ auditLog(first: 10) { nodes { action code } } }',
  );
  expect(
    data?.auditLog.nodes
      .filter(({ action }) => action === 'CHECK_NOW')
      .map(({ code }) => code)
      .toSorted(),
  ).toEqual(['NOTHING_TO_ASK', 'NOTHING_TO_ASK', 'NOT_FOUND']);
});

test.concurrent('while the carrier refuses the login, a check says so', async () => {
  await using stack = await silentStack();
  const { activate } = operator(stack.gateway.urls.graphql);
  const { id } = await activate(activation(stack.account));
  stack.simulator.faults.expireSessions();
  stack.simulator.faults.refuseLogins();
  expect(await check(stack, id)).toMatchObject({ __typename: 'CheckScheduled' });
  await stack.simulator.ledger.until(({ counts }) => counts.loginsRefused === 1);
  await until(async () => (await check(stack, id)).__typename === 'CarrierUnavailable');
  expect(await check(stack, id)).toMatchObject({ code: 'CARRIER_UNAVAILABLE' });
  stack.simulator.faults.refuseLogins(false);
  await httpRequest(`${stack.gateway.urls.admin}/login/unlatch`, { method: 'POST' });
  expect(await check(stack, id)).toMatchObject({ __typename: 'RateLimited' });
});
