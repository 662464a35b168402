import { expect, test } from 'vitest';
import { acceptedRequest, activate, activation } from '../carrier/support/activation.ts';
import { devices } from '../support/devices.ts';
import { startStack } from '../support/stack.ts';

const LIMIT = 4;

/** The carrier's gateway counts a call before the API behind it refuses the session. */
test('a call whose session was refused counts in the window, and is sent again when there is a place for it', async () => {
  await using stack = await startStack({
    simulator: { activateRequestsPerMinute: Number.POSITIVE_INFINITY },
    env: { M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: String(LIMIT), M2M_SUBMIT_WAIT_MS: '1000' },
  });
  const send = async (number: number) =>
    acceptedRequest(await activate(stack.gateway.urls.graphql, activation(stack.account, { devices: devices(1, number) })));
  await send(1);
  stack.simulator.faults.expireSessions();
  const { posts } = stack.simulator.ledger;
  expect(await send(2)).toMatchObject({ status: 'IN_PROGRESS' });
  expect(posts.map(({ status }) => status)).toEqual([200, 400, 200]);
  stack.simulator.faults.expireSessions();
  const waiting = await Promise.all([send(3), send(4)]);
  expect(posts.map(({ status }) => status)).toEqual([200, 400, 200, 400]);
  expect(waiting.map(({ status }) => status)).toEqual(['QUEUED', 'QUEUED']);
  expect([...stack.simulator.ledger.performedPerDevice().values()]).toEqual([1, 1]);
});
