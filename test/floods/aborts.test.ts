import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';
import { send } from '../graphql-http/support/send.ts';
import { iccid } from '../support/devices.ts';
import { FOLLOW } from '../support/follow.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { NOTHING_OPEN, openForClients } from '../support/open-for-clients.ts';
import { RandomAborts } from '../support/random-aborts.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { until } from '../support/until.ts';

const ABORTS = 400;
const HELLO = '{"query":"{ __typename }"}';
const MAX_BYTES = 100_000;
/** More than the clients open at a time, and few of all that they open. */
const SUBSCRIPTIONS = 60;

test('of clients that leave at any moment, over every transport, nothing is left', async () => {
  const random = new SeededRandom();
  await using doors = await openGraphqlDoors({
    maxMessageBytes: MAX_BYTES,
    openPerCaller: SUBSCRIPTIONS,
    identify: async () => {
      // So that some leave while it is still asked who they are.
      for (let turns = random.between(0, 5); turns > 0; turns--) await nextTurn();
      return LOCAL_IDENTITY;
    },
  });
  const request = newRequest([[['ICCID', iccid(1)]]]);
  await doors.requestLog.create(request);
  await new RandomAborts(doors.url, request.id, random).run(ABORTS);
  await until(async () => JSON.stringify(await openForClients(doors)) === JSON.stringify(NOTHING_OPEN));
  expect(doors.logged, `seed ${random.seed}`).toEqual([]);
  // Bodies that did not come whole are no longer counted either: as many of the largest size as ever are read at once.
  const largest = HELLO.padEnd(MAX_BYTES);
  const answers = await Promise.all(Array.from({ length: 4 }, () => send(doors.url, largest)));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  // Nor is a subscription that is over: as many are opened as one caller may have.
  await using socket = await RawWebSocket.ready(doors.websocketUrl);
  for (let id = 0; id < SUBSCRIPTIONS; id++) socket.subscribe(String(id), FOLLOW, { id: request.id });
  for (let id = 0; id < SUBSCRIPTIONS; id++)
    expect((await socket.message((message) => message.id === String(id))).payload, `subscription ${id}`).toMatchObject({ data: {} });
});
