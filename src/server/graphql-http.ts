import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { ErrorCode } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import { acceptedTypes, EVENT_STREAM } from './accepted-types.ts';
import type { GraphiqlPage } from './graphiql-page.ts';
import { GRAPHQL_PATH, type Graphql } from './graphql.ts';
import { isKnownHost } from './known-host.ts';
import { OVERLOADED, type Overload } from './overload.ts';
import { refuseUnread } from './refuse-unread.ts';

export interface GraphqlHttpOptions {
  readonly graphql: Graphql;
  readonly overload: Overload;
  readonly metrics: Metrics;
  readonly maxBodyBytes: number;
  /** Names this gateway is reached by. */
  readonly hosts: readonly string[];
  /** What a browser that opens the path gets; null when that is nothing. */
  readonly graphiql: GraphiqlPage | null;
}

/**
 * The GraphQL door over HTTP: JSON POSTs, answered as JSON or, for `Accept: text/event-stream`, as Server-Sent Events. Forms
 * and GET are not taken: both could be sent by a foreign page without the browser asking first.
 */
export function createGraphqlServer(options: GraphqlHttpOptions): Server {
  return createServer({ headersTimeout: 10_000, requestTimeout: 60_000, keepAliveTimeout: 75_000 }, (request, response) => {
    const refusal = refusalOf(options, request);
    if (refusal) refuse(request, response, refusal);
    else if (options.graphiql && request.method === 'GET')
      options.graphiql
        .answer(request, response)
        .catch(() => refuse(request, response, { status: 500, message: 'GraphiQL could not be loaded.' }));
    else {
      // A media type has no case; yoga knows it in small letters only.
      request.headers['content-type'] = request.headers['content-type']?.toLowerCase();
      request.headers.accept = acceptHeader(acceptedTypes(request.headers.accept));
      void options.graphql(request, response);
    }
  });
}

/** What comes of so small a body is thrown away without ending the connection: its client would open another. */
const SMALL_BYTES = 65_536;

interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Record<string, string>;
  readonly code?: ErrorCode;
  /** The body is thrown away as it comes, and the connection ended. */
  readonly unread?: boolean;
}

function refusalOf({ maxBodyBytes, graphiql, hosts, overload, metrics }: GraphqlHttpOptions, request: IncomingMessage): Refusal | null {
  if (!isKnownHost(hosts, request)) return { status: 421, message: 'This gateway is not reached by that name (M2M_GRAPHQL_HOSTS).' };
  const path = (request.url ?? '').split('?', 1)[0];
  if (path === '/' && graphiql && request.method === 'GET')
    return { status: 302, message: 'GraphiQL is at /graphql.', headers: { location: GRAPHQL_PATH } };
  if (path !== GRAPHQL_PATH) return { status: 404, message: `GraphQL is at ${GRAPHQL_PATH}.` };
  if (request.method === 'GET' && graphiql && /text\/html/.test(request.headers.accept ?? '')) return null;
  if (request.method !== 'POST')
    return { status: 405, message: 'Send GraphQL as a POST with Content-Type: application/json.', headers: { allow: 'POST' } };
  if (!/^application\/json\s*(?:;|$)/i.test(request.headers['content-type'] ?? ''))
    return { status: 415, message: 'Send GraphQL as JSON: Content-Type: application/json.' };
  const { 'content-type': type = '', 'content-encoding': encoding = 'identity', 'content-length': length } = request.headers;
  if (/;\s*charset=(?!"?utf-8"?\s*(?:;|$))/i.test(type)) return { status: 415, message: 'Send GraphQL as JSON in UTF-8.' };
  if (encoding !== 'identity') return { status: 415, message: 'Send the body without Content-Encoding.' };
  // Before anything runs: an action whose answer nobody takes must not happen.
  if (acceptedTypes(request.headers.accept).length === 0)
    return { status: 406, message: 'Answers are application/json, application/graphql-response+json or text/event-stream: accept one.' };
  if (overload.active) {
    metrics.operationsShed.inc();
    return {
      status: 503,
      message: OVERLOADED,
      code: 'OVERLOADED',
      headers: { 'retry-after': '1' },
      unread: Number(length ?? Infinity) > SMALL_BYTES,
    };
  }
  if (length === undefined) return { status: 411, message: 'Send a Content-Length: bodies of unknown size are not read.' };
  if (Number(length) > maxBodyBytes)
    return {
      status: 413,
      message: `A body may have at most ${maxBodyBytes} bytes (M2M_GRAPHQL_MAX_BODY_BYTES).`,
      unread: true,
    };
  return null;
}

/** Yoga does not know quality, and prefers JSON to an event stream listed before it: it is told what to do in its own terms. */
function acceptHeader(types: readonly string[]): string {
  return types[0] === EVENT_STREAM ? EVENT_STREAM : types.join(', ');
}

/** The refusal as a GraphQL client reads it. */
function refuse(request: IncomingMessage, response: ServerResponse, { status, message, headers, code, unread }: Refusal): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code: code ?? 'BAD_REQUEST' } }] });
  const all = { 'content-type': 'application/json; charset=utf-8', ...headers };
  if (unread) refuseUnread(request, response, { status, headers: all, body });
  else response.writeHead(status, all).end(body);
}
