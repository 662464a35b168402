import { parse, validate } from 'graphql';
import { expect, test } from 'vitest';
import { exampleTabs, nameOfTab } from '../../scripts/sandbox/example-tabs.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { OPERATIONS } from '../../src/operations/index.ts';
import { schema } from '../../src/schema/index.ts';

const tabs = await exampleTabs();
const tabNamed = (name: string) => tabs.find((tab) => nameOfTab(tab) === name);

test('the tabs come in the order in which somebody new goes through them', () => {
  const [first, ...others] = OPERATIONS.map(({ typeName }) => typeName);
  const carrier = ['CreateDeviceGroup', 'FillForm', 'ListDevices', 'ShowDevice'];
  const requests = ['ListRequests', 'FollowAccount', 'ShowRequest', 'UnclaimedCallbacks'];
  expect(tabs.map(nameOfTab)).toEqual([first, 'FollowRequest', ...others.toSorted(), ...carrier, ...requests]);
});

test.each(tabs)('a tab is valid against the schema, says what it does, and has its variables: $query', ({ query, variables }) => {
  expect(validate(schema, parse(query))).toEqual([]);
  expect(query).toMatch(/^# [A-Z]/);
  expect(JSON.parse(variables)).toBeTypeOf('object');
});

test('a tab that names a device names one of the carrier’s, in a state in which the operation succeeds', async () => {
  await using simulator = await startSimulator({ adminPort: false });
  const state = (id: string) => {
    const device = simulator.inventory.devices.find(({ identifiers }) => Object.values(identifiers).includes(id));
    return device?.profile?.state ?? device?.state;
  };
  const states = (text: string | undefined) => identifiersIn(text).map(state);
  const [activate, renew, resume] = ['ActivateDevices', 'RenewActivationCode', 'ResumeProfile'].map(tabNamed);
  expect(states(activate?.variables)).toEqual(['pre-active', 'pre-active', undefined, undefined, undefined, undefined]);
  expect(states(activate?.query)).toEqual(['pre-active', 'pre-active']);
  expect(states(renew?.variables)).toEqual(['DEACTIVE', 'DEACTIVE']);
  expect(states(renew?.query)).toEqual(['DEACTIVE', 'DEACTIVE']);
  expect(states(resume?.variables)).toEqual(['SUSPEND']);
  expect(states(resume?.query)).toEqual(['SUSPEND', 'ACTIVE']);
  expect(states(tabNamed('CreateDeviceGroup')?.variables)).toEqual(['pre-active', 'suspend']);
  expect(states(tabNamed('ShowDevice')?.variables)).toEqual(['ACTIVE']);
  expect(states(tabNamed('FollowRequest')?.query)).toEqual([]);
});

test('a tab names the simulated carrier where it really is', async () => {
  const moved = await exampleTabs('http://127.0.0.1:5555/admin');
  expect(moved.at(-1)?.query).toContain('curl http://127.0.0.1:5555/admin/callbacks/emit');
});

/** Every IMEI, ICCID and EID in a text. */
function identifiersIn(text = ''): string[] {
  return text.match(/\b\d{15,}\b/g) ?? [];
}
