import { expect, test } from 'vitest';
import { changeServicePlan } from '../../src/operations/change-service-plan.ts';

const ACCOUNT = '0000123456-00001';
const customFields = [{ key: 'CustomField1', value: 'east' }];

test('the plan to choose by and the plan to set stay apart: in the body, in the list that is read, and in a retry', () => {
  const group = { groupName: '4G West', servicePlanFilter: 'm2m4G2GB', customFieldFilter: customFields };
  const parsed = changeServicePlan.parse({ accountName: ACCOUNT, servicePlan: 'm2m4G500MB', target: { group } });
  if ('faults' in parsed) throw new Error(JSON.stringify(parsed.faults));
  const { settings } = parsed.command;
  expect(changeServicePlan.filterOf(settings)).toEqual({ groupName: '4G West', servicePlan: 'm2m4G2GB', customFields });
  expect(changeServicePlan.actionOn(ACCOUNT, null, settings).body).toMatchObject({
    currentServicePlan: 'm2m4G2GB',
    servicePlan: 'm2m4G500MB',
  });
  const devices = [{ deviceIds: [{ kind: 'ICCID', id: '89148000000000000011' } as const] }];
  const retried = JSON.parse(JSON.stringify(changeServicePlan.withoutFilter(settings))) as Record<string, unknown>;
  expect(retried).toEqual({ servicePlan: 'm2m4G500MB' });
  expect(changeServicePlan.actionOn(ACCOUNT, devices, retried).body).toEqual({
    accountName: ACCOUNT,
    devices: [{ deviceIds: [{ kind: 'iccid', id: '89148000000000000011' }] }],
    servicePlan: 'm2m4G500MB',
  });
  expect(changeServicePlan.shownOf(settings)).toEqual([
    { name: 'servicePlan', value: 'm2m4G500MB' },
    { name: 'groupName', value: '4G West' },
    { name: 'currentServicePlan', value: 'm2m4G2GB' },
  ]);
});
