import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache } from '@apollo/client';
import { PersistedQueryLink } from '@apollo/client/link/persisted-queries';
import { Client, fetchExchange, mapExchange, stringifyDocument } from '@urql/core';
import { parse } from 'graphql';
import { describe, expect, test } from 'vitest';
import { RequestsDocument } from '../../operations/gql/graphql.ts';
import { readTrustedDocuments, type TrustMode } from '../../src/server/limits/trusted-documents.ts';
import { startLimitedYoga } from './support/limited-yoga.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const EMPTY = { requests: { nodes: [], pageInfo: { hasNextPage: false } } };
const UNKNOWN = parse('query Other { requests(first: 1) { nodes { id } } }');

describe('the persisted-query link of Apollo Client', () => {
  test.each<TrustMode>(['prefer', 'require'])('%s: a document of the file is asked for by the hash codegen gave it', async (mode) => {
    await using yoga = await startGraph(mode);
    const { data } = await apollo(yoga.url, codegenHash).query({ query: RequestsDocument });
    expect(data).toMatchObject(EMPTY);
    expect(yoga.sent()).toEqual(['id']);
  });

  test('prefer: a document that is not in the file is sent whole once its hash was not found', async () => {
    await using yoga = await startGraph('prefer');
    const { data } = await apollo(yoga.url, { sha256 }).query({ query: UNKNOWN });
    expect(data).toMatchObject({ requests: { nodes: [] } });
    expect(yoga.sent()).toEqual(['id', 'id and text']);
  });

  test('require: a document that is not in the file is refused at once', async () => {
    await using yoga = await startGraph('require');
    const asked = apollo(yoga.url, { sha256 }).query({ query: UNKNOWN });
    const refused = await asked.then(
      () => expect.unreachable('it was answered'),
      (error: unknown) => error,
    );
    expect(CombinedGraphQLErrors.is(refused) && refused.errors[0]).toMatchObject({ extensions: { code: 'DOCUMENT_NOT_TRUSTED' } });
    expect(yoga.sent()).toEqual(['id']);
  });

  test('off: it learns that ids are of no use here, and sends texts from then on', async () => {
    await using yoga = await startGraph('off');
    const client = apollo(yoga.url, { sha256 });
    for (const query of [UNKNOWN, RequestsDocument])
      expect((await client.query({ query })).data).toMatchObject({ requests: { nodes: [] } });
    expect(yoga.sent()).toEqual(['id', 'text', 'text']);
  });
});

/** What urql's exchange for persisted queries puts into an operation; it goes by the message of the refusal. */
describe('a persisted query of urql', () => {
  test.each([
    ['prefer', RequestsDocument, undefined],
    ['prefer', UNKNOWN, 'PersistedQueryNotFound'],
    ['off', RequestsDocument, 'PersistedQueryNotSupported'],
  ] as const)('%s', async (mode, document, refusal) => {
    await using yoga = await startGraph(mode);
    const result = await urql(yoga.url).query(document, {}).toPromise();
    expect(result.error?.graphQLErrors.map(({ message }) => message)).toEqual(refusal && [refusal]);
    if (!refusal) expect(result.data).toMatchObject(EMPTY);
    expect(yoga.sent()).toEqual(['id']);
  });
});

const codegenHash = { generateHash: (document: object) => hashOf(document) };

/** As codegen's client preset puts it into a document. */
function hashOf(document: object): string {
  return '__meta__' in document ? String((document.__meta__ as { readonly hash: string }).hash) : '';
}

function apollo(uri: string, hashing: PersistedQueryLink.Options) {
  const link = ApolloLink.from([new PersistedQueryLink(hashing), new HttpLink({ uri })]);
  return new ApolloClient({ link, cache: new InMemoryCache(), defaultOptions: { query: { fetchPolicy: 'no-cache' } } });
}

function urql(url: string): Client {
  const byId = mapExchange({
    onOperation: (operation) => {
      const sha256Hash = hashOf(operation.query) || sha256(stringifyDocument(operation.query));
      return { ...operation, extensions: { persistedQuery: { version: 1, sha256Hash } } };
    },
  });
  return new Client({ url, preferGetMethod: false, exchanges: [byId, fetchExchange] });
}

async function startGraph(mode: TrustMode) {
  const file = join(import.meta.dirname, '../../operations/gql/persisted-documents.json');
  const yoga = await startLimitedYoga({ mode, documents: await readTrustedDocuments([file]) });
  return {
    url: yoga.url,
    /** What each request named its document by. */
    sent: () => yoga.received.map((params) => describeParams(params as Readonly<Record<string, unknown>>)),
    [Symbol.asyncDispose]: () => yoga[Symbol.asyncDispose](),
  };
}

function describeParams({ query, extensions }: Readonly<Record<string, unknown>>): string {
  const id = JSON.stringify(extensions ?? {}).includes('sha256Hash');
  return query ? (id ? 'id and text' : 'text') : 'id';
}
