import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError, type ExecutionArgs, type ExecutionResult, type FormattedExecutionResult } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Context, type SubscribePayload } from 'graphql-ws';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics.ts';
import type { FairScheduler } from '../../lib/fair-scheduler.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import { GRAPHQL_PATH, type Graphql } from '../graphql/graphql.ts';
import { isKnownHost } from '../host.ts';
import { createMaskError } from '../graphql/mask-error.ts';
import type { DocumentParams, TrustedDocuments } from '../limits/trusted-documents.ts';
import { ConcurrencyLimit } from '../../lib/concurrency-limit.ts';
import type { Origins } from '../graphql/origins.ts';
import { OVERLOADED, type Overload } from '../overload.ts';
import { createRefusalLogger } from '../graphql/refusal-logger.ts';
import { SharedFrames } from './shared-frames.ts';
import { SocketOperations } from './socket-operations.ts';
import { SocketPace, type PaceLimits } from './socket-pace.ts';
import { SocketSender } from './socket-sender.ts';
import { SocketClient } from './socket-client.ts';

export interface WebsocketOptions {
  readonly graphql: Graphql;
  readonly resolveDocument: TrustedDocuments['resolveDocument'];
  readonly authenticator: Pick<Authenticator, 'identify'>;
  readonly origins: Origins;
  /** Largest message, in bytes. It is the largest body over HTTP. */
  readonly maxBodyBytes: number;
  readonly socketsPerCaller: number;
  readonly pace?: PaceLimits;
  readonly scheduler: FairScheduler;
  readonly overload: Overload;
  /** Names this gateway is reached by. */
  readonly hosts: readonly string[];
  /** See `SenderOptions`. */
  readonly stalledAfterMs?: number;
  readonly keepAliveMs?: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface Extra extends Record<PropertyKey, unknown> {
  readonly client: SocketClient;
}

interface EnvelopedArgs extends ExecutionArgs {
  readonly execute: (args: ExecutionArgs) => Promise<ExecutionResult>;
  readonly subscribe: (args: ExecutionArgs) => Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult>>;
}

/**
 * How fast messages, pings and pongs of one socket are taken. A page that changes its view may open 100 subscriptions, complete
 * them and open them anew, all at once.
 */
const PACE: PaceLimits = { perSecond: 50, atOnce: 300 };
const STALLED_AFTER_MS = 15_000;
const KEEP_ALIVE_MS = 12_000;
const SERVICE_RESTART = 1012;
/** They have their turns together; no caller has this id. */
const STRANGERS_ID = '';
/** Operations of one socket at a time, subscriptions and others. */
const MAX_OPERATIONS = 100;
/** Parts that a message may come in: one for every 32 KiB of the largest, and never fewer than these. Chromium cuts at 131,000 bytes. */
const MIN_FRAGMENTS = 256;
const BYTES_OF_FRAGMENT = 32_768;
/** A frame is kept in the pieces it comes in until it is whole: pieces of one byte would take a hundred times their size. */
const BYTES_OF_PIECE = 512;
/** How long a socket that was closed before it said who it is may take to go, in milliseconds. */
const STRANGER_LINGER_MS = 1_000;
/** The same for every socket when the whole door closes. */
const STOP_LINGER_MS = 1_000;

/**
 * The WebSocket door: graphql-transport-ws by graphql-ws, every operation through the same yoga as HTTP. An operation that
 * goes wrong gets an error message of its own; it never closes the socket of the others.
 */
export class WebsocketDoor implements AsyncDisposable {
  readonly #options: WebsocketOptions;
  readonly #server: WebSocketServer;
  readonly #frames = new SharedFrames();
  readonly #operations = new SocketOperations(2 * MAX_OPERATIONS);
  /** Open sockets by caller. */
  readonly #callers: ConcurrencyLimit;
  readonly #protocol: ReturnType<typeof makeServer<Record<string, unknown>, Extra>>;
  #stopping = false;

