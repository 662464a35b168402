import { expect, test } from 'vitest';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { sseResults } from '../support/sse-client.ts';
import { graphql } from '../support/stack.ts';
import type { FlatStore } from '../support/flat-store.ts';

const SECRET = 'disk sector 1234 of account-1';
const QUERY = '{ requests { nodes { id } } }';
const SUBSCRIPTION = 'subscription ($id: ID!) { requestStatus(requestId: $id) { cursor } }';
const MASKED = { code: 'INTERNAL_SERVER_ERROR', told: false };

/** A store that fails in a way nobody has thought of: in a query, and in the middle of a subscription. */
function faulty(log: FlatStore): FlatStore {
  const fail = () => Promise.reject(new TypeError(SECRET));
  return new Proxy(log, {
    get(target, name) {
      if (name === 'list' || name === 'read') return fail;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === 'function' ? (value.bind(target) as unknown) : value;
    },
  });
}

test('an unexpected error tells its code and nothing else, over every transport, and is logged once', async () => {
  await using doors = await openGraphqlDoors({ faulty });
  const request = newRequest([[['ICCID', '89148000000000000001']]]);
  await doors.requestLog.create(request);
  const variables = { id: request.id };
  const shown: Record<string, unknown> = {};
  const logged: Record<string, number> = {};
  const note = (what: string, answer: unknown) => {
    const text = JSON.stringify(answer);
    shown[what] = { code: /"code":"(\w+)"/.exec(text)?.[1], told: text.includes(SECRET) || text.includes('TypeError') };
    logged[what] = doors.logged.splice(0).length;
  };

  note('query over HTTP', await graphql(doors.url, QUERY));
  note('query over SSE', await Array.fromAsync(sseResults(doors.url, QUERY)));
  note('subscription over SSE', await Array.fromAsync(sseResults(doors.url, SUBSCRIPTION, variables)));
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.subscribe('query', QUERY);
  note('query over WebSocket', await raw.ending('query'));
  raw.subscribe('subscription', SUBSCRIPTION, variables);
  note('subscription over WebSocket', await raw.ending('subscription'));
  raw.subscribe('after', '{ __typename }');
  expect((await raw.ending('after')).map(({ type }) => type)).toEqual(['next', 'complete']);

  expect(shown).toEqual({
    'query over HTTP': MASKED,
    'query over SSE': MASKED,
    'subscription over SSE': MASKED,
    'query over WebSocket': MASKED,
    'subscription over WebSocket': MASKED,
  });
  expect(logged).toEqual({
    'query over HTTP': 1,
    'query over SSE': 1,
    'subscription over SSE': 1,
    'query over WebSocket': 1,
    'subscription over WebSocket': 1,
  });
});

test('a fault of the client is reported in full, and is not logged as an error of ours', async () => {
  await using doors = await openGraphqlDoors();
  const answers = [
    await graphql(doors.url, '{ unclaimedCallbacks(after: "forged") { nodes { id } } }'),
    await Array.fromAsync(sseResults(doors.url, SUBSCRIPTION, { id: 'unknown' })),
  ];
  expect(answers.map((answer) => /"code":"(\w+)"/.exec(JSON.stringify(answer))?.[1])).toEqual(['CURSOR_INVALID', 'NOT_FOUND']);
  await using raw = await RawWebSocket.ready(doors.websocketUrl);
  raw.subscribe('1', SUBSCRIPTION, { id: 'unknown' });
  expect(JSON.stringify(await raw.ending('1'))).toContain('NOT_FOUND');
  expect(doors.logged).toEqual([]);
});
