import { expect, test } from 'vitest';
import { accountAnswer } from '../../src/datasources/thingspace/wire/account.ts';
import { parseWithDigits } from '../../src/datasources/thingspace/wire/carrier-values.ts';
import { connectionHistoryAnswer } from '../../src/datasources/thingspace/wire/connection-history.ts';
import { deviceGroupsAnswer, successAnswer } from '../../src/datasources/thingspace/wire/device-groups.ts';
import { leadsAnswer } from '../../src/datasources/thingspace/wire/leads.ts';
import { servicePlansAnswer } from '../../src/datasources/thingspace/wire/service-plans.ts';
import { readDeviceState } from '../../src/datasources/thingspace/wire/state-words.ts';
import { usageHistoryAnswer } from '../../src/datasources/thingspace/wire/usage-history.ts';

const SHAPES = {
  accountAnswer,
  connectionHistoryAnswer,
  deviceGroupsAnswer,
  leadsAnswer,
  servicePlansAnswer,
  successAnswer,
  usageHistoryAnswer,
};

test.each(Object.entries(SHAPES))('%s: what is no such answer is refused, and never read as an empty one', (_name, shape) => {
  for (const value of [undefined, null, 'text', 17, true, '']) expect([value, shape.safeParse(value).success]).toEqual([value, false]);
});

test('a plan without a code is left out; one without a name is called by its code; a size that is none is null', () => {
  expect(
    servicePlansAnswer.parse([
      { name: 'Placeholder', sizeKb: 0 },
      { Code: 'a', SizeKb: '50' },
      { name: 'B', code: 'b', sizeKb: 'much', carrierServicePlanCode: 7 },
    ]),
  ).toEqual([
    { name: 'a', code: 'a', sizeKb: 50, carrierServicePlanCode: null },
    { name: 'B', code: 'b', sizeKb: null, carrierServicePlanCode: '7' },
  ]);
  expect(servicePlansAnswer.parse([])).toEqual([]);
});

test('an account may leave out all but its name, and write its pools in another case', () => {
  expect(accountAnswer.parse({ accountName: 'a' })).toEqual({
    accountName: 'a',
    organizationName: null,
    isProvisioningAllowed: null,
    carriers: [],
    features: [],
    ipPools: [],
  });
  const { ipPools, carriers } = accountAnswer.parse({
    accountName: 'a',
    ipPools: { PoolName: 'p', isDefaultPool: 'true' },
    carriers: 'Verizon Wireless',
  });
  expect(ipPools).toEqual([{ name: 'p', type: null, isDefault: true }]);
  expect(carriers).toEqual(['Verizon Wireless']);
});

test('a group without a name and a lead without an id are left out', () => {
  expect(deviceGroupsAnswer.parse([{ description: 'x' }, { name: 'g' }])).toEqual([{ name: 'g', description: null, isDefault: false }]);
  expect(leadsAnswer.parse({ hasMoreData: 'true', leads: [{ leadState: 'x' }, { leadId: 7, address: 'somewhere' }] })).toEqual({
    hasMoreData: true,
    leads: [{ leadId: '7', state: null, address: null }],
  });
});

test('an event of a session is read by its keys, in any case; what is missing is null', () => {
  const attributes = [
    { key: 'BYTESUSED', value: 12 },
    { Key: 'event', Value: 'Stop' },
  ];
  const { events } = connectionHistoryAnswer.parse({
    connectionHistory: [{ occurredAt: '2026-03-01T10:30:00-04:00', connectionEventAttributes: attributes }, {}],
    hasMoreData: false,
  });
  expect(events).toEqual([
    { occurredAt: Date.parse('2026-03-01T14:30:00Z'), event: 'Stop', bytesUsed: '12' },
    { occurredAt: null, event: null, bytesUsed: null },
  ]);
});

test.each([
  ['{"bytesUsed":18446744073709551615}', '18446744073709551615'],
  ['{"bytesUsed":9007199254740991}', '9007199254740991'],
  ['{"bytesUsed":"18446744073709551616"}', '18446744073709551616'],
  ['{"bytesUsed":-1}', null],
  ['{"bytesUsed":1e300}', null],
  ['{"bytesUsed":1.5}', null],
])('the bytes of a day keep every digit: %s', (day, bytesUsed) => {
  const [event] = usageHistoryAnswer.parse(parseWithDigits(`{"usageHistory":[${day}]}`)).events;
  expect(event?.bytesUsed).toBe(bytesUsed);
});

test('a text that is no JSON has no digits to keep', () => {
  expect(parseWithDigits('{')).toBeUndefined();
});

test.each([
  ['pre-active', 'PRE_ACTIVE'],
  ['preactive', 'PRE_ACTIVE'],
  ['Active', 'ACTIVE'],
  ['suspend', 'SUSPENDED'],
  ['deactive', 'DEACTIVE'],
  ['pending activation', 'PENDING'],
  ['PENDING_DEACTIVATION', 'PENDING'],
  ['retired', 'OTHER'],
  [null, 'OTHER'],
])('the state %s is %s', (word, state) => {
  expect(readDeviceState(word)).toBe(state);
});
