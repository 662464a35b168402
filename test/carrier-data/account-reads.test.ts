import { afterAll, beforeAll, expect, test } from 'vitest';
import { CarrierClient } from '../simulator/support/carrier-client.ts';
import { startStack, type Stack } from '../support/stack.ts';

let stack: Stack;
beforeAll(async () => {
  stack = await startStack();
});
afterAll(() => stack[Symbol.asyncDispose]());

async function read<Data>(document: string, variables: Record<string, unknown> = {}): Promise<Data> {
  const { data, errors } = await stack.query<Data>(document, { account: stack.account, ...variables });
  if (errors || !data) throw new Error(JSON.stringify(errors));
  return data;
}

test('service plans are those that a mutation can name: a placeholder without a code is left out', async () => {
  const { servicePlans } = await read<{ servicePlans: { name: string; code: string }[] }>(
    'query ($account: String!) { servicePlans(accountName: $account) { name code sizeKb carrierServicePlanCode } }',
  );
  expect(servicePlans).toContainEqual({ name: '4G 2GB LTE', code: 'm2m4G2GB', sizeKb: 2_097_152, carrierServicePlanCode: 'm2m4G2GB' });
  expect(servicePlans.map(({ name }) => name)).not.toContain('Placeholder');
});

test('an account shows its networks, pools and features as the carrier tells them', async () => {
  const { account } = await read<{ account: unknown }>(`query ($account: String!) { account(accountName: $account) {
    accountName organizationName isProvisioningAllowed carriers features ipPools { name type isDefault } } }`);
  expect(account).toEqual({
    accountName: stack.account,
    organizationName: 'Simulated Organization',
    isProvisioningAllowed: true,
    carriers: ['Verizon Wireless'],
    features: ['NON-GEOGRAPHIC MDN'],
    ipPools: [
      { name: 'SimulatorDynamic', type: 'Dynamic IP', isDefault: true },
      { name: 'SimulatorStatic', type: 'Static IP', isDefault: false },
    ],
  });
});

interface Leads {
  readonly leads: {
    readonly nodes: readonly { readonly leadId: string; readonly address: { readonly zip: string } | null }[];
    readonly edges: readonly { readonly cursor: string }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

const LEADS = `query ($account: String!, $first: Int, $after: Cursor) { leads(accountName: $account, first: $first, after: $after) {
  nodes { leadId state address { zip } } edges { cursor } pageInfo { hasNextPage endCursor } } }`;
const ALL = ['1000000001', '1000000002', '1000000003', '1000000004', '1000000005'];

test.each([1, 2, 3, 100])('leads are read to the end over the carrier’s three pages, %i at a time, each once', async (first) => {
  const seen: string[] = [];
  let after: string | null = null;
  for (let more = true; more;) {
    const { leads }: Leads = await read<Leads>(LEADS, { first, after });
    expect(leads.nodes.length).toBeLessThanOrEqual(first);
    seen.push(...leads.nodes.map(({ leadId }) => leadId));
    more = leads.pageInfo.hasNextPage;
    after = leads.pageInfo.endCursor;
  }
  expect(seen).toEqual(ALL);
});

test('each lead has a cursor of its own, behind which the rest follows', async () => {
  const { leads } = await read<Leads>(LEADS);
  const rest = await read<Leads>(LEADS, { after: leads.edges[2]?.cursor });
  expect(rest.leads.nodes.map(({ leadId }) => leadId)).toEqual(ALL.slice(3));
});

test('callback registrations tell whose each listener is, and neither its path nor its password', async () => {
  const password = 'a-password-of-another-tool';
  const other = { name: 'DeviceUsage', url: 'https://user:word@other.example.com/secret-path', username: 'tool', password };
  const { simulator } = stack;
  await register(other);
  const { callbackRegistrations } = await read<{ callbackRegistrations: unknown[] }>(
    'query ($account: String!) { callbackRegistrations(accountName: $account) { callbackService owner deliversTo } }',
  );
  const origin = new URL(stack.gateway.urls.callbacks).origin;
  expect(callbackRegistrations).toHaveLength(4);
  expect(callbackRegistrations).toContainEqual({ callbackService: 'CarrierService', owner: 'OURS', deliversTo: origin });
  expect(callbackRegistrations).toContainEqual({ callbackService: 'DeviceUsage', owner: 'OTHER', deliversTo: 'https://other.example.com' });
  expect(simulator.listeners(stack.account)).toHaveLength(4);
  expect(JSON.stringify(callbackRegistrations)).not.toMatch(/secret-path|a-password|callbacks\//);
});

async function register(listener: object): Promise<void> {
  await using client = await CarrierClient.open(stack.simulator);
  await client.call('POST', `/callbacks/${stack.account}`, listener);
}
