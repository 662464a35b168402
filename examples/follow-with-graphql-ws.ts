// Follow one request to its end with plain graphql-ws, through any number of lost connections.
//
// graphql-ws reconnects by itself, but sends the same variables again: the request would be replayed from its beginning. It
// builds that message anew each time from the object it was given, so it is enough to keep `after` in it at the last cursor.
import { print, type GraphQLFormattedError } from 'graphql';
import {
  RequestStatusDocument,
  type RequestStatusSubscription,
  type RequestStatusSubscriptionVariables,
} from '../documents/gql/graphql.ts';
import { createReconnectingClient, withResolvers, type FollowOptions } from './reconnecting-client.ts';

/**
 * Resolves when nothing more will come, or `signal` says so. Rejects with what the gateway said when asking again would not
 * help (`cause` holds the GraphQL errors): NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED.
 */
export async function followWithGraphqlWs(options: FollowOptions): Promise<void> {
  const { requestId, batchSize = 100, onEvent, signal } = options;
  if (signal?.aborted) return;
  const client = createReconnectingClient(options);
  const variables: RequestStatusSubscriptionVariables = { requestId, batchSize, after: options.after ?? null };
  const { promise, resolve, reject } = withResolvers();
  let stopped = false;
  const unsubscribe = client.subscribe<RequestStatusSubscription>(
    { query: print(RequestStatusDocument), variables: variables as Record<string, unknown> },
    {
      next: ({ data, errors }) => {
        // What the socket had already read may still come.
        if (stopped) return;
        try {
          if (!data) throw failure(errors ?? []);
          variables.after = data.requestStatus.cursor;
          onEvent(data.requestStatus);
        } catch (error) {
          reject(error);
          stop();
        }
      },
      // GraphQL errors end the subscription and are not retried. Anything else here is a connection that is never taken.
      error: (error) => reject(Array.isArray(error) ? failure(error) : new Error('The gateway refuses this client.', { cause: error })),
      complete: resolve,
    },
  );
  const stop = () => {
    stopped = true;
    unsubscribe();
  };
  signal?.addEventListener('abort', stop, { once: true });
  // The socket closes by itself when its last subscription is gone.
  await promise.finally(() => signal?.removeEventListener('abort', stop));
}

function failure(errors: readonly GraphQLFormattedError[]): Error {
  return new Error(errors[0]?.message ?? 'The gateway sent neither data nor errors.', { cause: errors });
}
