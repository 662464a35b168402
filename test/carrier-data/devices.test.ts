import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Device } from '../../simulator/devices/device.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack({ simulator: { devicesPerAccount: 25 } });
});
afterAll(() => stack[Symbol.asyncDispose]());

async function read<Data>(document: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const { data, errors } = await stack.query<Data>(document, { account: stack.account, ...variables });
  if (errors || !data) throw new Error(JSON.stringify(errors));
  return data;
}

interface Devices {
  readonly devices: {
    readonly nodes: readonly { readonly identifiers: readonly { readonly kind: string; readonly value: string }[] }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

const LIST = `query ($account: String!, $filter: DeviceListFilter, $first: Int, $after: Cursor) {
  devices(accountName: $account, filter: $filter, first: $first, after: $after) {
    nodes { identifiers { kind value } state } pageInfo { hasNextPage endCursor } } }`;

const iccidsOf = ({ devices }: Devices) => devices.nodes.map(({ identifiers }) => identifiers.find(({ kind }) => kind === 'ICCID')?.value);
const known = (matches: (device: Device) => boolean = () => true) =>
  stack.simulator.inventory.find({ account: stack.account }).filter(matches);
const iccids = (devices: readonly Device[]) => devices.map(({ identifiers }) => identifiers.iccid);

test('an account is read to the end over three pages, one question for each, in the carrier’s order', async () => {
  stack.simulator.ledger.clear();
  const seen: (string | undefined)[] = [];
  let after: string | null = null;
  const sizes: number[] = [];
  for (let more = true; more;) {
    const page: Devices = await read<Devices>(LIST, { first: 10, after });
    sizes.push(page.devices.nodes.length);
    seen.push(...iccidsOf(page));
    ({ hasNextPage: more, endCursor: after } = page.devices.pageInfo);
  }
  expect(sizes).toEqual([10, 10, 5]);
  expect(seen).toEqual(iccids(known()));
  expect(stack.simulator.ledger.counts.calls['deviceList']).toBe(3);
});

test.each<[what: string, filter: object, matches: (device: Device) => boolean]>([
  ['a state', { state: 'SUSPENDED' }, ({ state }) => state === 'suspend'],
  ['a service plan', { servicePlan: 'HybridESim' }, ({ servicePlan }) => servicePlan === 'HybridESim'],
  ['a group', { groupName: 'eSIM Fleet' }, ({ groupName }) => groupName === 'eSIM Fleet'],
  [
    'a group and a custom field',
    { groupName: '4G West', customFields: [{ key: 'CustomField2', value: 'SuperVend' }] },
    ({ groupName, customFields }) => groupName === '4G West' && customFields.has('CustomField2'),
  ],
  [
    'a part of an identifier',
    { identifier: { kind: 'ICCID', startsWith: '8914 8000', contains: '7' } },
    ({ identifiers }) => identifiers.iccid?.includes('7') === true,
  ],
  ['the end of one', { identifier: { kind: 'IMEI', endsWith: '3' } }, ({ identifiers }) => identifiers.imei?.endsWith('3') === true],
])('a list may be narrowed by %s', async (_what, filter, matches) => {
  expect(iccidsOf(await read<Devices>(LIST, { filter }))).toEqual(iccids(known(matches)));
  expect(known(matches).length).toBeGreaterThan(0);
  expect(known(matches).length).toBeLessThan(25);
});

test.each([
  [{ identifier: { kind: 'ICCID' } }, 'filter.identifier'],
  [{ identifier: { kind: 'IMSI', contains: '1' } }, 'filter.identifier.kind'],
  [{ identifier: { kind: 'ICCID', contains: '--' } }, 'filter.identifier.contains'],
  [{ groupName: "it's" }, 'filter.groupName'],
  [{ customFields: [{ key: 'CustomField9', value: 'x' }] }, 'filter.customFields.0.key'],
])('a filter that the carrier cannot use is refused before it is asked: %j', async (filter, path) => {
  stack.simulator.ledger.clear();
  const { errors } = await stack.query(LIST, { account: stack.account, filter });
  expect(errors).toMatchObject([{ extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringContaining(`\`${path}\``) as string }]);
  expect(stack.simulator.ledger.counts.calls['deviceList'] ?? 0).toBe(0);
});

const ONE = `query ($account: String!, $id: DeviceIdentifierInput!) { device(accountName: $account, id: $id) {
  accountName identifiers { kind value } state stateText profileStatus servicePlan groups customFields { key value }
  costCenterCode skuNumber ipAddress isConnected createdAt lastActivationAt lastConnectionAt } }`;

test('one device shows all that the carrier knows of it, but not the name and address of its user', async () => {
  const device = known(({ profile }) => profile?.state === 'ACTIVE')[0];
  if (!device) throw new Error('There is no such device.');
  device.placeOfUse.set('PrimaryPlaceOfUseLastName', 'Nobody');
  device.costCenterCode = 'cost-7';
  const second = (ms: number) => new Date(Math.floor(ms / 1000) * 1000).toISOString();
  const found = await read<{ device: unknown }>(ONE, { id: { kind: 'ICCID', value: device.identifiers.iccid } });
  expect(found.device).toMatchObject({
    accountName: stack.account,
    state: 'ACTIVE',
    stateText: 'active',
    profileStatus: 'ENABLE',
    servicePlan: 'HybridESim',
    groups: ['eSIM Fleet'],
    customFields: [...device.customFields].map(([key, value]) => ({ key, value })),
    costCenterCode: 'cost-7',
    skuNumber: null,
    ipAddress: device.ipAddress,
    isConnected: true,
    createdAt: second(device.createdAt),
    lastActivationAt: second(device.lastActivationAt ?? 0),
  });
  expect(JSON.stringify(found)).not.toContain('Nobody');
  expect(await read(ONE, { id: { kind: 'MDN', value: device.identifiers.mdn } })).toEqual(found);
});

test('a change under way is PENDING, whatever it is', async () => {
  const [device] = known(({ state }) => state === 'pre-active');
  const id = { kind: 'ICCID', value: device?.identifiers.iccid };
  device?.pendingStates.push('pending something');
  const state = 'query ($account: String!, $id: DeviceIdentifierInput!) { device(accountName: $account, id: $id) { state stateText } }';
  expect(await read(state, { id })).toEqual({ device: { state: 'PENDING', stateText: 'pending something' } });
  device?.pendingStates.pop();
});

test('a device that the account does not have is null, also when it is another account’s', async () => {
  expect(await read(ONE, { id: { kind: 'ICCID', value: '89148009999999999999' } })).toEqual({ device: null });
  const [foreign] = stack.simulator.inventory.find({ account: stack.simulator.accounts[1] ?? '' });
  expect(await read(ONE, { id: { kind: 'ICCID', value: foreign?.identifiers.iccid } })).toEqual({ device: null });
});

const ACTIVITY = `query ($account: String!, $id: DeviceIdentifierInput!, $since: DateTime!, $until: DateTime, $first: Int) {
  device(accountName: $account, id: $id) {
    history(since: $since, until: $until, first: $first) { hasMore entries { occurredAt event result servicePlan mdn } }
    connections(since: $since, until: $until, first: $first) { hasMore entries { occurredAt event eventText bytesUsed } }
    usage(since: $since, until: $until, first: $first) { hasMore entries { startsAt bytesUsed smsUsed servicePlan } } } }`;

interface Activity {
  readonly device: Record<
    'history' | 'connections' | 'usage',
    { readonly hasMore: boolean; readonly entries: readonly Readonly<Record<string, string>>[] }
  >;
}

test('history, connections and usage of a range are told, the oldest first, and whether there is more', async () => {
  const device = known(({ state, nbIot }) => state === 'active' && !nbIot)[0];
  if (!device) throw new Error('There is no such device.');
  const id = { kind: 'ICCID', value: device.identifiers.iccid };
  const since = new Date(device.lastActivationAt ?? 0).toISOString();
  const until = new Date((device.lastActivationAt ?? 0) + 5 * 86_400_000).toISOString();
  const all = (await read<Activity>(ACTIVITY, { id, since, until })).device;
  expect(all.history).toMatchObject({
    hasMore: false,
    entries: [{ event: 'Activation Confirmed', result: 'Success', servicePlan: 'm2m4G2GB' }],
  });
  expect(all.usage.entries).toHaveLength(5);
  const bytes = all.connections.entries.filter(({ event }) => event === 'STOP').map(({ bytesUsed }) => BigInt(bytesUsed ?? ''));
  expect(bytes.length).toBeGreaterThan(4);
  expect(new Set(all.connections.entries.map(({ event, eventText }) => `${event} ${eventText}`))).toEqual(
    new Set(['START Start', 'STOP Stop']),
  );
  const times = all.connections.entries.map(({ occurredAt }) => occurredAt ?? '');
  expect(times).toEqual(times.toSorted());
  const few = (await read<Activity>(ACTIVITY, { id, since, until, first: 2 })).device;
  expect(few.connections).toEqual({ hasMore: true, entries: all.connections.entries.slice(0, 2) });
  expect(few.usage).toEqual({ hasMore: true, entries: all.usage.entries.slice(0, 2) });
});

test('a year of connections takes the carrier several pages: one is shown, with how to go on', async () => {
  const device = known(({ state }) => state === 'active').toSorted(
    (one, other) => (one.lastActivationAt ?? 0) - (other.lastActivationAt ?? 0),
  )[0];
  const id = { kind: 'ICCID', value: device?.identifiers.iccid };
  let since = new Date(Math.max(device?.lastActivationAt ?? 0, Date.now() - 360 * 86_400_000)).toISOString();
  const seen = new Map<string, string>();
  for (let more = true; more;) {
    const { connections } = (await read<Activity>(ACTIVITY, { id, since, first: 500 })).device;
    for (const each of connections.entries) seen.set(`${each['occurredAt']} ${each['event']}`, each['bytesUsed'] ?? '');
    more = connections.hasMore;
    expect(connections.entries.length).toBeLessThanOrEqual(500);
    since = connections.entries.at(-1)?.['occurredAt'] ?? since;
  }
  expect(seen.size).toBeGreaterThan(500);
});

test.each([
  [{ since: '2026-01-02T00:00:00Z', until: '2026-01-01T00:00:00Z' }, /before/],
  [{ since: '2020-01-01T00:00:00Z', until: '2026-01-01T00:00:00Z' }, /366 days/],
])('a range must be one that can be asked for: %j', async (range, message) => {
  const [device] = known();
  const { data, errors } = await stack.query<{ device: object }>(ACTIVITY, {
    account: stack.account,
    id: { kind: 'ICCID', value: device?.identifiers.iccid },
    ...range,
  });
  expect(data?.device).toEqual({ history: null, connections: null, usage: null });
  expect(errors).toHaveLength(3);
  for (const error of errors ?? [])
    expect(error).toMatchObject({ extensions: { code: 'BAD_USER_INPUT' }, message: expect.stringMatching(message) as string });
});

test('a device shows what this gateway did with it, and what is not over yet', async () => {
  stack.simulator.holdCallbacks();
  const { id: requestId } = await activateDevices(stack, 1, { first: 501 });
  const ask = () =>
    read<{ device: { requests: { nodes: { id: string }[] }; pending: { id: string; status: string }[] } }>(
      `query ($account: String!, $id: DeviceIdentifierInput!) { device(accountName: $account, id: $id) {
        requests { nodes { id } pageInfo { hasNextPage } } pending { id status } } }`,
      { id: { kind: 'ICCID', value: '89148000000000000501' } },
    );
  expect(await ask()).toMatchObject({
    device: { requests: { nodes: [{ id: requestId }] }, pending: [{ id: requestId, status: 'IN_PROGRESS' }] },
  });
});
