import { expect, test } from 'vitest';
import { OPERATIONS } from '../../src/operations/index.ts';
import { activation } from '../carrier/support/activation.ts';
import { faultCodes, operator } from '../follow-up/support/operator.ts';
import { iccid } from '../support/devices.ts';
import { postCallback } from '../support/post-callback.ts';
import { startStack, type Stack } from '../support/stack.ts';
import { until } from '../support/until.ts';
import { PLACE } from '../support/valid-inputs.ts';

async function inputOf(stack: Stack, id: string): Promise<Record<string, string> | null | undefined> {
  const { data } = await stack.query<{ request: { input: { settings: { name: string; value: string }[] } | null } | null }>(
    `query ($id: ID!) { request(id: $id) { input { settings { name value } } } }`,
    { id },
  );
  const input = data?.request?.input;
  return input && Object.fromEntries(input.settings.map(({ name, value }) => [name, value]));
}

test('a request shows its plan, ZIP code and group, and nothing personal', async () => {
  await using stack = await startStack();
  const { activate } = operator(stack.gateway.urls.graphql);
  const shown = {
    servicePlan: 'm2m4G2GB',
    mdnZipCode: '98801',
    groupName: '4G East',
    skuNumber: 'VZW12',
    publicIpRestriction: 'restricted',
  };
  const hidden = {
    primaryPlaceOfUse: PLACE,
    customFields: [{ key: 'CustomField1', value: 'Arthur Dent' }],
    costCenterCode: 'Arthur Dent',
    clientReference: 'mine',
  };
  const { id } = await activate(activation(stack.account, { ...shown, ...hidden }));
  expect(await inputOf(stack, id)).toEqual(shown);
});

test('the group of a group request is shown, and a retry shows what it sends', async () => {
  await using stack = await startStack();
  const { activate, ended, retry } = operator(stack.gateway.urls.graphql);
  // So the activation fails.
  for (const device of stack.simulator.inventory.find({ account: stack.account, groupName: '4G West' })) device.state = 'active';
  const group = { groupName: '4G West', customFieldFilter: [{ key: 'CustomField2', value: 'SuperVend' }] };
  const { id } = await activate(activation(stack.account, { target: { group } }));
  expect(await inputOf(stack, id)).toEqual({ servicePlan: 'm2m4G2GB', mdnZipCode: '98801', groupName: '4G West' });
  await ended(id);
  const result = await retry({ requestId: id });
  if (result.__typename !== 'RetryFailedDevicesAccepted') throw new Error(faultCodes(result).join());
  expect(await inputOf(stack, result.request.id)).toEqual({ servicePlan: 'm2m4G2GB', mdnZipCode: '98801' });
});

test('another tool’s request has no input', async () => {
  await using stack = await startStack({ register: false, env: { M2M_ADOPT_AFTER_MS: '1000' } });
  const requestId = 'a5e1f7c0-0000-4000-8000-000000000001';
  await postCallback(stack, 'CarrierService', { requestId, deviceIds: [{ kind: 'iccid', id: iccid(1) }], status: 'Success' });
  await until(async () => (await inputOf(stack, requestId)) !== undefined);
  expect(await inputOf(stack, requestId)).toBeNull();
});

test('what a field is not said to be shown is hidden: values that are lists or objects, and fields of an older version', () => {
  for (const operation of OPERATIONS) {
    const settings = {
      servicePlan: { secret: 'x' },
      groupName: ['x'],
      leadId: 'x',
      costCenterCode: 'x',
      formerField: 'x',
      mdnZipCode: null,
    };
    expect([operation.name, operation.shownOf(settings)]).toEqual([operation.name, []]);
  }
});
