// Follow one request to its end with Apollo Client 4, through any number of lost connections.
//
// GraphQLWsLink reconnects by itself, but sends the same variables again: the request would be replayed from its beginning.
// `resumeLink` in front of it keeps `after` at the last cursor, for every `requestStatus` of the application: components go
// on with a plain useSubscription(RequestStatusDocument, { variables: { requestId } }).
import { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { tap } from 'rxjs';
import { RequestStatusDocument } from '../documents/gql/graphql.ts';
import possibleTypes from '../documents/gql/possible-types.ts';
import { createReconnectingClient, withResolvers, type FollowOptions } from './reconnecting-client.ts';

/**
 * Resolves when nothing more will come, or `signal` says so. Rejects with what the gateway said when asking again would not
 * help (a CombinedGraphQLErrors): NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED.
 */
export async function followWithApollo(options: FollowOptions): Promise<void> {
  const { requestId, after = null, batchSize = 100, onEvent, signal } = options;
  if (signal?.aborted) return;
  // An application makes this client once.
  const client = new ApolloClient({
    link: ApolloLink.from([resumeLink(), new GraphQLWsLink(createReconnectingClient(options))]),
    // Ids are global: each event updates the devices that queries have put into the cache.
    cache: new InMemoryCache(possibleTypes),
  });
  const { promise, resolve, reject } = withResolvers();
  let stopped = false;
  const stop = () => {
    stopped = true;
    resolve();
  };
  const fail = (error: unknown) => {
    stopped = true;
    reject(error);
  };
  const subscription = client.subscribe({ query: RequestStatusDocument, variables: { requestId, after, batchSize } }).subscribe({
    next: ({ data, error }) => {
      // What the socket had already read may still come.
      if (stopped) return;
      if (error) return fail(error);
      try {
        if (data) onEvent(data.requestStatus);
      } catch (thrown) {
        fail(thrown);
      }
    },
    error: reject,
    complete: resolve,
  });
  signal?.addEventListener('abort', stop, { once: true });
  await promise.finally(() => {
    signal?.removeEventListener('abort', stop);
    subscription.unsubscribe();
    client.stop();
  });
}

/** graphql-ws sends `operation.variables` as they are at that moment, each time it connects. */
export function resumeLink(): ApolloLink {
  return new ApolloLink((operation, forward) => {
    // A copy: the object given to the link belongs to Apollo.
    const variables = (operation.variables = { ...operation.variables });
    return forward(operation).pipe(
      tap(({ data }) => {
        const cursor: unknown = data?.['requestStatus']?.cursor;
        if (typeof cursor === 'string') variables['after'] = cursor;
      }),
    );
  });
}
