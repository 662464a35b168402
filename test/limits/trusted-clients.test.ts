import { createHash } from 'node:crypto';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange, mapExchange, stringifyDocument } from '@urql/core';
import { parse } from 'graphql';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { RequestsDocument, RequestStatusDocument } from '../../documents/gql/graphql.ts';
import type { TrustMode } from '../../src/server/limits/trusted-documents.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import type { FollowEvent } from '../support/follow.ts';
import { documentId, openTrusting, TRUST_MODES, type Trusting } from './support/open-trusting.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const UNKNOWN = parse('query Other { requests(first: 1) { nodes { id } } }');

const undo = new AsyncDisposableStack();
let graphs: ReadonlyMap<TrustMode, Trusting>;
beforeAll(async () => {
  graphs = new Map(await Promise.all(TRUST_MODES.map(async (mode) => [mode, undo.use(await openTrusting(mode))] as const)));
});
afterAll(() => undo.disposeAsync());

/** The graph of a mode, and what each request of a client of it named its document by. */
function clientOf(mode: TrustMode) {
  const graph = graphs.get(mode) as Trusting;
  const sent: string[] = [];
  const fetching: typeof fetch = (url, options) => {
    sent.push(namedBy(options?.body));
    return fetch(url, { ...options, headers: { ...(options?.headers as object), authorization: graph.authorization } });
  };
  return { ...graph, fetching, sent, found: { requests: { nodes: [{ id: graph.requestId }] } } };
}

function namedBy(body: unknown): string {
  if (typeof body !== 'string') return 'nothing';
  const id = body.includes('sha256Hash');
  return 'query' in (JSON.parse(body) as object) ? (id ? 'id and text' : 'text') : 'id';
}

describe('the persisted-query link of Apollo Client', () => {
  test.each(['prefer', 'require'] as const)('%s: a document of the file is asked for by the hash codegen gave it', async (mode) => {
    const client = clientOf(mode);
    const { data } = await apollo(client, { generateHash: documentId }).query({ query: RequestsDocument });
    expect(data).toMatchObject(client.found);
    expect(client.sent).toEqual(['id']);
  });

  test('prefer: a document that is not in the file is sent whole once its hash was not found', async () => {
    const client = clientOf('prefer');
    const { data } = await apollo(client, { sha256 }).query({ query: UNKNOWN });
    expect(data).toMatchObject(client.found);
    expect(client.sent).toEqual(['id', 'id and text']);
  });

  test('require: a document that is not in the file is refused at once', async () => {
    const client = clientOf('require');
    const refused = await apollo(client, { sha256 })
      .query({ query: UNKNOWN })
      .then(
        () => expect.unreachable('it was answered'),
        (error: unknown) => error,
      );
    expect(CombinedGraphQLErrors.is(refused) && refused.errors[0]).toMatchObject({ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } });
    expect(client.sent).toEqual(['id']);
  });

  test('off: it learns that ids are of no use here, and sends texts from then on', async () => {
    const client = clientOf('off');
    const asking = apollo(client, { sha256 });
    for (const query of [UNKNOWN, RequestsDocument]) expect((await asking.query({ query })).data).toMatchObject(client.found);
    expect(client.sent).toEqual(['id', 'text', 'text']);
  });
});

/** What urql's exchange for persisted queries puts into an operation; it goes by the message of the refusal. */
describe('a persisted query of urql', () => {
  test.each([
    ['prefer', RequestsDocument, undefined],
    ['require', RequestsDocument, undefined],
    ['prefer', UNKNOWN, 'PersistedQueryNotFound'],
    ['off', RequestsDocument, 'PersistedQueryNotSupported'],
  ] as const)('%s', async (mode, document, refusal) => {
    const client = clientOf(mode);
    const result = await urql(client).query(document, {}).toPromise();
    expect(result.error?.graphQLErrors.map(({ message }) => message)).toEqual(refusal && [refusal]);
    if (!refusal) expect(result.data).toMatchObject(client.found);
    expect(client.sent).toEqual(['id']);
  });
});

describe('a subscription of graphql-ws whose document is an id', () => {
  test.each(['prefer', 'require'] as const)('%s: it is followed to its end', async (mode) => {
    const { stack, authorization, requestId } = clientOf(mode);
    const client = stack.client({ authorization });
    const ledger = new EventLedger(3);
    const extensions = { persistedQuery: { version: 1, sha256Hash: documentId(RequestStatusDocument) } };
    // The protocol wants a text in every message.
    for await (const { data, errors } of client.iterate<{ requestStatus: FollowEvent }>({
      query: '',
      extensions,
      variables: { requestId },
    })) {
      expect(errors).toBeUndefined();
      if (data) ledger.add(data.requestStatus);
    }
    expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
  });
});

type TestClient = ReturnType<typeof clientOf>;

function apollo({ url, fetching }: TestClient, hashing: PersistedQueryLink.Options) {
  const link = ApolloLink.from([new PersistedQueryLink(hashing), new HttpLink({ uri: url, fetch: fetching })]);
  return new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: 'no-cache' } } });
}

function urql({ url, fetching }: TestClient): Client {
  const byId = mapExchange({
    onOperation: (operation) => {
      const sha256Hash = documentId(operation.query) || sha256(stringifyDocument(operation.query));
      return { ...operation, extensions: { persistedQuery: { version: 1, sha256Hash } } };
    },
  });
  return new Client({ url, preferGetMethod: false, fetch: fetching, exchanges: [byId, fetchExchange] });
}
