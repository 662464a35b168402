import { connect } from 'node:net';
import { Pool, request as httpRequest } from 'undici';
import { expect, test } from 'vitest';
import type { Identity } from '../../src/resolvers/access/caller.ts';
import { createLastingIdentity } from '../../src/server/identity/local-caller.ts';
import { successCallback } from '../support/callback-samples.ts';
import { callerWith } from '../support/caller-with.ts';
import { iccid } from '../support/devices.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { graphql } from '../support/stack.ts';

const DEVICES = 500;
const FOLLOWERS = 30;
const MAX_BYTES = 100_000;
const HELLO = '{ __typename }';
/** Of each event it asks for as much as it may: milliseconds of work. */
const FOLLOW_GREEDILY = `subscription ($id: ID!, $page: Int!) {
  requestStatus(requestId: $id, batchSize: 1) { cursor request { outcomes(first: $page) { nodes { status deviceIds { kind value } } } } }
}`;
const ASK_GREEDILY = `query ($id: ID!) {
  a: request(id: $id) { ...All } b: request(id: $id) { ...All } c: request(id: $id) { ...All }
}
fragment All on Request { outcomes(first: 1000) { nodes { status deviceIds { kind value } } } }`;

/** Both doors, where a caller is whoever it says it is; and one request of many devices that are done. */
async function openDoors() {
  const doors = await openGraphqlDoors({
    maxMessageBytes: MAX_BYTES,
    identify: (name): Promise<Identity> => Promise.resolve(createLastingIdentity(callerWith({ '*': ['read'] }, { id: name ?? 'nobody' }))),
  });
  const ids = Array.from({ length: DEVICES }, (_, at) => [['ICCID', iccid(at)]] as const);
  const request = newRequest(ids);
  await doors.requestLog.create(request);
  await doors.requestLog.step(request.id, 0, { type: 'SENDING' });
  await doors.requestLog.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: 'carrier' });
  await Promise.all(
    ids.map((own) => doors.requestLog.append(successCallback({ requestId: 'carrier', ids: own, account: request.account }))),
  );
  return { ...doors, id: request.id };
}

test('whoever comes to the process is answered between events, however many followers ask for much', async () => {
  await using doors = await openDoors();
  await using greedy = await RawWebSocket.ready(doors.websocketUrl, 'greedy');
  let events = 0;
  greedy.socket.on('message', () => void events++);
  // Each with a page of its own: no event is executed for two.
  for (let number = 0; number < FOLLOWERS; number++)
    greedy.subscribe(`${number}`, FOLLOW_GREEDILY, { id: doors.id, page: DEVICES - number });
  for (let number = 0; number < FOLLOWERS; number++) await greedy.message(({ id }) => id === `${number}`);
  const during: number[] = [];
  for (const begun = events; events < begun + FOLLOWERS;) {
    const before = events;
    // What every listener of the process has to do for an answer, callbacks too.
    const { statusCode, body } = await httpRequest(new URL('/nothing-is-here', doors.url));
    await body.dump();
    expect(statusCode).toBe(404);
    during.push(events - before);
  }
  // An answer takes a handful of turns of the event loop; if all followers had each of them it would be hundreds.
  for (const count of during) expect(count, `${during.join()} events`).toBeLessThan(FOLLOWERS / 2);
});

test('a caller with a little to ask does not wait for all that another has asked', async () => {
  await using doors = await openDoors();
  await using modestSocket = await RawWebSocket.ready(doors.websocketUrl, 'modest');
  await using undo = new AsyncDisposableStack();
  const { origin, pathname: path } = new URL(doors.url);
  const asker = (authorization: string, connections: number) => {
    const pool = undo.adopt(new Pool(origin, { connections }), (opened) => opened.destroy());
    const headers = { 'content-type': 'application/json', authorization };
    return async (query: string, variables: object) =>
      (await pool.request({ method: 'POST', path, headers, body: JSON.stringify({ query, variables }) })).body.json();
  };
  const [modest, greedy] = [asker('modest', 1), asker('greedy', 40)];
  // Connected before: Node takes one new connection in a turn of the event loop.
  await Promise.all([modest(HELLO, {}), ...Array.from({ length: 40 }, () => greedy(HELLO, {}))]);
  let answered = 0;
  const flood = Array.from({ length: 40 }, async () => {
    expect(await greedy(ASK_GREEDILY, { id: doors.id })).toHaveProperty('data.c.outcomes');
    answered++;
  });
  await Promise.race(flood);
  expect(await modest(HELLO, {})).toEqual({ data: { __typename: 'Query' } });
  modestSocket.subscribe('1', HELLO);
  expect(await modestSocket.ending('1')).toMatchObject([{ type: 'next' }, { type: 'complete' }]);
  expect(answered).toBeLessThan(30);
  await Promise.all(flood);
});

test('what one caller sends and nobody has begun with is bounded in bytes: beyond it is refused, and others are not', async () => {
  await using doors = await openDoors();
  const { port, hostname } = new URL(doors.url);
  const half = (authorization: string) => {
    const socket = connect(Number(port), hostname);
    const headers = `host: 127.0.0.1:${port}\r\ncontent-type: application/json\r\nauthorization: ${authorization}\r\ncontent-length: ${MAX_BYTES}`;
    socket.write(`POST /graphql HTTP/1.1\r\n${headers}\r\n\r\n{"query":`);
    return socket;
  };
  const ask = (name: string) => graphql(doors.url, HELLO, {}, name);
  const fine = { data: { __typename: 'Query' } };
  const held = Array.from({ length: 4 }, () => half('sender'));
  await expect.poll(() => ask('sender')).toMatchObject({ errors: [{ extensions: { code: 'RATE_LIMITED', retryAfterMs: 1_000 } }] });
  expect(await ask('other')).toEqual(fine);
  for (const socket of held) socket.destroy();
  await expect.poll(() => ask('sender')).toEqual(fine);
  expect(doors.logged).toEqual([]);
});
