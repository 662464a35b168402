import { Pool } from 'undici';
import { expect, test } from 'vitest';
import type { Identity } from '../../src/resolvers/access/caller.ts';
import { createLastingIdentity } from '../../src/server/identity/local-caller.ts';
import { callerWith } from '../support/caller-with.ts';
import { fillRequests } from '../support/fill-requests.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import type { FlatStore } from '../support/flat-store.ts';

const REQUESTS = 40_000;
const QUERIES = 8;
/** As many as one document may have. */
const LISTS = 10;
/** It looks at every request, and finds none. */
const LIST = 'requests(first: 1, filter: { status: [REJECTED], operation: RESUME_PROFILE }) { nodes { id } }';
const MANY = `{ ${Array.from({ length: LISTS }, (_, at) => `list${at}: ${LIST}`).join(' ')} }`;
const ONE = `{ ${LIST} }`;

/** Both doors over a store with many requests, where a caller is whoever it says it is. `lists` are those that were begun. */
async function openDoors() {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const path = `${folder.path}/filled.sqlite`;
  await openLog(path)[Symbol.asyncDispose]();
  fillRequests(path, REQUESTS);
  const log = undo.use(openLog(path));
  const lists: ReturnType<FlatStore['list']>[] = [];
  const list: FlatStore['list'] = (...asked) => {
    const listing = log.list(...asked);
    lists.push(listing);
    return listing;
  };
  const doors = undo.use(
    await openGraphqlDoors({
      faulty: (own) => new Proxy(own, { get: (target, name) => (name === 'list' ? list : Reflect.get(target, name, target)) }),
      identify: (name): Promise<Identity> =>
        Promise.resolve(createLastingIdentity(callerWith({ '*': ['read'] }, { id: name ?? 'nobody' }))),
    }),
  );
  const { origin, pathname } = new URL(doors.url);
  const built = undo.move();
  return {
    lists,
    /** Connections of a caller. They are there already: Node takes one new connection in a turn of the event loop. */
    connect: async (authorization: string, connections: number) => {
      const pool = built.adopt(new Pool(origin, { connections }), (opened) => opened.destroy());
      const headers = { 'content-type': 'application/json', authorization };
      const ask = async (query: string, signal: AbortSignal | null = null) =>
        (await pool.request({ method: 'POST', path: pathname, headers, body: JSON.stringify({ query }), signal })).body.json();
      await Promise.all(Array.from({ length: connections }, () => ask('{ __typename }')));
      return ask;
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

test('a caller with one list does not wait for the many lists of another one, which look at every request', async () => {
  await using doors = await openDoors();
  const [modest, greedy] = [await doors.connect('modest', 1), await doors.connect('greedy', QUERIES)];
  let answered = 0;
  const flood = Array.from({ length: QUERIES }, async () => {
    expect(await greedy(MANY)).toHaveProperty('data.list0.nodes', []);
    answered++;
  });
  await expect.poll(() => doors.lists.length, { interval: 1 }).toBe(QUERIES * LISTS);
  expect(await modest(ONE)).toEqual({ data: { requests: { nodes: [] } } });
  expect(answered).toBeLessThan(QUERIES);
  await Promise.all(flood);
});

test('nobody goes on looking for clients that have gone', async () => {
  await using doors = await openDoors();
  const greedy = await doors.connect('greedy', QUERIES);
  const leaving = new AbortController();
  const flood = Promise.allSettled(Array.from({ length: QUERIES }, () => greedy(MANY, leaving.signal)));
  await expect.poll(() => doors.lists.length, { interval: 1 }).toBe(QUERIES * LISTS);
  leaving.abort();
  await flood;
  const ends = await Promise.allSettled(doors.lists);
  expect(ends.filter(({ status }) => status === 'rejected').length).toBeGreaterThan(ends.length / 2);
});
