// The graphql-ws client of all three examples: it connects again after every loss, and notices a connection that is dead.
import { createClient, type Client } from 'graphql-ws';
import type { RequestStatusSubscription } from '../documents/gql/graphql.ts';

export interface FollowOptions extends ConnectionOptions {
  readonly requestId: string;
  /** A cursor kept from earlier (of a former page load, or `request.cursor` of a query); everything from the beginning without. */
  readonly after?: string;
  /** Changes in one event at most, 1 to 1,000. Smaller events are lost less often on a bad line. */
  readonly batchSize?: number;
  readonly onEvent: (event: RequestStatusSubscription['requestStatus']) => void;
  /** Stops following. */
  readonly signal?: AbortSignal;
}

export interface ConnectionOptions {
  /** `wss://…/graphql` */
  readonly url: string;
  /** The first pause before connecting again; it doubles up to 10 seconds. */
  readonly firstPauseMs?: number;
  /** How often to ask a silent connection whether it is still there. One that does not answer in time is replaced. */
  readonly keepAliveMs?: number;
  /** `Bearer …`, an API key or a token; asked again for every connection, so that a reconnect brings the token of then. */
  readonly authorization?: () => string | Promise<string>;
  /** Outside browsers: `WebSocket` of the package ws. */
  readonly webSocketImpl?: unknown;
}

/** How long a connection may take to open, in milliseconds. */
const OPENING_MS = 10_000;

export function createReconnectingClient({
  url,
  authorization,
  webSocketImpl,
  firstPauseMs = 250,
  keepAliveMs = 10_000,
}: ConnectionOptions): Client {
  let unanswered: ReturnType<typeof setTimeout> | undefined;
  let socket: { onmessage: unknown } | undefined;
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
      opened: (opened) => void (socket = opened as { onmessage: unknown }),
      // A phone that changed networks holds a socket that is dead and does not know it. One that opens may be dead too.
      connecting: () => {
        clearTimeout(unanswered);
        unanswered = setTimeout(replace, OPENING_MS);
      },
      connected: () => clearTimeout(unanswered),
      ping: (received) => void (received || (unanswered = setTimeout(replace, keepAliveMs / 2))),
      pong: () => clearTimeout(unanswered),
      closed: () => clearTimeout(unanswered),
    },
  });
  const replace = () => {
    // It may only have been slow. What it still brings would come between the events of the next socket.
    if (socket) socket.onmessage = null;
    client.terminate();
  };
  return client;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

/** `Promise.withResolvers()`, which Node 20, Safari before 17.4 and React Native do not have. */
export function withResolvers() {
  let resolve = (): void => undefined;
  let reject: (reason: unknown) => void = () => undefined;
  const promise = new Promise<void>((resolved, rejected) => {
    resolve = resolved;
    reject = rejected;
  });
  return { promise, resolve, reject };
}
