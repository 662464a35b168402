import { expect, test } from 'vitest';
import { RenewActivationCodeDocument } from '../../documents/gql/graphql.ts';
import { devices, iccid } from '../support/devices.ts';
import { followOverSse } from '../support/follow.ts';
import { runDocument } from '../support/run-document.ts';
import { startStack } from '../support/stack.ts';
import { operator } from './support/operator.ts';
import { resumeProfiles } from './support/resume-profiles.ts';

const SOON = { M2M_OVERDUE_AFTER_MS: '200', M2M_RECONCILE_CALLS_PER_MINUTE: '1000' };
const WITHHELD = { withholdNext: Number.POSITIVE_INFINITY };
/** More devices than are looked up one by one. */
const MANY = 24;

test.concurrent.each(['all', 'DeviceId'] as const)(
  'resumed profiles are proven by the list when its pages show attributes: %s',
  async (pageAttributes) => {
    await using stack = await startStack({ env: SOON, simulator: { pageAttributes } });
    Object.assign(stack.simulator.faults.callbacks, WITHHELD);
    const url = stack.gateway.urls.graphql;
    const { id } = await resumeProfiles(
      url,
      stack.account,
      Array.from({ length: MANY }, (_, at) => iccid(at + 1)),
    );
    const request = await operator(url).ended(id);
    expect(request).toMatchObject({ status: 'SUCCEEDED', progress: { succeeded: MANY } });
    expect(new Set(request.outcomes.nodes.map(({ source, profileStatus }) => `${source} ${profileStatus}`))).toEqual(
      new Set(['RECONCILED ENABLE']),
    );
    const calls = stack.simulator.ledger.counts.calls['deviceList'] ?? 0;
    if (pageAttributes === 'all') expect(calls).toBeLessThan(MANY);
    else expect(calls).toBeGreaterThan(MANY);
  },
);

test.concurrent('profiles that are not done do not keep those behind them in the list from being looked at', async () => {
  await using stack = await startStack({ env: SOON, simulator: { pageAttributes: 'DeviceId' } });
  Object.assign(stack.simulator.faults.callbacks, WITHHELD);
  const { inventory, accounts } = stack.simulator;
  const stuck = Array.from({ length: MANY }, (_, at) => iccid(at + 1));
  for (const id of stuck) {
    inventory.add({
      account: accounts[0] ?? '',
      identifiers: { iccid: id },
      state: 'active',
      groupName: 'eSIM Fleet',
      createdAt: 0,
      profile: { state: 'DEACTIVE', status: 'DISABLE', role: 'LOCAL' },
    });
  }
  const url = stack.gateway.urls.graphql;
  const { id } = await resumeProfiles(url, stack.account, [...stuck, iccid(91), iccid(92)]);
  const request = await operator(url).once(id, ({ progress }) => progress.succeeded === 2);
  expect(request).toMatchObject({ status: 'IN_PROGRESS', progress: { overdue: MANY, succeeded: 2 } });
});

test.concurrent('a renewed activation code cannot be proven: nobody is asked, and it is EXPIRED and its carrier request CLOSED at the limit', async () => {
  await using stack = await startStack({ env: { ...SOON, M2M_EXPIRE_AFTER_MS: '900' } });
  Object.assign(stack.simulator.faults.callbacks, WITHHELD);
  const url = stack.gateway.urls.graphql;
  const input = { accountName: stack.account, devices: devices(2) };
  const { renewActivationCode: result } = await runDocument(url, RenewActivationCodeDocument, { input });
  if (result.__typename !== 'RenewActivationCodeAccepted') throw new Error(result.__typename);
  const seen: unknown[] = [];
  for await (const { status, progress } of followOverSse(url, { id: result.request.id, batchSize: 1000 }))
    if (progress.overdue > 0) seen.push({ status, overdue: progress.overdue });
  expect(seen).toEqual([{ status: 'IN_PROGRESS', overdue: 2 }]);
  expect(await operator(url).show(result.request.id)).toMatchObject({
    status: 'EXPIRED',
    progress: { expired: 2, settled: 2 },
    carrierRequests: [{ state: 'CLOSED' }],
    completedAt: expect.any(String),
  });
  expect(stack.simulator.ledger.counts.calls).toMatchObject({ renewActivationCode: 1 });
  expect(stack.simulator.ledger.counts.calls['deviceList']).toBeUndefined();
});
