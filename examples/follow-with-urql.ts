// Follow one request to its end with urql, through any number of lost connections.
//
// graphql-ws, which carries urql's subscriptions, reconnects by itself, but sends the same variables again: the request
// would be replayed from its beginning. `forwardResuming` gives it variables whose `after` stands at the last cursor, for
// every `requestStatus` of the application: components go on with a plain useSubscription.
import { Client, subscriptionExchange } from '@urql/core';
import type { Client as SocketClient } from 'graphql-ws';
import { RequestStatusDocument } from '../documents/gql/graphql.ts';
import { createReconnectingClient, withResolvers, type FollowOptions } from './reconnecting-client.ts';

/**
 * Resolves when nothing more will come, or `signal` says so. Rejects with what the gateway said when asking again would not
 * help (a CombinedError): NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED.
 */
export async function followWithUrql(options: FollowOptions): Promise<void> {
  const { url, requestId, after = null, batchSize = 100, onEvent, signal } = options;
  if (signal?.aborted) return;
  const { promise, resolve, reject } = withResolvers();
  // An application makes this client once, and leaves `resolve` out: its components read `status`, which is terminal in the
  // last event only.
  const client = new Client({
    url,
    exchanges: [subscriptionExchange({ forwardSubscription: forwardResuming(createReconnectingClient(options), resolve) })],
    preferGetMethod: false,
  });
  let stopped = false;
  const stop = () => {
    stopped = true;
    resolve();
  };
  const fail = (error: unknown) => {
    stopped = true;
    reject(error);
  };
  const subscription = client.subscription(RequestStatusDocument, { requestId, after, batchSize }).subscribe(({ data, error, hasNext }) => {
    // What the socket had already read may still come.
    if (stopped) return;
    if (error) return fail(error);
    try {
      // When the subscription has ended urql shows the last result once more, with `hasNext: false`.
      if (data && hasNext) onEvent(data.requestStatus);
    } catch (thrown) {
      fail(thrown);
    }
  });
  signal?.addEventListener('abort', stop, { once: true });
  await promise.finally(() => {
    signal?.removeEventListener('abort', stop);
    subscription.unsubscribe();
  });
}

type ForwardSubscription = Parameters<typeof subscriptionExchange>[0]['forwardSubscription'];

/** graphql-ws sends `variables` as they are at that moment, each time it connects. */
export function forwardResuming(socket: SocketClient, onComplete: () => void): ForwardSubscription {
  return ({ query = '', variables: given }) => ({
    subscribe(sink) {
      const variables: Record<string, unknown> = { ...given };
      const unsubscribe = socket.subscribe<{ requestStatus?: { cursor?: string } }>(
        { query, variables },
        {
          next: ({ data = null, errors }) => {
            variables['after'] = data?.requestStatus?.cursor ?? variables['after'];
            sink.next(errors ? { data, errors: [...errors] } : { data });
          },
          error: (error) => sink.error(error),
          complete: () => {
            sink.complete();
            onComplete();
          },
        },
      );
      return { unsubscribe };
    },
  });
}
