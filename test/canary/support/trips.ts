import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { readSse } from '../../support/sse-client.ts';
import { until } from '../../support/until.ts';
import { ACCOUNT, canary, OTHER_ACCOUNT } from '../canaries.ts';
import type { GuardedStack, Who } from './guarded-stack.ts';
import * as say from './marked-callbacks.ts';
import * as give from './marked-inputs.ts';

const LEGACY = '89148007301946284001';
const DOOMED = '89148007301946284002';
/** Devices whose records the carrier shows with markers. */
export const SILENT = ['89148007301946284003', '89148007301946284004'] as const;

/** A mutation that the carrier takes on: our id and the carrier's. */
export async function submit(stack: GuardedStack, document: string, input: object): Promise<{ id: string; carrierRequestId: string }> {
  const { data, errors } = await stack.ask<give.Submitted>('owner', document, { input });
  const request = data?.result.request;
  const carrierRequestId = request?.carrierRequests?.[0]?.carrierRequestId;
  if (!request || !carrierRequestId) throw new Error(`not taken on: ${JSON.stringify(data ?? errors)}`);
  return { id: request.id, carrierRequestId };
}

/** A callback that must be acknowledged. */
export async function deliver(stack: GuardedStack, ...[body, options]: Parameters<GuardedStack['callback']>): Promise<void> {
  const status = await stack.callback(body, options);
  if (status !== 200) throw new Error(`the callback was answered ${status}`);
}

/** Sends the mutations with every field, follows them in both ways, and sends every kind of callback. */
export async function runMutations(stack: GuardedStack): Promise<void> {
  const main = await submit(stack, give.ACTIVATE, give.activation([canary('iccid'), LEGACY, DOOMED]));
  await submit(stack, give.ACTIVATE, give.activation([canary('iccid'), LEGACY, DOOMED]));
  const followers = [overSocket(stack, 'owner', main.id), overSocket(stack, 'reader', main.id), overEvents(stack, 'owner', main.id)];
  followers.push(overEvents(stack, 'bearer', main.id));
  await deliver(stack, say.activated(main.carrierRequestId));
  await deliver(stack, say.legacyXml(main.carrierRequestId, LEGACY), { contentType: 'text/xml', secret: canary('callbackPreviousSecret') });
  await deliver(stack, say.nidd(main.carrierRequestId), { service: 'NiddService' });
  const previous = { username: canary('previousUsername'), password: canary('previousPassword') };
  const contradiction = { ...say.activated(main.carrierRequestId, { password: 'contradictingPassword' }), status: 'Failed', ...previous };
  await deliver(stack, contradiction);
  await deliver(stack, say.failed(main.carrierRequestId, DOOMED), {
    headers: { 'user-agent': canary('callbackUserAgent'), 'x-forwarded-for': canary('forwardedFor') },
    query: `?password=${canary('callbackQuery')}`,
  });
  await Promise.all(followers);
  const again = await submit(stack, give.RETRY, { requestId: main.id });
  await deliver(stack, say.activated(again.carrierRequestId, { iccid: DOOMED, password: 'duplicatePassword' }));
  for (const callbackCount of [2, 3])
    await deliver(stack, { ...say.activated(again.carrierRequestId, { iccid: DOOMED, password: 'duplicatePassword' }), callbackCount });

  const eid = [
    { kind: 'EID', value: canary('eid') },
    { kind: 'ICCID', value: '89148007301946284005' },
  ];
  const renewal = await submit(stack, give.RENEW, { accountName: ACCOUNT, devices: [{ deviceIds: eid }] });
  await deliver(stack, say.renewed(renewal.carrierRequestId, 'activationCode'), { service: 'DeviceProfileService' });
  await deliver(stack, say.quarantined(renewal.carrierRequestId), { service: 'DeviceProfileService' });
  // Refused by the carrier: it knows neither the lead nor the groups.
  for (const more of [{ leadId: canary('leadId') }, { groupName: canary('groupName') }])
    await stack.ask('owner', give.ACTIVATE, { input: give.slimActivation('89148007301946284009', more) });
  const group = { groupName: canary('filterGroup'), customFieldFilter: [{ key: 'CustomField1', value: canary('filterValue') }] };
  await stack.ask('owner', give.ACTIVATE, { input: { ...give.slimActivation(''), target: { group } } });
}

