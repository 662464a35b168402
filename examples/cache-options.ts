// What the caches of Apollo Client and urql (graphcache) must know of the graph. Ids are global, so both caches' own keys are
// right for everything that has an `id`. The other types are parts of what holds them.
import type { InMemoryCacheConfig } from '@apollo/client';
import { relayStylePagination } from '@apollo/client/utilities';
import type { IntrospectionQuery } from 'graphql';
import possibleTypes from '../documents/gql/possible-types.ts';

/** For `new InMemoryCache(…)`. */
export const apolloCacheOptions: InMemoryCacheConfig = {
  ...possibleTypes,
  typePolicies: {
    // Documents may ask for different counts of one request.
    Progress: { merge: true },
    // Pages that are read one after the other become one list. Ask for `edges { node { … } }` and `pageInfo`.
    Query: { fields: { requests: relayStylePagination(['accountName', 'filter']) } },
  },
};

/** For graphcache's `cacheExchange({ schema, keys: graphcacheKeys(schema) })`: the types without an `id` are parts of others. */
export function graphcacheKeys({ __schema }: IntrospectionQuery): Record<string, () => null> {
  const keys: Record<string, () => null> = {};
  for (const type of __schema.types) {
    if (type.kind === 'OBJECT' && !type.fields.some(({ name }) => name === 'id')) keys[type.name] = () => null;
  }
  return keys;
}
