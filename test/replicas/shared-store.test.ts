import { createClient } from 'graphql-ws';
import { expect, test } from 'vitest';
import WebSocket from 'ws';
import { devices } from '../support/devices.ts';
import { needPostgres } from '../support/need-postgres.ts';
import { openGateway } from '../support/open-gateway.ts';
import { graphql, registerListeners, startStack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';

const ACTIVATE = `mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) {
  __typename ... on ActivateDevicesAccepted { request { id status } } ... on MutationError { message code } } }`;
const FOLLOW = 'subscription ($id: ID!) { requestStatus(requestId: $id) { cursor status progress { total succeeded } outcomes { id } } }';

test('one gateway is asked, another one hears the callbacks, and a subscriber of the first sees all of them', async () => {
  await using undo = new AsyncDisposableStack();
  const { url } = undo.use(await (await needPostgres()).openDatabase());
  const folder = undo.use(await tempFolder());
  const shared = (name: string) => ({ M2M_STORE_URL: url, M2M_STORE_JOURNAL: `${folder.path}/${name}.sqlite` });
  const stack = undo.use(await startStack({ register: false, env: shared('one') }));
  const other = undo.use(await openGateway(stack.simulator, `${folder.path}/unused.sqlite`, shared('other')));
  await registerListeners(stack.simulator, other);
  const client = createClient({ url: stack.gateway.urls.websocket, webSocketImpl: WebSocket });
  undo.defer(() => client.dispose());

  const answer = await graphql<{ activateDevices: { request: { id: string } } }>(stack.gateway.urls.graphql, ACTIVATE, {
    input: { accountName: stack.account, target: { devices: devices(20) }, servicePlan: 'm2m4G2GB', mdnZipCode: '98801' },
  });
  const seen: unknown[] = [];
  for await (const event of client.iterate({ query: FOLLOW, variables: { id: answer.data?.activateDevices.request.id } })) seen.push(event);
  expect(seen.at(-1)).toMatchObject({ data: { requestStatus: { status: 'SUCCEEDED', progress: { total: 20, succeeded: 20 } } } });
});
