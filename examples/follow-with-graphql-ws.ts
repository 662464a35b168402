// Follow one request to its end with plain graphql-ws, through any number of lost connections.
//
// graphql-ws reconnects by itself, but sends the same variables again: the request would be replayed from its beginning. It
// builds that message anew each time from the object it was given, so it is enough to keep `after` in it at the last cursor.
import { print, type GraphQLFormattedError } from 'graphql';
import { createClient } from 'graphql-ws';
import {
  RequestStatusDocument,
  type RequestStatusSubscription,
  type RequestStatusSubscriptionVariables,
} from '../documents/gql/graphql.ts';

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
 * help (`cause` holds the GraphQL errors): NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED.
 */
export async function followWithGraphqlWs(options: FollowOptions): Promise<void> {
  const {
    url,
    requestId,
    batchSize = 100,
    onEvent,
    signal,
    authorization,
    webSocketImpl,
    firstPauseMs = 250,
    keepAliveMs = 10_000,
  } = options;
  if (signal?.aborted) return;
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

  const variables: RequestStatusSubscriptionVariables = { requestId, batchSize, after: options.after ?? null };
  const { promise, resolve, reject } = Promise.withResolvers<void>();
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
