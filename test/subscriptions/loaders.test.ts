import { expect, test } from 'vitest';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { newRequest } from '../support/new-request.ts';
import { graphql } from '../support/stack.ts';
import { countStatements } from '../support/count-statements.ts';

interface Shown {
  readonly id: string;
  readonly carrierRequests: readonly { readonly deviceCount: number }[];
  readonly outcomes: { readonly nodes: readonly { readonly id: string; readonly index: number }[] };
}

const FIELDS = 'id carrierRequests { deviceCount } outcomes { nodes { id index requested { value } } }';

/** Statements that one query runs over `count` requests, the n-th of which has n devices. */
async function statementsFor(count: number, query: (ids: readonly string[]) => string) {
  await using doors = await openGraphqlDoors();
  const ids: string[] = [];
  for (let at = 0; at < count; at++) {
    const devices = Array.from({ length: at + 1 }, (_, device) => [['ICCID', `8914800${at}00000${device}`] as const]);
    const request = newRequest(devices);
    await doors.requestLog.create(request);
    ids.push(request.id);
  }
  const before = countStatements();
  const answer = await graphql<Record<string, unknown>>(doors.url, query(ids));
  expect(answer.errors).toBeUndefined();
  return { ids, data: answer.data ?? {}, statements: countStatements() - before };
}

test('a list of requests with their carrier requests and devices takes the same few statements for 20 as for one', async () => {
  const list = () => `{ requests { nodes { ${FIELDS} } } }`;
  const one = await statementsFor(1, list);
  const twenty = await statementsFor(20, list);
  expect(twenty.statements).toBe(one.statements);
  expect(twenty.statements).toBeLessThanOrEqual(5);
  const { nodes } = twenty.data['requests'] as { nodes: Shown[] };
  expect(nodes.map(({ id }) => id).toSorted()).toEqual(twenty.ids.toSorted());
  for (const { id, carrierRequests, outcomes } of nodes) expectOwn(twenty.ids, id, { id, carrierRequests, outcomes });
});

test('requests asked for one by one, and again, in one query are read together and once', async () => {
  const aliases = (ids: readonly string[]) =>
    `{ ${ids.flatMap((id, at) => [`a${at}: request(id: "${id}") { ${FIELDS} }`, `b${at}: request(id: "${id}") { ${FIELDS} }`]).join(' ')}
       none: request(id: "req_${'0'.repeat(26)}") { id } }`;
  const one = await statementsFor(1, aliases);
  const four = await statementsFor(4, aliases);
  expect(four.statements).toBe(one.statements);
  expect(four.statements).toBeLessThanOrEqual(5);
  for (const [at, id] of four.ids.entries()) {
    for (const alias of [`a${at}`, `b${at}`]) expectOwn(four.ids, id, four.data[alias] as Shown);
  }
  expect(four.data['none']).toBeNull();
});

/** Each answer is the asker's own: the n-th request has n devices. */
function expectOwn(ids: readonly string[], id: string, shown: Shown): void {
  const count = ids.indexOf(id) + 1;
  expect(shown.id).toBe(id);
  expect(shown.carrierRequests).toEqual([{ deviceCount: count }]);
  expect(shown.outcomes.nodes.map(({ index }) => index)).toEqual(Array.from({ length: count }, (_, index) => index));
  for (const outcome of shown.outcomes.nodes) expect(outcome.id).toContain(id.slice(4));
}
