import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { GatewayError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics.ts';
import { acceptedTypes, EVENT_STREAM } from './accepted-types.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import type { GraphiqlPage } from './graphiql-page.ts';
import { GRAPHQL_PATH, type Graphql } from './graphql.ts';
import { hasOnlyUtf8 } from './charset.ts';
import type { DoorConnections } from '../door-connections.ts';
import type { Health } from '../health.ts';
import { isKnownHost, type Neighbours } from '../host.ts';
import type { OutgoingBytes } from '../limits/outgoing-bytes.ts';
import { toServerOptions, type HttpTimeouts } from '../http-timeouts.ts';
import { FOREIGN_HOST, FOREIGN_ORIGIN, REFUSAL_HEADER, type Origins } from './origins.ts';
import { messagesOf } from './event-stream.ts';
import { sendAnswer } from './send-answer.ts';
import { currentCaller } from '../../resolvers/access/caller.ts';
import { createRefusalLogger } from './refusal-logger.ts';
import { connectionEnd } from '../../lib/connection-end.ts';
import { refuseUnread } from '../../lib/refuse-unread.ts';

export interface GraphqlHttpOptions {
  readonly graphql: Graphql;
  readonly authenticator: Pick<Authenticator, 'identify'>;
  readonly origins: Origins;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly maxBodyBytes: number;
  readonly hosts: readonly string[];
  readonly neighbours: Neighbours | null;
  readonly health: Health;
  readonly graphiql: GraphiqlPage | null;
  readonly connections: DoorConnections;
  readonly outgoing: OutgoingBytes;
  /** How long an event stream may be silent. */
  readonly keepAliveMs?: number;
  readonly timeouts?: Partial<HttpTimeouts>;
}

/**
 * The GraphQL door over HTTP. It takes JSON POSTs, and answers with JSON or, for `Accept: text/event-stream`, with Server-Sent
 * Events. It takes no forms, because a foreign page could send them without a preflight of the browser. A GET may only subscribe,
 * as EventSource does.
 */
export function createGraphqlServer(options: GraphqlHttpOptions): Server {
  const serverOptions = {
    ...toServerOptions(60_000, options.timeouts),
    // A server may ignore any other offer (RFC 9110 §7.8). Java's client offers HTTP/2 with every POST.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
  };
  const logRefusal = createRefusalLogger(options.logger, 'graphql');
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    if (options.health.answer(request, response)) return;
    if (!options.connections.begin(request, response)) return refuse(request, response, TOO_MANY_UNANSWERED);
    for (const [name, value] of Object.entries(options.origins.headersFor(request))) response.setHeader(name, value);
    const refusal = findRefusal(options, request);
    if (refusal) {
      logRefusal(refusal.status);
      refuse(request, response, refusal);
    } else if (request.method === 'OPTIONS') response.writeHead(204).end();
    else if (options.graphiql && wantsPage(request))
      options.graphiql
        .answer(request, response)
        .catch(() => refuse(request, response, { status: 500, message: 'GraphiQL could not be loaded.' }));
    else
      answer(options, request, response).catch((error: unknown) => {
        const code = error instanceof GatewayError ? error.code : 'INTERNAL_SERVER_ERROR';
        if (!(error instanceof GatewayError)) options.logger.error('graphql_http_failed', { error });
        refuse(request, response, { status: 500, message: 'Unexpected error. It was logged, and nothing was run.', code });
      });
  };
  // Without this Node would ask the client for the body before the guards have run.
  return createServer(serverOptions, take).on('checkContinue', take);
}

async function answer(options: GraphqlHttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { graphql, authenticator, connections, outgoing, keepAliveMs = KEEP_ALIVE_MS } = options;
  const gone = connectionEnd(request.socket);
  // Node reports here what is written to a client that has left.
  response.on('error', () => undefined);
  // The caller must be known before anything of the body is read.
  const identity = await authenticator.identify(request.headersDistinct['authorization']?.join(', ') ?? null).catch(toRefusal);
  if ('status' in identity) return refuse(request, response, identity);
  const callerId = currentCaller(identity).id;
  if (!connections.know(request.socket, callerId)) return refuse(request, response, TOO_MANY_CONNECTIONS);
  // Yoga knows only lower case, and one name of UTF-8. Whatever else the guards have let through is the same.
  if (request.method === 'POST') request.headers['content-type'] = 'application/json';
  const types = acceptedTypes(request.headers.accept);
  // Yoga ignores quality, and prefers JSON to an event stream that is listed before it.
  request.headers.accept = types[0] === EVENT_STREAM ? EVENT_STREAM : types.join(', ');
  if (request.headers.expect !== undefined) response.writeContinue();
  const result = await graphql.handleNodeRequestAndResponse(request, response, { req: request, res: response, identity, gone });
  await sendAnswer(result, messagesOf(result), response, { gone, outgoing, callerId, keepAliveMs });
}

function toRefusal(error: unknown): Refusal {
  if (!(error instanceof GatewayError)) throw error;
  const { message, code, details } = error;
  if (details['reason'] === 'UNAVAILABLE') return { status: 503, message, code, headers: { 'retry-after': '5' }, unread: true };
  return { status: 401, message, code, headers: { 'www-authenticate': 'Bearer realm="m2m"' }, unread: true };
}

/** Proxies cut a connection on which nothing happens for a minute. */
const KEEP_ALIVE_MS = 12_000;

interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Record<string, string>;
  readonly code?: string;
  readonly unread?: boolean;
}

