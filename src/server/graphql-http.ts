import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { GraphiqlPage } from './graphiql-page.ts';
import { GRAPHQL_PATH, type Graphql } from './graphql.ts';
import { isKnownHost } from './known-host.ts';

export interface GraphqlHttpOptions {
  readonly graphql: Graphql;
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
    if (refusal) refuse(response, refusal);
    else if (options.graphiql && request.method === 'GET')
      options.graphiql.answer(request, response).catch(() => refuse(response, { status: 500, message: 'GraphiQL could not be loaded.' }));
    else {
      // A media type has no case; yoga knows it in small letters only.
      request.headers['content-type'] = request.headers['content-type']?.toLowerCase();
      void options.graphql(request, response);
    }
  });
}

interface Refusal {
  readonly status: number;
  readonly message: string;
  readonly headers?: Record<string, string>;
}

function refusalOf({ maxBodyBytes, graphiql, hosts }: GraphqlHttpOptions, request: IncomingMessage): Refusal | null {
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
  const length = request.headers['content-length'];
  if (length === undefined) return { status: 411, message: 'Send a Content-Length: bodies of unknown size are not read.' };
  if (Number(length) > maxBodyBytes)
    return {
      status: 413,
      message: `A body may have at most ${maxBodyBytes} bytes (M2M_GRAPHQL_MAX_BODY_BYTES).`,
      headers: { connection: 'close' },
    };
  return null;
}

/** The refusal as a GraphQL client reads it. */
function refuse(response: ServerResponse, { status, message, headers }: Refusal): void {
  const body = JSON.stringify({ errors: [{ message, extensions: { code: 'BAD_REQUEST' } }] });
  response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers }).end(body);
}
