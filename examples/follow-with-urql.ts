// Follow one request to its end with urql, through any number of lost connections.
//
// graphql-ws, which carries urql's subscriptions, reconnects by itself, but sends the same variables again: the request
// would be replayed from its beginning. `forwardResuming` gives it variables whose `after` stands at the last cursor, for
// every `requestStatus` of the application: components go on with a plain useSubscription.
import { Client, subscriptionExchange } from '@urql/core';
import { createClient, type Client as SocketClient } from 'graphql-ws';
import { RequestStatusDocument, type RequestStatusSubscription } from '../documents/gql/graphql.ts';

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
 * help (a CombinedError): NOT_FOUND, CURSOR_INVALID, CURSOR_EXPIRED.
 */
export async function followWithUrql(options: FollowOptions): Promise<void> {
  const { url, requestId, after = null, batchSize = 100, onEvent, signal } = options;
  if (signal?.aborted) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  // An application makes this client once, and leaves `resolve` out: its components read `status`, which is terminal in the
  // last event only.
  const client = new Client({
    url,
    exchanges: [subscriptionExchange({ forwardSubscription: forwardResuming(reconnectingClient(options), resolve) })],
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
function forwardResuming(socket: SocketClient, onComplete: () => void): ForwardSubscription {
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

function reconnectingClient({ url, authorization, webSocketImpl, firstPauseMs = 250, keepAliveMs = 10_000 }: FollowOptions): SocketClient {
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