/** The guards, in order. The first one that refuses the request decides. */
function findRefusal({ maxBodyBytes, graphiql, hosts, neighbours, origins }: GraphqlHttpOptions, request: IncomingMessage): Refusal | null {
  if (!isKnownHost(hosts, neighbours, request)) return HOST_REFUSED;
  const path = (request.url ?? '').split('?', 1)[0];
  if (path === '/' && graphiql && request.method === 'GET')
    return { status: 302, message: 'GraphiQL is at /graphql.', headers: { location: GRAPHQL_PATH } };
  if (path !== GRAPHQL_PATH) return { status: 404, message: `GraphQL is at ${GRAPHQL_PATH}.` };
  const { method, headers } = request;
  if (method === 'OPTIONS' && headers.origin !== undefined) return origins.mayAsk(request) ? null : ORIGIN_REFUSED;
  // A browser asks with a preflight first. Should a foreign page find a way around it, nothing of its request runs.
  if (!origins.isAllowed(request)) return ORIGIN_REFUSED;
  if (graphiql && wantsPage(request)) return null;
  if (method === 'GET' && headers['sec-websocket-key'] !== undefined) return UPGRADE_LOST;
  const isGet = method === 'GET' && isSubscribing(request);
  // A page can send a GET without a preflight and without its origin, and see nothing of the answer.
  if (isGet && !['none', 'same-origin', undefined].includes(siteOf(request))) return ORIGIN_REFUSED;
  if (headers['x-graphql-event-stream-token'] !== undefined || method === 'PUT' || method === 'DELETE') return NO_SINGLE_CONNECTION;
  if (method !== 'POST' && !isGet)
    return { status: 405, message: 'Send GraphQL as a POST with Content-Type: application/json.', headers: { allow: 'POST' } };
  const {
    'content-type': type = '',
    'content-encoding': encoding = 'identity',
    'content-length': length = isGet ? '0' : undefined,
  } = headers;
  if (!isGet && !/^application\/json\s*(?:;|$)/i.test(type))
    return { status: 415, message: 'Send GraphQL as JSON: Content-Type: application/json.' };
  if (!hasOnlyUtf8(type)) return { status: 415, message: 'Send GraphQL as JSON in UTF-8. Leave the charset out, or write utf-8.' };
  if (encoding !== 'identity') return { status: 415, message: 'Send the body without Content-Encoding.' };
  // This comes before anything runs: an action must not happen when nobody can read its answer.
  if (acceptedTypes(request.headers.accept).length === 0)
    return {
      status: 406,
      message: 'Answers are application/json, application/graphql-response+json or text/event-stream, in UTF-8. Accept one of them.',
    };
  if (length === undefined) return { status: 411, message: 'Send a Content-Length, because bodies of unknown size are not read.' };
  if (Number(length) > maxBodyBytes)
    return { status: 413, message: `A body may have at most ${maxBodyBytes} bytes (M2M_GRAPHQL_MAX_BODY_BYTES).`, unread: true };
  return null;
}

/** GraphiQL, which a browser asks for by its address. */
function wantsPage({ method, headers }: IncomingMessage): boolean {
  return method === 'GET' && /text\/html/.test(headers.accept ?? '');
}

/** A GET of an EventSource, or of another client that takes nothing but events. */
function isSubscribing({ url = '', headers }: IncomingMessage): boolean {
  return url.includes('?') && acceptedTypes(headers.accept)[0] === EVENT_STREAM;
}

/** Where the page is that asks. It is undefined for a page whose origin is known, and for a client that is no browser. */
function siteOf({ headers }: IncomingMessage): string | undefined {
  return headers.origin === undefined ? headers['sec-fetch-site'] : undefined;
}

const HOST_REFUSED: Refusal = { status: 421, message: FOREIGN_HOST, headers: { [REFUSAL_HEADER]: FOREIGN_HOST } };
const ORIGIN_REFUSED: Refusal = {
  status: 403,
  message: FOREIGN_ORIGIN,
  code: 'FORBIDDEN',
  headers: { [REFUSAL_HEADER]: FOREIGN_ORIGIN },
};

const TOO_MANY = { status: 429, code: 'RATE_LIMITED', headers: { 'retry-after': '1' }, unread: true } as const;
const TOO_MANY_CONNECTIONS: Refusal = {
  ...TOO_MANY,
  message:
    'Nothing was run: you have as many connections open as one caller may have. Use one for many requests, and a WebSocket for many subscriptions.',
};
const TOO_MANY_UNANSWERED: Refusal = {
  ...TOO_MANY,
  message: 'Nothing was run: too many requests of this connection wait for their answers. Send fewer before you read.',
};

const NO_SINGLE_CONNECTION: Refusal = {
  status: 405,
  message:
    'This gateway does not have the single connection mode of graphql-sse. Leave `singleConnection` out: each subscription is then a POST of its own.',
  headers: { allow: 'POST' },
};

/** A handshake that is complete comes as an upgrade, and not here. */
const UPGRADE_LOST: Refusal = {
  status: 426,
  message: 'This WebSocket handshake came without Upgrade and Connection. The proxy must pass these headers on.',
  headers: { upgrade: 'websocket' },
};

function refuse(request: IncomingMessage, response: ServerResponse, { status, message, headers, code, unread }: Refusal): void {
  if (response.headersSent) return void response.destroy();
  const body = JSON.stringify({ errors: [{ message, extensions: { code: code ?? 'BAD_REQUEST' } }] });
  const all = { 'content-type': 'application/json; charset=utf-8', ...headers };
  if (unread) refuseUnread(request, response, { status, headers: all, body });
  else response.writeHead(status, all).end(body);
}
