import { ApolloClient, ApolloLink, gql, HttpLink, InMemoryCache } from '@apollo/client';
import { cacheExchange } from '@urql/exchange-graphcache';
import { Client, fetchExchange } from '@urql/core';
import { introspectionFromSchema } from 'graphql';
import { afterEach, beforeEach, expect, test, vi, type MockInstance } from 'vitest';
import { RequestDocument } from '../../documents/gql/graphql.ts';
import { apolloCacheOptions, graphcacheKeys } from '../../examples/cache-options.ts';
import { schema } from '../../src/schema/index.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { devices } from '../support/devices.ts';
import { startStack } from '../support/stack.ts';

const PAGE = gql`
  query Page($after: Cursor) {
    requests(first: 1, after: $after) {
      edges {
        node {
          id
          revision
          progress {
            total
          }
          outcomes {
            nodes {
              id
              revision
              deviceIds {
                kind
                value
              }
            }
          }
        }
      }
      pageInfo {
        hasNextPage
        endCursor
      }
    }
  }
`;
const COUNTS = gql`
  query Counts($id: ID!) {
    request(id: $id) {
      id
      progress {
        settled
      }
    }
  }
`;

interface Page {
  readonly requests: {
    readonly edges: readonly { readonly node: { readonly id: string; readonly outcomes: { readonly nodes: readonly Shown[] } } }[];
    readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
  };
}

interface Shown {
  readonly id: string;
  readonly deviceIds: readonly { readonly kind: string | null; readonly value: string }[];
}

let complaints: MockInstance[] = [];
beforeEach(() => void (complaints = [vi.spyOn(console, 'warn').mockReturnValue(), vi.spyOn(console, 'error').mockReturnValue()]));
afterEach(() => vi.restoreAllMocks());
const complained = () => complaints.flatMap(({ mock }) => mock.calls);

/** The identifiers as the mutation had them. */
const named = (count: number, first: number) => devices(count, first).map(({ deviceIds }) => deviceIds);

test('Apollo Client makes one list of the pages, keeps the identifiers of each device apart, and merges counts of two documents', async () => {
  await using stack = await startStack();
  const ids = [(await activateDevices(stack, 2)).id, (await activateDevices(stack, 2, { first: 3 })).id];
  const client = new ApolloClient({
    link: ApolloLink.from([new HttpLink({ uri: stack.gateway.urls.graphql })]),
    cache: new InMemoryCache(apolloCacheOptions),
  });
  const watched = client.watchQuery<Page>({ query: PAGE });
  const first = await watched.refetch();
  await watched.fetchMore({ variables: { after: first.data?.requests.pageInfo.endCursor } });
  await client.query({ query: COUNTS, variables: { id: ids[0] } });
  const { data } = watched.getCurrentResult();
  const edges = (data as Page | undefined)?.requests.edges ?? [];
  expect(edges.map(({ node }) => node.id)).toEqual(ids.toReversed());
  expect(edges.map(({ node }) => identifiersOf(node.outcomes.nodes))).toEqual([named(2, 3), named(2, 1)]);
  expect(client.readQuery({ query: COUNTS, variables: { id: ids[0] } })).not.toBeNull();
  expect(complained()).toEqual([]);
  client.stop();
});

test('graphcache keeps the identifiers of each device apart, and warns of no type', async () => {
  await using stack = await startStack();
  const { id } = await activateDevices(stack, 3);
  const introspection = introspectionFromSchema(schema);
  const read = async (keys: Record<string, () => null>) => {
    const client = new Client({
      url: stack.gateway.urls.graphql,
      exchanges: [cacheExchange({ schema: introspection, keys }), fetchExchange],
      preferGetMethod: false,
    });
    const { error } = await client.query(RequestDocument, { id }, { requestPolicy: 'network-only' });
    expect(error).toBeUndefined();
    const { data } = await client.query(RequestDocument, { id }, { requestPolicy: 'cache-only' });
    return identifiersOf(data?.request?.outcomes.nodes ?? []);
  };
  expect(await read(graphcacheKeys(introspection))).toEqual(named(3, 1));
  expect(complained()).toEqual([]);
  await read({});
  expect(complained()).not.toEqual([]);
});

function identifiersOf(nodes: readonly Shown[]) {
  return nodes.map(({ deviceIds }) =>
    deviceIds.filter(({ kind }) => kind === 'IMEI' || kind === 'ICCID').map(({ kind, value }) => ({ kind, value })),
  );
}
