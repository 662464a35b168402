import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { GatewayError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics.ts';
import { acceptedTypes, EVENT_STREAM } from './accepted-types.ts';
import type { Authenticator } from '../identity/authenticator.ts';
import type { GraphiqlPage } from './graphiql-page.ts';
import { GRAPHQL_PATH, type Graphql } from './graphql.ts';
import { isKnownHost } from '../host.ts';
import { toServerOptions, type HttpTimeouts } from '../http-timeouts.ts';
import type { Origins } from './origins.ts';
import { OVERLOADED, type Overload } from '../overload.ts';
import { createRefusalLogger } from './refusal-logger.ts';
import { refuseUnread } from '../../lib/refuse-unread.ts';

export interface GraphqlHttpOptions {
  readonly graphql: Graphql;
  readonly authenticator: Pick<Authenticator, 'identify'>;
  readonly origins: Origins;
  readonly overload: Overload;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly maxBodyBytes: number;
  readonly hosts: readonly string[];
  readonly graphiql: GraphiqlPage | null;
  readonly timeouts?: Partial<HttpTimeouts>;
}

/**
 * The GraphQL door over HTTP. It takes JSON POSTs, and answers with JSON or, for `Accept: text/event-stream`, with Server-Sent
 * Events. It takes no forms and no GET, because a foreign page could send both without a preflight of the browser.
 */
export function createGraphqlServer(options: GraphqlHttpOptions): Server {
  const serverOptions = {
    ...toServerOptions(60_000, options.timeouts),
    // A server may ignore any other offer (RFC 9110 §7.8). Java's client offers HTTP/2 with every POST.
    shouldUpgradeCallback: ({ headers }: IncomingMessage) => headers.upgrade?.toLowerCase() === 'websocket',
  };
  const logRefusal = createRefusalLogger(options.logger, 'graphql');
  const take = (request: IncomingMessage, response: ServerResponse): void => {
    for (const [name, value] of Object.entries(options.origins.headersFor(request))) response.setHeader(name, value);
    const refusal = findRefusal(options, request);
    if (refusal) {
      logRefusal(refusal.status);
      refuse(request, response, refusal);
    } else if (request.method === 'OPTIONS') response.writeHead(204).end();
    else if (options.graphiql && request.method === 'GET')
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

async function answer({ graphql, authenticator }: GraphqlHttpOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  // The caller must be known before anything of the body is read.
  const identity = await authenticator.identify(request.headersDistinct['authorization']?.join(', ') ?? null).catch(toRefusal);
  if ('status' in identity) return refuse(request, response, identity);
  // The case of a media type has no meaning, but yoga knows only lower case.
  request.headers['content-type'] = request.headers['content-type']?.toLowerCase();
  const types = acceptedTypes(request.headers.accept);
  // Yoga ignores quality, and prefers JSON to an event stream that is listed before it.
  request.headers.accept = types[0] === EVENT_STREAM ? EVENT_STREAM : types.join(', ');
  // Without this nginx keeps the events of a stream back until it has 4 or 8 kB of them.
  if (types[0] === EVENT_STREAM) response.setHeader('x-accel-buffering', 'no');
  if (request.headers.expect !== undefined) response.writeContinue();
  await graphql(request, response, { identity });
}

function toRefusal(error: unknown): Refusal {
  if (!(error instanceof GatewayError)) throw error;
  const { message, code, details } = error;
  if (details['reason'] === 'UNAVAILABLE') return { status: 503, message, code, headers: { 'retry-after': '5' }, unread: true };
  return { status: 401, message, code, headers: { 'www-authenticate': 'Bearer realm="m2m"' }, unread: true };
}

/** A refused body up to this size is read and thrown away. The connection stays open, because its client would open another. */
const SMALL_BYTES = 65_536;

interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Record<string, string>;
  readonly code?: string;
  readonly unread?: boolean;
}

/** The guards, in order. The first one that refuses the request decides. */
function findRefusal(
  { maxBodyBytes, graphiql, hosts, origins, overload, metrics }: GraphqlHttpOptions,
  request: IncomingMessage,
): Refusal | null {
  if (!isKnownHost(hosts, request)) return { status: 421, message: 'This gateway does not answer to that name (M2M_GRAPHQL_HOSTS).' };
  const path = (request.url ?? '').split('?', 1)[0];
  if (path === '/' && graphiql && request.method === 'GET')
    return { status: 302, message: 'GraphiQL is at /graphql.', headers: { location: GRAPHQL_PATH } };
  if (path !== GRAPHQL_PATH) return { status: 404, message: `GraphQL is at ${GRAPHQL_PATH}.` };
  // A browser asks with a preflight first. Should a foreign page find a way around it, nothing of its request runs.
  if (!origins.isAllowed(request))
    return { status: 403, message: 'Web pages of this origin may not call the gateway (M2M_GRAPHQL_ORIGINS).', code: 'FORBIDDEN' };
  if (request.method === 'OPTIONS' && request.headers.origin !== undefined) return null;
  if (request.method === 'GET' && graphiql && /text\/html/.test(request.headers.accept ?? '')) return null;
  if (request.method === 'GET' && request.headers['sec-websocket-key'] !== undefined) return UPGRADE_LOST;
  if (request.method !== 'POST')
    return { status: 405, message: 'Send GraphQL as a POST with Content-Type: application/json.', headers: { allow: 'POST' } };
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
    return { status: 415, message: 'Send GraphQL as JSON: Content-Type: application/json.' };
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity', 'content-length': length } = request.headers;
  if (/;\s*charset=(?!"?utf-8"?\s*(?:;|$))/i.test(type)) return { status: 415, message: 'Send GraphQL as JSON in UTF-8.' };
  if (encoding !== 'identity') return { status: 415, message: 'Send the body without Content-Encoding.' };
  // This comes before anything runs: an action must not happen when nobody can read its answer.
  if (acceptedTypes(request.headers.accept).length === 0)
    return {
      status: 406,
      message: 'Answers are application/json, application/graphql-response+json or text/event-stream. Accept one of them.',
    };
  if (overload.active) {
    metrics.operationsShed.inc();
    const unread = Number(length ?? Infinity) > SMALL_BYTES;
    return { status: 503, message: OVERLOADED, code: 'OVERLOADED', headers: { 'retry-after': '1' }, unread };
  }
  if (length === undefined) return { status: 411, message: 'Send a Content-Length, because bodies of unknown size are not read.' };
  if (Number(length) > maxBodyBytes)
    return { status: 413, message: `A body may have at most ${maxBodyBytes} bytes (M2M_GRAPHQL_MAX_BODY_BYTES).`, unread: true };
  return null;
}

/** A handshake that is complete comes as an upgrade, and not here. */
const UPGRADE_LOST: Refusal = {
  status: 426,
  message: 'This WebSocket handshake came without Upgrade and Connection. The proxy must pass these headers on.',
  headers: { upgrade: 'websocket' },
};

function refuse(request: IncomingMessage, response: ServerResponse, { status, message, headers, code, unread }: Refusal): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code: code ?? 'BAD_REQUEST' } }] });
  const all = { 'content-type': 'application/json; charset=utf-8', ...headers };
  if (unread) refuseUnread(request, response, { status, headers: all, body });
  else response.writeHead(status, all).end(body);
}
