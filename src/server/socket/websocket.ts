import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Context, type SubscribePayload } from 'graphql-ws';
import { WebSocketServer, type RawData, type WebSocket } from 'ws';
import type { Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics.ts';
import type { FairScheduler } from '../../lib/fair-scheduler.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import { GRAPHQL_PATH, type Graphql } from '../graphql/graphql.ts';
import { formatError, formatResult } from '../graphql/format-error.ts';
import { isKnownHost, type Neighbours } from '../host.ts';
import { createMaskError } from '../graphql/mask-error.ts';
import { restoreEmptyMapsIn } from '../limits/empty-maps.ts';
import type { DocumentParams, TrustedDocuments } from '../limits/trusted-documents.ts';
import { ConcurrencyLimit } from '../../lib/concurrency-limit.ts';
import { FOREIGN_HOST, FOREIGN_ORIGIN, REFUSAL_HEADER, type Origins } from '../graphql/origins.ts';
import type { OutgoingBytes } from '../limits/outgoing-bytes.ts';
import type { DoorConnections } from '../door-connections.ts';
import { connectionEnd } from '../../lib/connection-end.ts';
import { createRefusalLogger } from '../graphql/refusal-logger.ts';
import { SharedFrames } from './shared-frames.ts';
import { DEFLATE, SocketCompression } from './socket-compression.ts';
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
  readonly hosts: readonly string[];
  readonly neighbours: Neighbours | null;
  readonly connections: DoorConnections;
  readonly outgoing: OutgoingBytes;
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
const KEEP_ALIVE_MS = 12_000;
const SERVICE_RESTART = 1012;
const TRY_AGAIN_LATER = 1013;
/** All strangers share the turns of this id, which no caller has. */
const STRANGERS_ID = '';
/** The most operations that one socket runs at the same time, subscriptions included. */
const MAX_OPERATIONS = 100;
/** A message may come in one fragment for every 32 KiB of the largest message, and at least in these. Chromium cuts at 131,000 bytes. */
const MIN_FRAGMENTS = 256;
const BYTES_OF_FRAGMENT = 32_768;
/** A frame is kept in the pieces that it comes in until it is complete. Pieces of one byte would take a hundred times their size. */
const BYTES_OF_PIECE = 512;
/** A socket may always hold so much for its turn. Plain messages are read no further while one waits, and come to less. */
const LEAST_HELD_BYTES = 1_048_576;
/** How long the socket of a stranger may stay after it was closed, in milliseconds. */
const STRANGER_LINGER_MS = 1_000;
/** How long any socket may stay when the whole door closes, in milliseconds. */
const STOP_LINGER_MS = 1_000;

/**
 * The WebSocket door. graphql-ws speaks the protocol (graphql-transport-ws), and every operation goes through the same yoga as over
 * HTTP. An operation that fails gets its own error message, and never closes the socket of the others.
 */
export class WebsocketDoor implements AsyncDisposable {
  readonly #options: WebsocketOptions;
  readonly #server: WebSocketServer;
  readonly #frames = new SharedFrames();
  readonly #compression = new SocketCompression();
  readonly #operations = new SocketOperations(2 * MAX_OPERATIONS);
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
      perMessageDeflate: DEFLATE,
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
        if (!result.errors) return this.#frames.createStandIn(result);
        return formatResult(result);
      },
      onError: async (context, id, payload, errors) => {
        await this.#operations.waitIfNewest(context, id, payload);
        return errors.map(formatError);
      },
      onComplete: (context, id, payload) => this.#operations.waitIfNewest(context, id, payload),
      execute: async (args) => (args as EnvelopedArgs).execute(args).catch(maskFailure),
      subscribe: async (args) => (args as EnvelopedArgs).subscribe(args).catch(maskFailure),
    });
  }

  attach(http: Server): void {
    const { logger, hosts, neighbours, origins } = this.#options;
    const logRefusal = createRefusalLogger(logger, 'websocket');
    http.on('upgrade', (request, socket, head) => {
      // A socket that is opened now would outlive the stop. Its client must find another gateway.
      if (this.#stopping) return refuse(socket, '503 Service Unavailable');
      if ((request.url ?? '').split('?', 1)[0] !== GRAPHQL_PATH) return refuse(socket, '404 Not Found');
      if (!isKnownHost(hosts, neighbours, request)) {
        logRefusal(421);
        refuse(socket, '421 Misdirected Request', FOREIGN_HOST);
      } else if (!origins.isAllowed(request)) {
        logRefusal(403);
        refuse(socket, '403 Forbidden', FOREIGN_ORIGIN);
      } else {
        this.#compression.offer(request);
        this.#server.handleUpgrade(request, socket, head, (websocket) => this.#open(websocket, request));
      }
    });
  }

  /** Closes every socket with 1012. The clients then connect again, and resume by their cursors. */
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
    const { request: upgrade, identity } = context.extra.client;
    const { graphql, resolveDocument } = this.#options;
    const params = resolveDocument(payload as DocumentParams);
    if (params instanceof GraphQLError) return [params];
    // It is always a POST, because yoga refuses mutations over GET.
    const request = new graphql.fetchAPI.Request(`http://${upgrade.headers.host ?? 'localhost'}${GRAPHQL_PATH}`, { method: 'POST' });
    const enveloped = graphql.getEnveloped({ req: upgrade, request, params, identity, gone: connectionEnd(upgrade.socket) } as never);
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
    const { metrics, scheduler, authenticator, pace: limits = PACE } = this.#options;
    const { connections, outgoing, keepAliveMs = KEEP_ALIVE_MS, maxBodyBytes } = this.#options;
    metrics.sockets.inc();
    this.#compression.count(socket);
    /** The bytes of messages that wait for their turn. What comes compressed may be a thousand times what was read from the connection. */
    let held = 0;
    const client = new SocketClient(authenticator, this.#callers, socket, request, (callerId) =>
      connections.know(request.socket, callerId),
    );
    const pace = new SocketPace(socket, limits, () => scheduler.waitForTurn(client.callerId ?? STRANGERS_ID, 'ask'));
    const hold = (bytes: number) => outgoing.hold(client.callerId ?? STRANGERS_ID, bytes);
    const sender = new SocketSender(socket, pace, { keepAliveMs, hold, onStalled: () => connections.report('stalled') });
    connections.endBy(request.socket, () => sender.giveUp());
    const close = (code: number, reason: string) => {
      socket.close(code, reason);
      if (client.isStranger) setTimeout(() => socket.terminate(), STRANGER_LINGER_MS).unref();
    };
    const closed = this.#protocol.opened(
      {
        protocol: socket.protocol,
        send: (message) => this.#compression.send(sender, this.#frames.fillIn(message)),
        close,
        onMessage: (handle) =>
          socket.on('message', (data) => {
            const bytes = toBuffer(data);
            if (!client.countFrame(bytes.length)) return;
            if (held > 0 && held + bytes.length > Math.max(maxBodyBytes, LEAST_HELD_BYTES))
              return close(TRY_AGAIN_LATER, 'Too many long messages at once');
            held += bytes.length;
            pace.take(() => {
              held -= bytes.length;
              if (socket.readyState === socket.OPEN) this.#watch(handle(restoreEmptyMapsIn(bytes.toString('utf8'))), close);
            }, bytes.length);
          }),
      },
      { client },
    );
    let ping: Buffer | null = null;
    socket.on('ping', (data) => {
      if (!client.countFrame()) return;
      // One pong may answer all pings before it, with the data of the latest. So thousands of pings take no memory.
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
      if (client.countFrame()) pace.charge();
    });
    // The frame is too large or against the protocol. ws itself closes the socket, with the right code.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => {
      metrics.sockets.dec();
      void closed(code, String(reason));
    });
  }

  #watch(handled: Promise<void>, close: (code: number, reason: string) => void): void {
    handled.catch((error: unknown) => {
      // The client has sent a message that only servers send. graphql-ws reports this as a fault of its own.
      if (error instanceof Error && error.message.startsWith('Unexpected message of type'))
        return close(CloseCode.BadRequest, 'Invalid message');
      this.#options.logger.error('websocket_message_failed', { error });
      close(CloseCode.InternalServerError, 'Internal server error');
    });
  }
}

const TOO_MANY_OPERATIONS = new GraphQLError(
  `Nothing was run: a socket may have ${MAX_OPERATIONS} operations at a time. Complete one, or open another socket.`,
  { extensions: { code: 'RATE_LIMITED' } },
);

function refuse(socket: Duplex, status: string, why = ''): void {
  // A client may never close its half of the connection. Without this a stop would wait for it for ever.
  socket.once('finish', () => socket.destroy());
  socket.on('error', () => undefined);
  const reason = why === '' ? '' : `Content-Type: text/plain\r\n${REFUSAL_HEADER}: ${why}\r\n`;
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\n${reason}Content-Length: ${why.length}\r\n\r\n${why}`);
}

/** ws gives every message as a Buffer, whatever its types allow. */
function toBuffer(data: RawData): Buffer {
  if (Array.isArray(data)) return Buffer.concat(data);
  return Buffer.isBuffer(data) ? data : Buffer.from(data);
}
