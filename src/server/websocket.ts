import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { CloseCode, handleProtocols, makeServer, type Context, type SubscribePayload } from 'graphql-ws';
import { WebSocketServer, type WebSocket } from 'ws';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import { GRAPHQL_PATH, type Graphql } from './graphql.ts';
import { isKnownHost } from './known-host.ts';
import { createMaskError } from './mask-error.ts';
import { OVERLOADED, type Overload } from './overload.ts';
import { SharedFrames } from './shared-frames.ts';

export interface WebsocketOptions {
  readonly graphql: Graphql;
  readonly overload: Overload;
  /** Names this gateway is reached by. */
  readonly hosts: readonly string[];
  /** A send the client has not taken for this long closes its socket with 1013: it can resume by its cursor. */
  readonly stalledAfterMs: number;
  readonly keepAliveMs: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface Extra extends Record<PropertyKey, unknown> {
  readonly request: IncomingMessage;
}

interface EnvelopedArgs extends ExecutionArgs {
  readonly execute: (args: ExecutionArgs) => Promise<ExecutionResult>;
  readonly subscribe: (args: ExecutionArgs) => Promise<ExecutionResult | AsyncIterableIterator<ExecutionResult>>;
}

const TRY_AGAIN_LATER = 1013;
const SERVICE_RESTART = 1012;
/** Frames a client may leave untaken before nothing more is read from it: a flood of questions cannot pile up answers. */
const MAX_UNTAKEN = 1_000;
/** How long a socket that was closed may still take what lies before the close frame. */
const LINGER_MS = 15_000;
/** The same when the whole door closes, in milliseconds. */
const LAST_WORDS_MS = 1_000;

/**
 * The WebSocket door: graphql-transport-ws by graphql-ws, every operation through the same yoga as HTTP. An operation that
 * goes wrong gets an error message of its own; it never closes the socket of the others.
 */
export class WebsocketDoor implements AsyncDisposable {
  readonly #options: WebsocketOptions;
  readonly #server = new WebSocketServer({ noServer: true, maxPayload: 4 * 1024 * 1024, perMessageDeflate: false, handleProtocols });
  readonly #frames = new SharedFrames();
  readonly #untaken = new WeakMap<WebSocket, number>();
  readonly #protocol: ReturnType<typeof makeServer<Record<string, unknown>, Extra>>;
  #stopping = false;

