import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { startCallbackSenders } from '../support/callback-senders.ts';
import { deviceCallback } from '../support/device-callback.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { startSpawnedStack } from '../support/spawned-stack.ts';
import { graphql } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const FAULTS = fileURLToPath(new URL('./support/thread-faults.mjs', import.meta.url));
const DEVICES = 400;

/** @param end the main thread is busy until this file is there. */
function startFaulty(fault: string, { options = '', end = '' } = {}) {
  return startSpawnedStack({ env: { NODE_OPTIONS: `--import ${FAULTS} ${options}`, THREAD_FAULT: fault, THREAD_FAULT_END: end } });
}

test('while the main thread is busy callbacks are acknowledged, and GraphQL shows them afterwards', async () => {
  await using folder = await tempFolder();
  const end = `${folder.path}/end`;
  await using stack = await startFaulty('MAIN_IS_BUSY', { end });
  const { gateway } = stack;
  stack.simulator.holdCallbacks();
  const { id, carrierRequestId } = await activateDevices(stack, DEVICES);
  await using senders = startCallbackSenders(stack.callbackUrl(), {
    senders: 4,
    total: DEVICES,
    body: (number) => deviceCallback(carrierRequestId, number + 1),
  });
  gateway.kill('SIGUSR2');
  await until(() => gateway.output().includes('main thread: busy'));
  await senders.finished;
  expect({ acknowledged: senders.acknowledged.size, others: [...senders.others] }).toEqual({ acknowledged: DEVICES, others: [] });
  writeFileSync(end, '');
  const { data } = await stack.query('query ($id: ID!) { request(id: $id) { status progress { succeeded } } }', { id });
  expect(data).toEqual({ request: { status: 'SUCCEEDED', progress: { succeeded: DEVICES } } });
});

test('when the main thread is out of memory, what was acknowledged until the process ends is there after the restart', async () => {
  await using stack = await startFaulty('MAIN_FILLS_MEMORY', { options: '--max-old-space-size=300' });
  const { gateway } = stack;
  stack.simulator.holdCallbacks();
  const { id, carrierRequestId } = await activateDevices(stack, 5_000);
  await using senders = startCallbackSenders(stack.callbackUrl(), {
    senders: 4,
    total: 5_000,
    body: (number) => deviceCallback(carrierRequestId, number + 1),
  });
  gateway.kill('SIGUSR2');
  await until(() => gateway.output().includes('main thread: busy'));
  const before = senders.acknowledged.size;
  expect(await gateway.exited).not.toBe(0);
  expect(senders.acknowledged.size).toBeGreaterThan(before);
  await using next = await spawnGateway(stack.env);
  const { data } = await graphql<{ request: { progress: { succeeded: number } } }>(
    next.graphql,
    'query ($id: ID!) { request(id: $id) { progress { succeeded } } }',
    { id },
  );
  // Some may have been stored whose acknowledgement did not arrive.
  expect(data?.request.progress.succeeded).toBeGreaterThanOrEqual(senders.acknowledged.size);
});

test.each([
  ['INTAKE_THROWS', 'The thread that takes callbacks has failed'],
  ['INTAKE_EXITS', 'The thread that takes callbacks has ended'],
])('%s: the process ends, not with 0, and says so', async (fault, told) => {
  await using stack = await startFaulty(fault);
  stack.gateway.kill('SIGUSR2');
  expect(await stack.gateway.exited).toBe(1);
  expect(stack.gateway.output()).toContain(told);
});

test('an intake that fails while the main thread is busy ends the process all the same', async () => {
  await using stack = await startFaulty('BOTH_FAIL');
  stack.gateway.kill('SIGUSR2');
  expect(await stack.gateway.exited).toBe('SIGKILL');
});

test('a gateway whose intake does nothing any more is not live', async () => {
  await using stack = await startFaulty('INTAKE_STOPS');
  // Nothing tells that there will be no answer. Only the first question must be answered, however long it takes.
  const isLive = (door: string, signal: AbortSignal | null = null) =>
    request(`${door}/health/live`, { signal }).then(
      ({ statusCode }) => statusCode === 200,
      () => false,
    );
  const doors = [stack.gateway.admin, new URL(stack.gateway.graphql).origin];
  expect(await Promise.all(doors.map((door) => isLive(door)))).toEqual([true, true]);
  stack.gateway.kill('SIGUSR2');
  const soon = (door: string) => isLive(door, AbortSignal.timeout(2_000));
  await until(async () => !(await soon(stack.gateway.admin)));
  expect(await Promise.all(doors.map(soon))).toEqual([false, false]);
  stack.gateway.kill('SIGKILL');
});
