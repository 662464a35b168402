// Follow one request to its end with Apollo Client 4, through any number of lost connections.
//
// GraphQLWsLink reconnects by itself, but sends the same variables again: the request would be replayed from its beginning.
// `resumeLink` in front of it keeps `after` at the last cursor, for every `requestStatus` of the application: components go
// on with a plain useSubscription(RequestStatusDocument, { variables: { requestId } }).
import { ApolloClient, ApolloLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { createClient } from 'graphql-ws';
import { tap } from 'rxjs';
import { RequestStatusDocument, type RequestStatusSubscription } from '../documents/gql/graphql.ts';
import possibleTypes from '../documents/gql/possible-types.ts';

export interface FollowOptions {
  /** `wss://…/graphql` */
  readonly url: string;
  readonly requestId: string;
  /** A cursor kept from earlier (of a former page load, or `request.cursor` of a query); everything from the beginning without. */
  readonly after?: string;
  /** Changes in one event at most, 1 to 1,000. Smaller events are lost less often on a bad line. */
  readonly batchSize?: number;
  readonly onEvent: (event: RequestStatusSubscription['requestStatus']) => void;
  /** Stops following. */
  readonly signal?: AbortSignal;
  /** The first pause before connecting again; it doubles up to 10 seconds. */
  readonly firstPauseMs?: number;
  /** How often to ask a silent connection whether it is still there. One that does not answer in time is replaced. */
  readonly keepAliveMs?: number;
  /** `Bearer …`, an API key or a token; asked again for every connection, so that a reconnect brings the token of then. */
  readonly authorization?: () => string | Promise<string>;
  /** Outside browsers: `WebSocket` of the package ws. */
  readonly webSocketImpl?: unknown;
}

/**
 * Resolves when nothing more will come, or `signal` says so. Rejects with what the gateway said when asking again would not
 * help (a CombinedGraphQLErrors): NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED.
 */
export async function followWithApollo(options: FollowOptions): Promise<void> {
  const { requestId, after = null, batchSize = 100, onEvent, signal } = options;
  if (signal?.aborted) return;
  // An application makes this client once.
  const client = new ApolloClient({
    link: ApolloLink.from([resumeLink(), new GraphQLWsLink(reconnectingClient(options))]),
    // Ids are global: each event updates the devices that queries have put into the cache.
    cache: new InMemoryCache(possibleTypes),
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
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
function resumeLink(): ApolloLink {
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

function reconnectingClient({ url, authorization, webSocketImpl, firstPauseMs = 250, keepAliveMs = 10_000 }: FollowOptions) {
  let unanswered: ReturnType<typeof setTimeout> | undefined;
  const client = createClient({
    url,
    webSocketImpl,
    connectionParams: async () => ({ authorization: await authorization?.() }),
    retryAttempts: Number.POSITIVE_INFINITY,
    // By default only closed sockets are retried; a refused or reset connection comes as an error event.
    shouldRetry: () => true,
    retryWait: (retries) => pause(Math.min(10_000, firstPauseMs * 2 ** retries) * (0.5 + Math.random() / 2)),
    keepAlive: keepAliveMs,
    on: {
      // A phone that changed networks holds a socket that is dead and does not know it.
      ping: (received) => void (received || (unanswered = setTimeout(() => client.terminate(), keepAliveMs / 2))),
      pong: () => clearTimeout(unanswered),
      closed: () => clearTimeout(unanswered),
    },
  });
  return client;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
