import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { GatewayError } from '../errors.ts';
import type { Metrics } from '../metrics.ts';
import type { CallbackListeners } from '../resolvers/callback-listeners.ts';

export interface Readiness {
  readonly ready: boolean;
  readonly checks: Readonly<Record<string, string>>;
}

export interface AdminOptions {
  readonly metrics: Metrics;
  /** Brings the gauges up to date that are read from the store. */
  readonly refreshGauges: () => Promise<void>;
  readonly readiness: () => Promise<Readiness>;
  readonly listeners: CallbackListeners;
  readonly unlatch: () => Promise<void>;
}

interface Reply {
  readonly status: number;
  readonly body: unknown;
}

/** The admin door: health, metrics, and the commands of the command line. No authentication: it is bound to loopback. */
export function createAdminServer(options: AdminOptions): Server {
  return createServer({ requestTimeout: 60_000 }, (request, response) => {
    answer(options, request, response).catch((error: unknown) => {
      const known = error instanceof GatewayError;
      send(response, {
        status: known ? 502 : 500,
        body: { error: known ? error.code : 'INTERNAL', message: known ? error.message : 'Unexpected error.' },
      });
    });
  });
}

async function answer(options: AdminOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://admin');
  switch (`${request.method ?? ''} ${pathname}`) {
    case 'GET /health/live':
      return send(response, { status: 200, body: { live: true } });
    case 'GET /health/ready': {
      const readiness = await options.readiness();
      return send(response, { status: readiness.ready ? 200 : 503, body: readiness });
    }
    case 'GET /metrics':
      await options.refreshGauges();
      response.writeHead(200, { 'content-type': options.metrics.registry.contentType }).end(await options.metrics.registry.metrics());
      return;
    case 'GET /callbacks':
      return send(response, { status: 200, body: await options.listeners.list() });
    case 'POST /callbacks/register':
      return send(response, { status: 200, body: await options.listeners.register({ replace: searchParams.get('replace') === 'true' }) });
    case 'POST /callbacks/remove':
      return send(response, { status: 200, body: await options.listeners.remove() });
    case 'POST /login/unlatch':
      await options.unlatch();
      return send(response, { status: 200, body: { unlatched: true } });
    default:
      return send(response, {
        status: 404,
        body: {
          error: 'NOT_FOUND',
          message:
            'Known: GET /health/live, /health/ready, /metrics, /callbacks; POST /callbacks/register, /callbacks/remove, /login/unlatch.',
        },
      });
  }
}

function send(response: ServerResponse, { status, body }: Reply): void {
  if (response.headersSent) return void response.end();
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
