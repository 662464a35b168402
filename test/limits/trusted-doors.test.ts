import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getIntrospectionQuery } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RequestDocument, RequestStatusDocument } from '../../documents/gql/graphql.ts';
import type { TrustMode } from '../../src/server/limits/trusted-documents.ts';
import { ask } from '../authorization/support/ask.ts';
import { RawWebSocket } from '../support/raw-websocket.ts';
import { documentId, openTrusting, PERSISTED_DOCUMENTS, TRUST_MODES, type Trusting } from './support/open-trusting.ts';

const undo = new AsyncDisposableStack();
let graphs: ReadonlyMap<TrustMode, Trusting>;
beforeAll(async () => {
  const env = { M2M_GRAPHIQL: 'on' };
  graphs = new Map(await Promise.all(TRUST_MODES.map(async (mode) => [mode, undo.use(await openTrusting(mode, env))] as const)));
});
afterAll(() => undo.disposeAsync());

const texts = JSON.parse(readFileSync(PERSISTED_DOCUMENTS, 'utf8')) as Readonly<Record<string, string>>;
const REQUEST_ID = documentId(RequestDocument);
const REQUEST_TEXT = texts[REQUEST_ID] ?? '';
const STATUS_ID = documentId(RequestStatusDocument);
const UNKNOWN_TEXT = 'query Other($id: ID!) { request(id: $id) { id } }';
const UNKNOWN_ID = createHash('sha256').update(UNKNOWN_TEXT).digest('hex');
const persisted = (sha256Hash: unknown) => ({ extensions: { persistedQuery: { version: 1, sha256Hash } } });

interface Told {
  readonly door: 'HTTP' | 'SSE' | 'WebSocket';
  readonly text: string;
}

/** What the three doors answer to a request as it stands. */
async function everywhere({ url, authorization, stack }: Trusting, body: object): Promise<readonly Told[]> {
  const plain = await ask(url, authorization, JSON.stringify(body));
  const stream = await ask(url, authorization, JSON.stringify(body), 'text/event-stream');
  await using socket = await RawWebSocket.ready(stack.gateway.urls.websocket, authorization);
  // A message without a text is none of the protocol.
  socket.send({ id: '1', type: 'subscribe', payload: { query: '', ...body } });
  const messages = await socket.ending('1');
  return [
    { door: 'HTTP', text: plain.text },
    { door: 'SSE', text: stream.text },
    { door: 'WebSocket', text: JSON.stringify(messages) },
  ];
}

/** [mode, what is sent, what comes back]: an id, or the words of the refusal. */
const SENT: readonly (readonly [mode: TrustMode, what: string, body: object, answer: 'data' | RegExp])[] = [
  ['off', 'a text', { query: UNKNOWN_TEXT }, 'data'],
  ['off', 'an id', { documentId: REQUEST_ID }, /PersistedQueryNotSupported.*PERSISTED_QUERY_NOT_SUPPORTED/],
  ['off', 'an id beside its text', { query: UNKNOWN_TEXT, ...persisted(UNKNOWN_ID) }, 'data'],
  ['prefer', 'a text', { query: UNKNOWN_TEXT }, 'data'],
  ['prefer', 'an id', { documentId: REQUEST_ID }, 'data'],
  ['prefer', 'an id without its prefix', { documentId: REQUEST_ID.replace('sha256:', '') }, 'data'],
  ['prefer', 'an id in extensions', persisted(REQUEST_ID), 'data'],
  ['prefer', 'an unknown id', { documentId: UNKNOWN_ID }, /PersistedQueryNotFound.*PERSISTED_QUERY_NOT_FOUND/],
  ['prefer', 'an unknown id beside its text', { query: UNKNOWN_TEXT, ...persisted(UNKNOWN_ID) }, 'data'],
  ['prefer', 'the id of another document', { query: UNKNOWN_TEXT, documentId: REQUEST_ID }, /BAD_REQUEST/],
  ['require', 'an id', { documentId: REQUEST_ID }, 'data'],
  ['require', 'an id in extensions', persisted(REQUEST_ID), 'data'],
  ['require', 'its very text', { query: REQUEST_TEXT }, 'data'],
  ['require', 'its text and a space', { query: `${REQUEST_TEXT} ` }, /DOCUMENT_NOT_TRUSTED/],
  ['require', 'a text', { query: UNKNOWN_TEXT }, /DOCUMENT_NOT_TRUSTED/],
  ['require', 'a text that is harmless', { query: '{ __typename }' }, /DOCUMENT_NOT_TRUSTED/],
  ['require', 'an unknown id', { documentId: UNKNOWN_ID }, /DOCUMENT_NOT_TRUSTED/],
  ['require', 'an unknown id beside its text', { query: UNKNOWN_TEXT, ...persisted(UNKNOWN_ID) }, /DOCUMENT_NOT_TRUSTED/],
  ['require', 'the id of a trusted one beside another text', { query: UNKNOWN_TEXT, documentId: REQUEST_ID }, /BAD_REQUEST/],
  ['require', 'a name of JavaScript for an id', { documentId: '__proto__' }, /DOCUMENT_NOT_TRUSTED/],
  ['require', 'a number for an id', { documentId: 7 }, /BAD_REQUEST/],
  ['require', 'a text that does not parse', { query: '{ hunter2' }, /DOCUMENT_NOT_TRUSTED/],
  ['require', 'the introspection that GraphiQL begins with', { query: getIntrospectionQuery() }, /DOCUMENT_NOT_TRUSTED/],
  ['require', 'the introspection by its id', { documentId: 'IntrospectionQuery' }, /DOCUMENT_NOT_TRUSTED/],
];

test.each(SENT)('%s: %s, the same over every door', async (mode, _what, body, answer) => {
  const graph = graphs.get(mode) as Trusting;
  for (const { door, text } of await everywhere(graph, { ...body, variables: { id: graph.requestId } })) {
    if (answer === 'data') {
      expect([door, text]).toEqual([door, expect.stringContaining(`"id":"${graph.requestId}"`)]);
      expect(text).not.toContain('"errors"');
    } else {
      expect([door, text]).toEqual([door, expect.stringMatching(answer)]);
      expect(text).not.toMatch(/"data"|hunter2|Syntax/);
    }
  }
});

describe.each(['prefer', 'require'] as const)('%s: a subscription by its id', (mode) => {
  test.each([
    ['documentId', { documentId: STATUS_ID }],
    ['extensions.persistedQuery', persisted(STATUS_ID)],
  ])('given as %s is followed over Server-Sent Events and WebSocket', async (_how, body) => {
    const graph = graphs.get(mode) as Trusting;
    const [plain, ...followed] = await everywhere(graph, { ...body, variables: { requestId: graph.requestId } });
    expect(plain?.text).toMatch(/text\/event-stream/);
    for (const { door, text } of followed) {
      expect([door, text]).toEqual([door, expect.stringContaining('"status":"SUCCEEDED"')]);
      expect(text).not.toContain('"errors"');
      expect(text).toContain('complete');
    }
  });
});

test('require: what is trusted is trusted for its text alone, its caller has the rights of its key', async () => {
  const { url } = graphs.get('require') as Trusting;
  expect((await ask(url, null, JSON.stringify({ documentId: REQUEST_ID, variables: { id: 'x' } }))).status).toBe(401);
});
