import { CarrierClient } from '../../simulator/support/carrier-client.ts';
import { ACCOUNT, canary } from '../canaries.ts';
import type { GuardedStack } from './guarded-stack.ts';

const READ = `query ($account: String!, $id: DeviceIdentifierInput!, $part: String!, $since: DateTime!) {
  servicePlans(accountName: $account) { name code } account(accountName: $account) { accountName ipPools { name } }
  leads(accountName: $account, first: 2) { nodes { leadId } } callbackRegistrations(accountName: $account) { callbackService owner deliversTo }
  deviceGroups(accountName: $account) { name description }
  devices(accountName: $account, filter: { identifier: { kind: ICCID, contains: $part } }) { nodes { identifiers { value } } }
  device(accountName: $account, id: $id) { identifiers { value } customFields { key value } costCenterCode groups ipAddress
    history(since: $since) { entries { event result } } connections(since: $since) { entries { event } } usage(since: $since) { entries { bytesUsed } }
    requests { nodes { id } } pending { id } } }`;

/**
 * Callers read what the carrier has of an account. The record of the device names its user, another tool has a listener, and a group
 * is made.
 *
 * @param iccid of a device whose record has markers.
 */
export async function readCarrierData(stack: GuardedStack, iccid: string): Promise<void> {
  await using client = await CarrierClient.open(stack.simulator);
  await client.call('POST', `/callbacks/${ACCOUNT}`, {
    name: 'StateService',
    url: `https://tool:${canary('otherListenerUrl')}@other.example.com/${canary('otherListenerUrl')}?key=${canary('otherListenerUrl')}`,
    username: 'tool',
    password: canary('otherListenerPassword'),
  });
  const since = new Date(Date.now() - 86_400_000).toISOString();
  const variables = { account: ACCOUNT, id: { kind: 'ICCID', value: iccid }, part: canary('searchedPart'), since };
  for (const who of ['owner', 'reader'] as const) {
    const { data, errors } = await stack.ask(who, READ, variables);
    if (!data || errors) throw new Error(`not read: ${JSON.stringify(errors)}`);
  }
  const mutation = `mutation ($input: CreateDeviceGroupInput!) { createDeviceGroup(input: $input) {
    ... on DeviceGroupSaved { group { name description } } } }`;
  const input = { accountName: ACCOUNT, name: canary('newGroupName'), description: canary('groupDescription') };
  const { errors } = await stack.ask('owner', mutation, { input });
  if (errors) throw new Error(`not made: ${JSON.stringify(errors)}`);
}
