import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { devices, iccid } from '../support/devices.ts';
import { mutate } from '../support/mutations.ts';
import { postCallback } from '../support/post-callback.ts';
import { readMetric } from '../support/read-metric.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';

const read = (stack: Stack, name: string) => readMetric(stack.gateway.urls.admin, name);

test.concurrent('devices that stay silent are counted when they become overdue, stand in the gauge until they are settled, and are counted again when they expire', async () => {
  await using stack = await startStack({ env: { M2M_OVERDUE_AFTER_MS: '1000', M2M_EXPIRE_AFTER_MS: '4000' } });
  stack.simulator.faults.callbacks.withholdDevices = [iccid(2), iccid(3)];
  stack.simulator.faults.status('deviceList', 503, { times: Infinity });
  await activateDevices(stack, 3);
  for (const name of ['m2m_devices_lapsed_total{into="overdue"}', 'm2m_devices_lapsed_total{into="expired"}'])
    expect(await read(stack, name)).toBeNaN();
  expect(await read(stack, 'm2m_devices_overdue')).toBe(0);
  await until(async () => (await read(stack, 'm2m_devices_overdue')) === 2);
  expect(await read(stack, 'm2m_devices_lapsed_total{into="overdue"}')).toBe(2);
  await until(async () => (await read(stack, 'm2m_devices_lapsed_total{into="expired"}')) === 2);
  expect(await read(stack, 'm2m_devices_overdue')).toBe(0);
  expect(await read(stack, 'm2m_devices_reconciled_total')).toBe(0);
});

test.concurrent('devices whose result was learnt by asking the carrier are counted', async () => {
  await using stack = await startStack({ env: { M2M_OVERDUE_AFTER_MS: '1000' } });
  stack.simulator.faults.callbacks.withholdDevices = [iccid(1), iccid(3)];
  await activateDevices(stack, 3);
  await until(async () => (await read(stack, 'm2m_devices_reconciled_total')) === 2);
  expect(await read(stack, 'm2m_devices_overdue')).toBe(0);
});

test('messages that could not be applied are counted by reason, until they are applied after all', async () => {
  await using stack = await startStack({ env: { M2M_CALLBACK_USERNAME: 'user', M2M_CALLBACK_PASSWORD: 'password' } });
  stack.simulator.holdCallbacks();
  const { carrierRequestId: requestId } = await activateDevices(stack, 1);
  const kept = (reason: string) => read(stack, `m2m_callbacks_kept{reason="${reason}"}`);
  expect(await kept('unreadable')).toBeNaN();
  for (const body of ['one', 'two']) await postCallback(stack, 'CarrierService', body);
  await postCallback(stack, 'CarrierService', { requestId, username: 'user', password: 'a guess', status: 'Success' });
  await postCallback({ ...stack, account: stack.simulator.accounts[1] ?? '' }, 'CarrierService', { requestId, status: 'Success' });
  expect([await kept('unreadable'), await kept('quarantined'), await kept('foreign_request')]).toEqual([2, 1, 1]);
  await stack.query(
    'mutation { redriveDeadLetters(input: { ids: ["dead_1", "dead_2", "dead_3", "dead_4"], trustCredentials: true }) { outcome } }',
  );
  expect([await kept('unreadable'), await kept('quarantined'), await kept('foreign_request')]).toEqual([2, Number.NaN, 1]);
});

test('requests that wait for their turn at the carrier stand in the gauge until they leave or are cancelled', async () => {
  await using stack = await startStack({ env: { M2M_THINGSPACE_ACTIVATIONS_PER_MINUTE: '1', M2M_SUBMIT_WAIT_MS: '1000' } });
  stack.simulator.holdCallbacks();
  expect(await read(stack, 'm2m_send_queue_requests')).toBe(0);
  await activateDevices(stack, 1);
  const ids: string[] = [];
  for (const first of [2, 3]) {
    const input = { accountName: stack.account, servicePlan: 'm2m4G2GB', mdnZipCode: '98801', target: { devices: devices(1, first) } };
    ids.push((await mutate(stack, 'ActivateDevices', input)).request?.id ?? '');
  }
  expect(await read(stack, 'm2m_send_queue_requests')).toBe(2);
  await stack.query('mutation ($id: ID!) { cancelRequest(input: { requestId: $id }) { __typename } }', { id: ids[0] });
  expect(await read(stack, 'm2m_send_queue_requests')).toBe(1);
});

test('the lag of the event loop is shown', async () => {
  await using stack = await startStack();
  expect(await read(stack, 'm2m_event_loop_lag_seconds')).toBeGreaterThanOrEqual(0);
});