  constructor(options: WebsocketOptions) {
    this.#options = options;
    this.#callers = new ConcurrencyLimit(options.socketsPerCaller);
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: options.maxBodyBytes,
      maxFragments: Math.max(MIN_FRAGMENTS, Math.ceil(options.maxBodyBytes / BYTES_OF_FRAGMENT)),
      maxBufferedChunks: Math.max(MIN_FRAGMENTS, Math.ceil(options.maxBodyBytes / BYTES_OF_PIECE)),
      perMessageDeflate: false,
      autoPong: false,
      handleProtocols,
    });
    const mask = createMaskError(options.logger);
    const maskFailure = (error: unknown): ExecutionResult => ({ errors: [mask(error) as GraphQLError] });
    this.#protocol = makeServer<Record<string, unknown>, Extra>({
      connectionInitWaitTimeout: 3_000,
      onConnect: ({ connectionParams, extra }) => extra.client.admit(connectionParams),
      onSubscribe: async (context, id, payload) => {
        this.#operations.begin(context, id, payload);
        const args = await this.#prepare(context, id, payload).catch((error: unknown) => [mask(error) as GraphQLError]);
        await this.#operations.waitIfNewest(context, id, payload);
        return args;
      },
      onNext: async (context, id, payload, _args, result) => {
        await this.#operations.waitIfNewest(context, id, payload);
        if (!result.errors) return this.#frames.standIn(result);
        return { ...result, errors: result.errors.map((error) => withoutHttp(error).toJSON()) } as FormattedExecutionResult;
      },
      onError: async (context, id, payload, errors) => {
        await this.#operations.waitIfNewest(context, id, payload);
        return errors.map((error) => withoutHttp(error).toJSON());
      },
      onComplete: (context, id, payload) => this.#operations.waitIfNewest(context, id, payload),
      execute: async (args) => (args as EnvelopedArgs).execute(args).catch(maskFailure),
      subscribe: async (args) => (args as EnvelopedArgs).subscribe(args).catch(maskFailure),
    });
  }

  /** Takes upgrades of `http` at the GraphQL path; any other is refused. */
  attach(http: Server): void {
    const logRefusal = createRefusalLogger(this.#options.logger, 'websocket');
    const refuseUpgrade = (socket: Duplex, status: 403 | 421) => {
      logRefusal(status);
      refuse(socket, status === 403 ? '403 Forbidden' : '421 Misdirected Request');
    };
    http.on('upgrade', (request, socket, head) => {
      // Who comes back at once must find somebody else: a socket opened now would outlive the stop.
      if (this.#stopping) return refuse(socket, '503 Service Unavailable');
      if ((request.url ?? '').split('?', 1)[0] !== GRAPHQL_PATH) return refuse(socket, '404 Not Found');
      if (!isKnownHost(this.#options.hosts, request)) return refuseUpgrade(socket, 421);
      if (!this.#options.origins.isAllowed(request)) return refuseUpgrade(socket, 403);
      this.#server.handleUpgrade(request, socket, head, (websocket) => this.#open(websocket, request));
    });
  }

  /** Closes every socket with 1012: clients come back, to whoever listens then, with their cursors. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    const closed = [...this.#server.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of this.#server.clients) socket.close(SERVICE_RESTART, 'Service restart');
    const patience = setTimeout(() => this.#server.clients.forEach((socket) => socket.terminate()), STOP_LINGER_MS);
    await Promise.all(closed);
    clearTimeout(patience);
    this.#server.close();
  }

  async #prepare(
    context: Context<Record<string, unknown>, Extra>,
    id: string,
    payload: SubscribePayload,
  ): Promise<EnvelopedArgs | readonly GraphQLError[]> {
    if (Object.keys(context.subscriptions).length > MAX_OPERATIONS) return [TOO_MANY_OPERATIONS];
    if (this.#options.overload.active) {
      this.#options.metrics.operationsShed.inc();
      return [new GraphQLError(OVERLOADED, { extensions: { code: 'OVERLOADED', retryAfterMs: 1_000 } })];
    }
    const { request: upgrade, identity } = context.extra.client;
    const { graphql, resolveDocument } = this.#options;
    const params = resolveDocument(payload as DocumentParams);
    if (params instanceof GraphQLError) return [params];
    // A POST, whatever the operation: with a GET yoga would take mutations for a method error.
    const request = new graphql.fetchAPI.Request(`http://${upgrade.headers.host ?? 'localhost'}${GRAPHQL_PATH}`, { method: 'POST' });
    const enveloped = graphql.getEnveloped({ req: upgrade, request, params, identity } as never);
    const { schema, parse, validate, contextFactory, execute, subscribe } = enveloped;
    const document = parse(params.query ?? '');
    const errors = validate(schema, document);
    if (errors.length > 0) return errors;
    const args = {
      schema,
      document,
      operationName: payload.operationName ?? null,
      variableValues: payload.variables ?? {},
      contextValue: await contextFactory(),
    };
    return {
      ...args,
      execute: async (given) => this.#operations.take(context, id, payload, await execute(given)),
      subscribe: async (given) => this.#operations.take(context, id, payload, await subscribe(given)),
    };
  }

  #open(socket: WebSocket, request: IncomingMessage): void {
    const { metrics, logger, scheduler, authenticator, pace: limits = PACE } = this.#options;
    const { stalledAfterMs = STALLED_AFTER_MS, keepAliveMs = KEEP_ALIVE_MS } = this.#options;
    metrics.sockets.inc();
    const client = new SocketClient(authenticator, this.#callers, socket, request);
    const pace = new SocketPace(socket, limits, () => scheduler.waitForTurn(client.callerId ?? STRANGERS_ID, 'ask'));
    const onStalled = () => logger.warn('websocket_stalled');
    const sender = new SocketSender(socket, pace, { stalledAfterMs, keepAliveMs, onStalled });
    const close = (code: number, reason: string) => {
      socket.close(code, reason);
      if (client.isStranger) setTimeout(() => socket.terminate(), STRANGER_LINGER_MS).unref();
    };
    const closed = this.#protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) => sender.send(this.#frames.frame(data)),
        close,
        onMessage: (handle) =>
          socket.on('message', (data) => {
            if (client.mayBeHeard())
              pace.take(() => socket.readyState === socket.OPEN && this.#watch(handle(toText(data)), close), lengthOf(data));
          }),
      },
      { client },
    );
    let ping: Buffer | null = null;
    socket.on('ping', (data) => {
      if (!client.mayBeHeard()) return;
      // The protocol lets the latest stand for those before it: so thousands that come at once take no memory.
      const isFirst = ping === null;
      ping = data;
      if (!isFirst) return pace.charge();
      pace.take(() => {
        const latest = ping ?? data;
        ping = null;
        sender.pong(latest);
      });
    });
    socket.on('pong', () => {
      if (client.mayBeHeard()) pace.charge();
    });
    // A frame over the cap or against the protocol: ws closes the socket itself, with the right code.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => {
      metrics.sockets.dec();
      void closed(code, String(reason));
    });
  }

  #watch(handled: Promise<void>, close: (code: number, reason: string) => void): void {
    handled.catch((error: unknown) => {
      // A message that only a server sends: graphql-ws takes the client's fault for its own.
      if (error instanceof Error && error.message.startsWith('Unexpected message of type'))
        return close(CloseCode.BadRequest, 'Invalid message');
      this.#options.logger.error('websocket_message_failed', { error });
      close(CloseCode.InternalServerError, 'Internal server error');
    });
  }
}

const TOO_MANY_OPERATIONS = new GraphQLError(
  `Nothing was run: a socket may have ${MAX_OPERATIONS} operations at a time. Complete one, or open another socket.`,
  {
    extensions: { code: 'RATE_LIMITED' },
  },
);

/** An error without what is meant for HTTP alone. */
function withoutHttp(error: GraphQLError): GraphQLError {
  const { http, ...extensions } = error.extensions;
  if (http === undefined) return error;
  const { message, nodes, path, originalError } = error;
  return new GraphQLError(message, { nodes, path, originalError, extensions });
}

function refuse(socket: Duplex, status: string): void {
  // A client that leaves its half open would keep the connection, and with it a stop, waiting for ever.
  socket.once('finish', () => socket.destroy());
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function lengthOf(data: RawData): number {
  return Array.isArray(data) ? data.reduce((sum, { byteLength }) => sum + byteLength, 0) : data.byteLength;
}

function toText(data: RawData): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}
