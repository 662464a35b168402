import { afterAll, beforeAll, expect, test } from 'vitest';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { send } from './support/send.ts';

const QUERY = '{"query":"{ __typename }"}';
const ANSWER = { data: { __typename: 'Query' } };
const JSON_BODY = { 'content-type': 'application/json' };

let doors: Awaited<ReturnType<typeof openGraphqlDoors>>;
beforeAll(async () => {
  doors = await openGraphqlDoors();
});
afterAll(() => doors[Symbol.asyncDispose]());

const UTF8 = ['utf8', 'UTF8', 'utf-8', 'Utf-8', '"utf-8"', '"UTF8"', 'unicode-1-1-utf-8', 'x-unicode20utf8'];

test.each(
  UTF8.flatMap((name) => [
    `application/json;charset=${name}`,
    `application/json; CHARSET=${name}`,
    `APPLICATION/JSON ; charset = ${name}; v=1`,
  ]),
)('UTF-8 by any of its names: %s', async (type) => {
  expect(await send(doors.url, QUERY, { headers: { 'content-type': type } })).toMatchObject({ status: 200, body: ANSWER });
  const answer = await send(doors.url, QUERY, { headers: { ...JSON_BODY, accept: type.replace('; v=1', '') } });
  expect(answer).toMatchObject({ status: 200, body: ANSWER, headers: { 'content-type': 'application/json; charset=utf-8' } });
});

test.each(['latin1', 'iso-8859-1', 'utf-16', 'utf-7', 'utf', '""', 'utf8x', 'us-ascii'])(
  'another charset is refused with a sentence: %s',
  async (name) => {
    const type = `application/json;charset=${name}`;
    expect(await send(doors.url, QUERY, { headers: { 'content-type': type } })).toMatchObject({
      status: 415,
      body: { errors: [{ message: /UTF-8/ }] },
    });
    expect(await send(doors.url, QUERY, { headers: { ...JSON_BODY, accept: type } })).toMatchObject({
      status: 406,
      body: { errors: [{ message: /UTF-8/ }] },
    });
  },
);

test('a body with a byte order mark is the body behind it', async () => {
  expect(await send(doors.url, `\ufeff${QUERY}`, { headers: JSON_BODY })).toMatchObject({ status: 200, body: ANSWER });
});

/** PHP writes an empty map as a list. */
test.each([
  '{"query":"{ __typename }","variables":[]}',
  '{"query":"{ __typename }","extensions":[]}',
  '{"query":"{ __typename }","variables": [ ] ,"extensions":[],"operationName":null}',
])('an empty list in place of an empty map does no harm: %s', async (body) => {
  expect(await send(doors.url, body, { headers: JSON_BODY })).toMatchObject({ status: 200, body: ANSWER });
  for (const init of [
    '{"type":"connection_init"}',
    '{"type":"connection_init","payload":[]}',
    '{"type":"connection_init","payload":{"headers":[]}}',
  ]) {
    await using socket = await RawWebSocket.open(doors.websocketUrl);
    socket.send(init);
    await socket.message(({ type }) => type === 'connection_ack');
    socket.send(`{"type":"subscribe","id":"1","payload":${body}}`);
    expect(await socket.ending('1')).toMatchObject([{ type: 'next', payload: ANSWER }, { type: 'complete' }]);
  }
});

test.each([
  '{"query":"{ __typename }","variables":[1]}',
  '{"query":"{ __typename }","variables":"[]"}',
  '{"query":"{ __typename }","extensions":[{}]}',
])('a list with something in it is no map: %s', async (body) => {
  expect(await send(doors.url, body, { headers: JSON_BODY })).toMatchObject({ status: 400 });
});

test('a list within the variables stays one', async () => {
  const query = 'query ($status: [RequestStatus!]) { requests(filter: { status: $status }) { nodes { id } } }';
  await using socket = await RawWebSocket.ready(doors.websocketUrl);
  socket.send(JSON.stringify({ type: 'subscribe', id: '1', payload: { query, variables: { status: [], variables: [] }, extensions: [] } }));
  expect(await socket.ending('1')).toMatchObject([{ type: 'next', payload: { data: { requests: { nodes: [] } } } }, { type: 'complete' }]);
});
