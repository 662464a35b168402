import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Device } from '../../simulator/devices/device.ts';
import { startStack, type Stack } from '../support/stack.ts';

const CHECK = `query ($account: String!, $operation: Operation!, $devices: [LineInput!]!, $after: Cursor) {
  checkDevices(accountName: $account, operation: $operation, devices: $devices, after: $after) {
    isComplete cursor devices { index verdict state } } }`;

interface Check {
  readonly isComplete: boolean;
  readonly cursor: string | null;
  readonly devices: readonly { readonly index: number; readonly verdict: string; readonly state: string | null }[];
}

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ simulator: { devicesPerAccount: 1_200 }, env: { M2M_THINGSPACE_READS_PER_MINUTE: '600' } });
});
afterAll(() => stack[Symbol.asyncDispose]());

const named = (value: string) => ({ deviceIds: [{ kind: 'ICCID', value }] });
const iccidOf = ({ identifiers }: Device) => identifiers.iccid ?? '';
const some = (state: Device['state']) => stack.simulator.inventory.find({ account: stack.account, state }).map(iccidOf);

async function check(operation: string, iccids: readonly string[], { account = stack.account, after = null as string | null } = {}) {
  const variables = { account, operation, devices: iccids.map(named), after };
  const { data, errors } = await stack.query<{ checkDevices: Check | null }>(CHECK, variables);
  if (!data?.checkDevices) throw new Error(JSON.stringify(errors));
  return data.checkDevices;
}

const verdicts = ({ devices }: Check) => devices.map(({ verdict }) => verdict);

test.each([
  ['SUSPEND_DEVICES', ['READY', 'DONE', 'NOT_ALLOWED', 'NOT_ALLOWED', 'NOT_FOUND']],
  ['RESTORE_DEVICES', ['DONE', 'READY', 'NOT_ALLOWED', 'NOT_ALLOWED', 'NOT_FOUND']],
  ['ACTIVATE_DEVICES', ['DONE', 'NOT_ALLOWED', 'READY', 'READY', 'READY']],
  ['DEACTIVATE_DEVICES', ['READY', 'NOT_ALLOWED', 'DONE', 'NOT_ALLOWED', 'NOT_FOUND']],
])('%s: each device by its state at the carrier', async (operation, expected) => {
  const [active = '', suspended = '', deactive = '', fresh = ''] = (['active', 'suspend', 'deactive', 'pre-active'] as const).map(
    (state) => some(state)[0],
  );
  const checked = await check(operation, [active, suspended, deactive, fresh, '89148000000000000999']);
  expect(verdicts(checked)).toEqual(expected);
  expect(checked).toMatchObject({ isComplete: true, cursor: null });
  expect(checked.devices.map(({ state }) => state)).toEqual(['ACTIVE', 'SUSPENDED', 'DEACTIVE', 'PRE_ACTIVE', null]);
});

test('many devices are checked by reading the list page by page, and each is told once', async () => {
  stack.simulator.ledger.clear();
  const all = [...some('active'), ...some('suspend'), '89148000000000000999'];
  const checked = await check('SUSPEND_DEVICES', all);
  expect(stack.simulator.ledger.counts.calls['deviceList']).toBe(3);
  expect(checked.devices.map(({ index }) => index)).toEqual([...all.keys()]);
  const counts = Map.groupBy(verdicts(checked), (verdict) => verdict);
  expect(counts.get('READY')).toHaveLength(some('active').length);
  expect(counts.get('DONE')).toHaveLength(some('suspend').length);
  expect(counts.get('NOT_FOUND')).toHaveLength(1);
});

test('when the share of questions is used up, the rest is NOT_CHECKED, and the cursor goes on from there', async () => {
  await using poor = await startStack({ simulator: { devicesPerAccount: 1_200 }, env: { M2M_THINGSPACE_READS_PER_MINUTE: '4' } });
  const own = poor.simulator.inventory.find({ account: poor.account, state: 'active' }).map(iccidOf);
  const ask = async (iccids: readonly string[], after: string | null) => {
    const variables = { account: poor.account, operation: 'SUSPEND_DEVICES', devices: iccids.map(named), after };
    const { data } = await poor.query<{ checkDevices: Check | null }>(CHECK, variables);
    return data?.checkDevices;
  };
  const first = await ask(own, null);
  expect(first).toMatchObject({ isComplete: false, cursor: expect.any(String) });
  const left = (first?.devices ?? []).filter(({ verdict }) => verdict === 'NOT_CHECKED').map(({ index }) => own[index] ?? '');
  expect(left.length).toBeGreaterThan(0);
  expect(left.length).toBeLessThan(own.length);
  poor.simulator.ledger.clear();
  const more = await poor.query<{ checkDevices: Check | null }>(CHECK, {
    account: poor.account,
    operation: 'SUSPEND_DEVICES',
    devices: left.map(named),
    after: first?.cursor,
  });
  // The share is still used up. So nothing is read, and the caller is told when to come again.
  expect(more).toMatchObject({ data: { checkDevices: null }, errors: [{ extensions: { code: 'RATE_LIMITED' } }] });
});

test('an account that the caller may not read is not found, and nothing is asked', async () => {
  stack.simulator.ledger.clear();
  await expect(check('SUSPEND_DEVICES', some('active').slice(0, 1), { account: '0000000000-00009' })).rejects.toThrow('NOT_FOUND');
  expect(stack.simulator.ledger.counts.calls['deviceList'] ?? 0).toBe(0);
});
