// The graphql-ws client of all the examples: it connects again after every loss, notices a connection that is dead, and asks again
// when the gateway has too much to do.
import { createClient, type Client, type FormattedExecutionResult, type Sink, type SubscribePayload } from 'graphql-ws';
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

export function createReconnectingClient({
  url,
  authorization,
  webSocketImpl,
  firstPauseMs = 250,
  keepAliveMs = 10_000,
}: ConnectionOptions): Client {
  let unanswered: ReturnType<typeof setTimeout> | undefined;
  let socket: { onmessage: unknown } | undefined;
  const replace = (): void => {
    // Outside browsers a socket that closes may still bring events. They would be taken for those of the next connection, and
    // move `after` over what that one has not brought yet.
    if (socket) socket.onmessage = null;
    client.terminate();
  };
  const client = createClient({
    url,
    webSocketImpl: withOpenTimeout((webSocketImpl ?? WebSocket) as typeof WebSocket, keepAliveMs),
    connectionParams: async () => ({ authorization: await authorization?.() }),
    retryAttempts: Number.POSITIVE_INFINITY,
    // By default only closed sockets are retried; a refused or reset connection comes as an error event.
    shouldRetry: () => true,
    retryWait: (retries) => pause(Math.min(10_000, firstPauseMs * 2 ** retries) * (0.5 + Math.random() / 2)),
    keepAlive: keepAliveMs,
    on: {
      opened: (opened) => void (socket = opened as typeof socket),
      // A phone that changed networks holds a socket that is dead and does not know it.
      ping: (received) => void (received || (unanswered = setTimeout(replace, keepAliveMs / 2))),
      pong: () => clearTimeout(unanswered),
      closed: () => clearTimeout(unanswered),
    },
  });
  return { ...client, subscribe: (payload, sink) => subscribePatiently(client, payload, sink) };
}

/** A line may go dead before the connection is open. Then nothing tells of it, and graphql-ws waits for ever. */
function withOpenTimeout(Socket: typeof WebSocket, timeoutMs: number): typeof WebSocket {
  return class extends Socket {
    constructor(url: string | URL, protocols?: string | string[]) {
      super(url, protocols);
      const timer = setTimeout(() => this.close(), timeoutMs);
      for (const event of ['open', 'error', 'close'] as const) this.addEventListener(event, () => clearTimeout(timer));
    }
  };
}

/**
 * OVERLOADED and RATE_LIMITED say when to come back, but they end a subscription as every error does. The payload is the object
 * that was given, so a new subscription goes on from the cursor that its `variables` have by then.
 */
function subscribePatiently<Data, Extensions>(
  client: Client,
  payload: SubscribePayload,
  sink: Sink<FormattedExecutionResult<Data, Extensions>>,
): () => void {
  let timer: ReturnType<typeof setTimeout> | undefined;
  let unsubscribe = (): void => undefined;
  let stopped = false;
  const start = (): void => {
    timer = undefined;
    let waitMs: number | null = null;
    unsubscribe = client.subscribe<Data, Extensions>(payload, {
      // Some refusals come in place of the first event, and then the end.
      next: (result) => {
        waitMs = retryAfterMs(result.errors);
        if (waitMs === null) sink.next(result);
      },
      error: (error) => {
        waitMs = retryAfterMs(error);
        if (waitMs === null) sink.error(error);
        else timer = setTimeout(start, waitMs);
      },
      complete: () => {
        if (waitMs === null || stopped) sink.complete();
        else timer = setTimeout(start, waitMs);
      },
    });
  };
  start();
  return () => {
    stopped = true;
    if (timer === undefined) return unsubscribe();
    clearTimeout(timer);
    sink.complete();
  };
}

function retryAfterMs(errors: unknown): number | null {
  const [first] = (Array.isArray(errors) ? errors : []) as readonly { extensions?: { retryAfterMs?: unknown } }[];
  const wait = first?.extensions?.retryAfterMs;
  return typeof wait === 'number' ? wait : null;
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
