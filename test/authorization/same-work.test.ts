import { expect, test } from 'vitest';
import { callerWith } from '../support/caller-with.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { ask } from './support/ask.ts';

const MISSING = '01ARZ3NDEKTSV4RRFFQ69G5FAV';
const CARRIER_ID = '0d2c7c1a-0000-4000-8000-3a5b0a7d1c11';

test.each([
  ['request, by its id', 'query ($v: ID!) { request(id: $v) { id } }', (id: string) => `req_${id}`],
  [
    'request, by the carrier’s id',
    'query ($v: ID!) { request(id: $v) { id outcomes { nodes { id } } } }',
    (id: string) => (id === MISSING ? 'none' : CARRIER_ID),
  ],
  [
    'node, of a request',
    'query ($v: ID!) { node(id: $v) { id ... on Request { outcomes { nodes { id } } } } }',
    (id: string) => `req_${id}`,
  ],
  ['node, of an outcome', 'query ($v: ID!) { node(id: $v) { id } }', (id: string) => `out_${id}_0`],
  ['requestStatus', 'subscription ($v: ID!) { requestStatus(requestId: $v) { cursor outcomes { id } } }', (id: string) => `req_${id}`],
])('another account’s takes the store as much work as what does not exist: %s', async (_what, query, idOf) => {
  await using doors = await openGraphqlDoors({ caller: callerWith({ 'account-2': ['read'] }) });
  const { requestLog, url } = doors;
  const request = newRequest([[['ICCID', '89148000000000000001']]]);
  await requestLog.create(request);
  await requestLog.step(request.id, 0, { type: 'SENDING' });
  await requestLog.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: CARRIER_ID });
  const work = async (id: string) => {
    const before = requestLog.statementsRead;
    const { text } = await ask(
      url,
      null,
      { query, variables: { v: idOf(id) } },
      query.startsWith('query') ? 'application/json' : 'text/event-stream',
    );
    return { text, statements: requestLog.statementsRead - before };
  };
  const foreign = await work(request.id.slice('req_'.length));
  expect(foreign).toEqual(await work(MISSING));
  expect(foreign.statements).toBe(1);
});
