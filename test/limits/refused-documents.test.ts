import { expect, test } from 'vitest';
import { callerWith } from '../support/caller-with.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { graphql } from '../support/stack.ts';

test.each([
  ['do not parse', '{ requests {'],
  ['are not valid', '{ misspelt }'],
  ['have two operations and name none', 'query A { __typename } query B { __typename }'],
])('a caller who sends one after the other that %s has 300 looked at, then none, good ones neither', async (_what, document) => {
  await using doors = await openGraphqlDoors({ caller: callerWith({ '*': ['read'] }) });
  const codeOf = async (text: string) => (await graphql(doors.url, text)).errors?.[0]?.extensions?.code;
  let looked = 0;
  // Some come back meanwhile, five a second.
  while ((await codeOf(`${document} # ${looked}`)) !== 'RATE_LIMITED' && looked < 1_000) {
    looked++;
    if (looked === 150) expect(await codeOf('{ __typename }')).toBeUndefined();
  }
  expect(looked).toBeGreaterThanOrEqual(300);
  expect(looked).toBeLessThan(1_000);
  // On a slow machine one has come back by now, and is taken again.
  const goodAfterBad = async () => (await codeOf(`${document} # again`)) && codeOf('{ __typename }');
  await expect.poll(goodAfterBad, { timeout: 10_000 }).toBe('RATE_LIMITED');
});

test('the same over a WebSocket, with one good document and an operation that it does not have', async () => {
  await using doors = await openGraphqlDoors({ caller: callerWith({ '*': ['read'] }) });
  await using socket = await RawWebSocket.ready(doors.websocketUrl);
  const query = 'query A { __typename }';
  const answerTo = async (id: string, operationName: string) => {
    socket.send({ id, type: 'subscribe', payload: { query, operationName } });
    return JSON.stringify(await socket.ending(id));
  };
  let looked = 0;
  while (!(await answerTo(`of-none-${looked}`, 'B')).includes('RATE_LIMITED') && looked < 1_000) looked++;
  expect(looked).toBeGreaterThanOrEqual(300);
  expect(looked).toBeLessThan(1_000);
  // On a slow machine one has come back by now, and is taken again.
  let again = 0;
  const goodAfterBad = async () => (await answerTo(`again-${again++}`, 'B')) && answerTo(`good-${again}`, 'A');
  await expect.poll(goodAfterBad, { timeout: 10_000 }).toContain('RATE_LIMITED');
  const overHttp = async () => {
    await answerTo(`again-${again++}`, 'B');
    return (await graphql(doors.url, query)).errors?.[0]?.extensions?.code;
  };
  await expect.poll(overHttp, { timeout: 10_000 }).toBe('RATE_LIMITED');
  expect(socket.socket.readyState).toBe(socket.socket.OPEN);
});
