import { expect, test } from 'vitest';
import { request } from 'undici';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { fillStore } from '../support/fill-store.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { howMany } from '../support/how-many.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { tempFolder } from '../support/temp-folder.ts';

const FOLLOWERS = 20;
const EVENTS = howMany({ whole: 400, short: 250 });
const PAGE = 1_000;
const FOLLOW_GREEDILY = `subscription ($id: ID!, $page: Int!) {
  requestStatus(requestId: $id, batchSize: 1) { cursor request { outcomes(first: $page) { nodes { id status deviceIds { kind value } } } } }
}`;

test('events that ask for a thousand devices each are not kept in memory once they were sent', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false });
  await using folder = await tempFolder();
  const store = `${folder.path}/gateway.sqlite`;
  const [id] = await fillStore(store, { requests: 1, devices: 2 * PAGE, account: simulator.accounts[0] ?? '', at: Date.now() });
  // All of the events would be more than 120 MB.
  await using gateway = await spawnGateway({ ...gatewayEnv(simulator, store), NODE_OPTIONS: '--max-old-space-size=160' });
  await using greedy = await RawWebSocket.ready(gateway.websocket);
  let events = 0;
  const enough = Promise.withResolvers<void>();
  greedy.socket.on('message', () => {
    if (++events === EVENTS) enough.resolve();
  });
  // Each with a page of its own: no event is executed for two.
  for (let number = 0; number < FOLLOWERS; number++) greedy.subscribe(`${number}`, FOLLOW_GREEDILY, { id, page: PAGE - number });
  expect(await Promise.race([enough.promise.then(() => 'enough'), greedy.closed])).toBe('enough');
  const { statusCode, body } = await request(`${gateway.admin}/health/ready`);
  await body.dump();
  expect(statusCode).toBe(200);
}, 300_000);