/** Sends callbacks of unknown requests and of other accounts, and unreadable ones. */
export async function sendStrangeMessages(stack: GuardedStack): Promise<void> {
  const foreign = await submit(stack, give.ACTIVATE, { ...give.slimActivation('89148007301946284010'), accountName: OTHER_ACCOUNT });
  await deliver(stack, say.activated(foreign.carrierRequestId, { password: 'foreignPassword' }));
  for (const { body, contentType } of say.unreadable()) await deliver(stack, body, { ...(contentType && { contentType }) });
  await deliver(stack, say.renewed(canary('unclaimedId'), 'externalActivationCode'), { service: 'DeviceProfileService' });
  await deliver(stack, say.activated(canary('unclaimedId'), { password: 'externalPassword' }));
  for (const body of say.usage()) await deliver(stack, body, { service: 'DeviceUsage' });
  for (const who of ['owner', 'reader', 'bearer'] as const) await stack.ask(who, give.everything(who === 'owner' ? 'owner' : 'reader'));
  await stack.look();
}

/** The carrier sends no callbacks, so the gateway asks it. Its device list and history name customers too. */
export async function reconcileSilentDevices(stack: GuardedStack): Promise<void> {
  const named = (ids: readonly string[]) => ids.map((id) => ({ deviceIds: [{ kind: 'ICCID', value: id }] }));
  const requests = [
    await submit(stack, give.RESUME, { accountName: ACCOUNT, devices: named(['89148007301946284006']) }),
    await submit(stack, give.ACTIVATE, { ...give.slimActivation(''), target: { devices: named(SILENT) } }),
  ];
  for (const id of SILENT) {
    const device = stack.simulator.inventory.byIdentifiers([{ kind: 'iccid', id }]);
    device?.placeOfUse.set('PrimaryPlaceOfUseFirstName', canary('listedFirstName'));
    device?.placeOfUse.set('PrimaryPlaceOfUseLastName', canary('listedLastName'));
    device?.placeOfUse.set('PrimaryPlaceOfUseEmailAddress', canary('listedEmail'));
    device?.customFields.set('CustomField2', canary('listedCustomField'));
  }
  await Promise.all(requests.map(({ id }) => overSocket(stack, 'owner', id)));
  await until(async () => JSON.stringify(await stack.ask('reader', give.everything('reader'))).includes('EXTERNAL'));
}

/** Runs the commands of an operator. */
export async function runUpkeep(stack: GuardedStack): Promise<void> {
  const { data } = await stack.ask<{ deadLetters: { nodes: { id: string }[] } }>('owner', '{ deadLetters(first: 50) { nodes { id } } }');
  const input = { ids: data?.deadLetters.nodes.map(({ id }) => id), trustCredentials: true };
  await stack.ask('owner', 'mutation ($input: RedriveDeadLettersInput!) { redriveDeadLetters(input: $input) { deadLetterId outcome } }', {
    input,
  });
  await stack.admin('POST', '/callbacks/rotate');
  await deliver(stack, say.activated('after-the-rotation'), { generation: 1 });
  await deliver(stack, say.activated('on-the-former-path'));
  await stack.admin('POST', `/store/backup?path=${encodeURIComponent(stack.storePath.replace('.sqlite', '-backup.sqlite'))}`);
  const { text } = await stack.admin('GET', '/keys');
  const id = /"id":"([^"]*)","name":"reader"/.exec(text)?.[1];
  await stack.admin('POST', '/keys/revoke', { id });
  await stack.ask('reader', '{ __typename }');
  await stack.admin('POST', '/store/reseal');
  await stack.admin('POST', '/store/purge?olderThanDays=1');
  await stack.admin('POST', '/login/unlatch');
  await stack.ask('owner', give.everything('owner'));
}

/** Follows to the end over a WebSocket. */
export async function overSocket(stack: GuardedStack, who: Who, id: string): Promise<void> {
  const connectionParams = { authorization: stack.authorization[who] };
  const client = createClient({ url: stack.gateway.websocket, webSocketImpl: WebSocket, retryAttempts: 0, connectionParams });
  const query = give.followed(who === 'owner' ? 'owner' : 'reader');
  for await (const event of client.iterate({ query, variables: { id } })) told(stack, who, JSON.stringify(event));
  await client.dispose();
}

async function overEvents(stack: GuardedStack, who: Who, id: string): Promise<void> {
  const query = give.followed(who === 'owner' ? 'owner' : 'reader');
  for await (const { data } of readSse(stack.gateway.graphql, query, { id }, stack.authorization[who])) told(stack, who, data);
}

function told({ evidence }: GuardedStack, who: Who, text: string): void {
  evidence.note(who === 'owner' ? 'owner' : 'reader', 'an event', text);
  if (who === 'owner') evidence.witness('owner saw', text);
}
