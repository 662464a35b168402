import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { createDocumentCaches } from '../../src/server/limits/limits-plugin.ts';
import { send } from '../graphql-http/support/send.ts';
import { startLimitedYoga } from './support/limited-yoga.ts';

const JSON_TYPE = 'application/json';
const GRAPHQL_TYPE = 'application/graphql-response+json';
const accepting = (accept: string) => ({ headers: { 'content-type': JSON_TYPE, accept } });
const body = (query: string, variables?: object) => JSON.stringify({ query, variables });
const deep = (depth: number) => `{ request(id: 1) ${'{ retryOf '.repeat(depth)}{ id } ${'}'.repeat(depth)} }`;

const TOO_LARGE: readonly (readonly [string, string])[] = [
  ['bytes', `{ __typename } # ${'x'.repeat(65_536)}`],
  ['tokens', `{ ${'id '.repeat(3_000)} }`],
  ['depth', deep(20)],
  ['fragments', `{ ${'...f '.repeat(600)} } fragment f on Query { __typename }`],
];

test.each(TOO_LARGE)('a document with too much of %s is refused, again and again, and the next one is answered', async (_what, query) => {
  await using yoga = await startLimitedYoga();
  for (const accept of [JSON_TYPE, GRAPHQL_TYPE, GRAPHQL_TYPE]) {
    const answer = await send(yoga.url, body(query), accepting(accept));
    expect(answer).toMatchObject({
      status: accept === JSON_TYPE ? 200 : 400,
      body: { errors: [{ extensions: { code: 'OPERATION_TOO_LARGE' } }] },
    });
    expect(answer.body).not.toHaveProperty('data');
    expect(answer.text).not.toContain('"http"');
  }
  expect(await send(yoga.url, body('{ __typename }'))).toMatchObject({ status: 200, body: { data: { __typename: 'Query' } } });
});

test.each([
  ['bytes', `{ __typename } # ${'x'.repeat(65_536)}`],
  ['tokens', `{ requests(filter: { status: [${'FAILED '.repeat(3_000)}] }) { nodes { id } } }`],
  ['comments', `${'#\n'.repeat(600)} { __typename }`],
  ['depth', `{ requests { nodes ${'{ retryOf '.repeat(20)}{ id } ${'}'.repeat(22)}`],
  ['aliases', `{ requests { nodes { ${Array.from({ length: 100 }, (_, at) => `a${at}: id`).join(' ')} } } }`],
  ['root fields', `{ ${'__typename '.repeat(100)} }`],
  ['directives', `{ requests { nodes { ${'... @skip(if: true) { id } '.repeat(30)} id } } }`],
])('a trusted document may have too much of %s; the same text with a space may not', async (_what, query) => {
  const id = createHash('sha256').update(query).digest('hex');
  await using yoga = await startLimitedYoga({ mode: 'prefer', documents: new Map([[id, query]]) });
  for (const request of [{ query }, { documentId: `sha256:${id}` }, { documentId: id }]) {
    const answer = await send(yoga.url, JSON.stringify(request), accepting(GRAPHQL_TYPE));
    expect(answer).toMatchObject({ status: 200, body: { data: expect.any(Object) as object } });
  }
  const changed = await send(yoga.url, body(`${query} `), accepting(GRAPHQL_TYPE));
  expect(changed).toMatchObject({ status: 400, body: { errors: [{ extensions: { code: 'OPERATION_TOO_LARGE' } }] } });
});

test('a trusted document that the stack cannot hold is refused, and is no crash', async () => {
  const query = `{a${'{a'.repeat(30_000)}`;
  const id = createHash('sha256').update(query).digest('hex');
  await using yoga = await startLimitedYoga({ mode: 'prefer', documents: new Map([[id, query]]) });
  const answer = await send(yoga.url, JSON.stringify({ documentId: id }), accepting(GRAPHQL_TYPE));
  expect(answer).toMatchObject({ status: 400, body: { errors: [{ message: 'The document is nested too deeply.' }] } });
});

test.each([
  ['a literal', body('{ requests(first: "Kowalczyk-4711") { nodes { id } } }')],
  ['a default', body('query ($first: Int = "Kowalczyk-4711") { requests(first: $first) { nodes { id } } }')],
  ['a variable', body('query ($first: Int) { requests(first: $first) { nodes { id } } }', { first: 'Kowalczyk-4711' })],
  ['a text that is no document', body('{ requests(accountName: "a" "Kowalczyk-4711") }')],
])('the answer does not repeat %s that does not fit', async (_what, request) => {
  await using yoga = await startLimitedYoga();
  for (const accept of [JSON_TYPE, GRAPHQL_TYPE]) {
    const answer = await send(yoga.url, request, accepting(accept));
    expect(answer.body).toMatchObject({ errors: [{ message: expect.any(String) as string, locations: [expect.any(Object)] }] });
    expect(answer.text).not.toMatch(/Kowalczyk|4711/);
  }
});

test('the memory of kept documents is bounded by the length of their texts', () => {
  const { documentCache } = createDocumentCaches();
  const document = { kind: 'Document', definitions: [] } as never;
  const text = (at: number) => `${at}${'x'.repeat(50_000)}`;
  for (let at = 0; at < 30; at++) documentCache.set(text(at), document);
  const kept = Array.from({ length: 30 }, (_, at) => documentCache.get(text(at)) !== undefined);
  expect(kept.lastIndexOf(false)).toBe(20);
  expect(kept.at(-1)).toBe(true);
});