  constructor(options: WebsocketOptions) {
    this.#options = options;
    const mask = createMaskError(options.logger);
    const failed = (error: unknown): ExecutionResult => ({ errors: [mask(error) as GraphQLError] });
    this.#protocol = makeServer<Record<string, unknown>, Extra>({
      connectionInitWaitTimeout: 3_000,
      onSubscribe: async (context, _id, payload) => {
        try {
          if (options.overload.active) {
            options.metrics.operationsShed.inc();
            return [new GraphQLError(OVERLOADED, { extensions: { code: 'OVERLOADED', retryAfterMs: 1_000 } })];
          }
          return await this.#envelop(context, payload);
        } catch (error) {
          return [mask(error) as GraphQLError];
        }
      },
      onNext: (_context, _id, _payload, _args, result) => this.#frames.standIn(result),
      execute: async (args) => (args as EnvelopedArgs).execute(args).catch(failed),
      subscribe: async (args) => (args as EnvelopedArgs).subscribe(args).catch(failed),
    });
  }

  /** Takes upgrades of `http` at the GraphQL path; any other is refused. */
  attach(http: Server): void {
    http.on('upgrade', (request, socket, head) => {
      const origin = request.headers.origin;
      // Who comes back at once must find somebody else: a socket opened now would outlive the stop.
      if (this.#stopping) return refuse(socket, '503 Service Unavailable');
      if ((request.url ?? '').split('?', 1)[0] !== GRAPHQL_PATH) return refuse(socket, '404 Not Found');
      if (!isKnownHost(this.#options.hosts, request)) return refuse(socket, '421 Misdirected Request');
      // A browser's page must be of this very gateway; other clients send no Origin.
      if (origin !== undefined && origin !== `http://${request.headers.host ?? ''}`) return refuse(socket, '403 Forbidden');
      this.#server.handleUpgrade(request, socket, head, (websocket) => this.#opened(websocket, request));
    });
  }

  /** Closes every socket with 1012: clients come back, to whoever listens then, with their cursors. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopping = true;
    const closed = [...this.#server.clients].map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    for (const socket of this.#server.clients) socket.close(SERVICE_RESTART, 'Service restart');
    const patience = setTimeout(() => this.#server.clients.forEach((socket) => socket.terminate()), LAST_WORDS_MS);
    await Promise.all(closed);
    clearTimeout(patience);
    this.#server.close();
  }

  async #envelop(
    context: Context<Record<string, unknown>, Extra>,
    payload: SubscribePayload,
  ): Promise<EnvelopedArgs | readonly GraphQLError[]> {
    const { request: upgrade } = context.extra;
    const { graphql } = this.#options;
    // A POST, whatever the operation: with a GET yoga would take mutations for a method error.
    const request = new graphql.fetchAPI.Request(`http://${upgrade.headers.host ?? 'localhost'}${GRAPHQL_PATH}`, { method: 'POST' });
    const enveloped = graphql.getEnveloped({ req: upgrade, request, params: payload, connectionParams: context.connectionParams } as never);
    const { schema, parse, validate, contextFactory, execute, subscribe } = enveloped;
    const document = parse(payload.query);
    const errors = validate(schema, document);
    if (errors.length > 0) return errors;
    const args = {
      schema,
      document,
      operationName: payload.operationName ?? null,
      variableValues: payload.variables ?? {},
      contextValue: await contextFactory(),
    };
    return { ...args, execute: async (given) => execute(given), subscribe: async (given) => subscribe(given) };
  }

  #opened(socket: WebSocket, request: IncomingMessage): void {
    const { metrics, logger, keepAliveMs } = this.#options;
    metrics.sockets.inc();
    const alive = this.#keepAlive(socket, keepAliveMs);
    const closed = this.#protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) => this.#send(socket, data),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (handle) =>
          socket.on('message', (data) => {
            handle(text(data)).catch((error: unknown) => {
              // A message that only a server sends: graphql-ws takes the client's fault for its own.
              if (error instanceof Error && error.message.startsWith('Unexpected message of type'))
                return socket.close(CloseCode.BadRequest, 'Invalid message');
              logger.error('websocket_message_failed', { error });
              socket.close(CloseCode.InternalServerError, 'Internal server error');
            });
          }),
      },
      { request },
    );
    // A frame over the cap or against the protocol: ws closes the socket itself, with the right code.
    socket.on('error', () => undefined);
    socket.once('close', (code, reason) => {
      clearInterval(alive);
      metrics.sockets.dec();
      void closed(code, String(reason));
    });
  }

  /** Resolves when the client's side has taken the bytes: until then its follower reads nothing more, and nothing is queued. */
  #send(socket: WebSocket, data: string): Promise<void> {
    const frame = this.#frames.frame(data);
    if (socket.readyState !== socket.OPEN) return Promise.resolve();
    this.#leaveUntaken(socket, +1);
    return new Promise((resolve) => {
      const stalled = setTimeout(() => this.#giveUp(socket), this.#options.stalledAfterMs);
      socket.send(frame, { binary: false }, () => {
        clearTimeout(stalled);
        this.#leaveUntaken(socket, -1);
        resolve();
      });
    });
  }

  #leaveUntaken(socket: WebSocket, frames: number): void {
    const untaken = (this.#untaken.get(socket) ?? 0) + frames;
    this.#untaken.set(socket, untaken);
    if (untaken > MAX_UNTAKEN) socket.pause();
    else if (socket.isPaused && untaken === 0) socket.resume();
  }

  /** A client that does not read is not worth the memory. It comes back with its last cursor and has missed nothing. */
  #giveUp(socket: WebSocket): void {
    if (socket.readyState !== socket.OPEN) return;
    this.#options.logger.warn('websocket_stalled');
    socket.close(TRY_AGAIN_LATER, 'Stalled: resume with your last cursor');
    setTimeout(() => socket.terminate(), LINGER_MS).unref();
  }

  #keepAlive(socket: WebSocket, everyMs: number): NodeJS.Timeout {
    let answered = true;
    socket.on('pong', () => (answered = true));
    return setInterval(() => {
      // A frame on its way has its own, exact limit.
      if (!answered && !this.#untaken.get(socket)) return this.#giveUp(socket);
      answered = false;
      socket.ping();
    }, everyMs);
  }
}

function refuse(socket: Duplex, status: string): void {
  // A client that leaves its half open would keep the connection, and with it a stop, waiting for ever.
  socket.once('finish', () => socket.destroy());
  socket.on('error', () => undefined);
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function text(data: Buffer | ArrayBuffer | Buffer[]): string {
  if (Array.isArray(data)) return Buffer.concat(data).toString('utf8');
  return Buffer.isBuffer(data) ? data.toString('utf8') : Buffer.from(data).toString('utf8');
}
