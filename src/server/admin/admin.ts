import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { GatewayError, type ErrorCode } from '../../errors.ts';
import type { DoorConnections } from '../door-connections.ts';
import { refuseStranger, refuseWebPage } from './admin-guard.ts';
import { listRoutes, type AdminOptions, type AdminReply, type AdminRoute } from './admin-routes.ts';

/** The status of a fault that is ours or the caller's. Any other fault is the carrier's, and has status 502. */
const STATUS_OF: Partial<Record<ErrorCode, number>> = { BAD_USER_INPUT: 400, NOT_FOUND: 404, STORE_FAILED: 500, SHUTTING_DOWN: 503 };

/** The admin door: health, metrics, and the commands of the command line. It does not authenticate, and takes commands only from this machine. */
export function createAdminServer(options: AdminOptions, connections: DoorConnections): Server {
  const routes = listRoutes(options);
  const server = createServer({ requestTimeout: 60_000 }, (request, response) => {
    const replied = connections.begin(request, response) ? answer(routes, request) : Promise.resolve(TOO_MANY_UNANSWERED);
    void replied.catch(replyToError).then((reply) => send(response, reply));
  });
  connections.attach(server);
  return server;
}

const TOO_MANY_UNANSWERED: AdminReply = {
  status: 503,
  body: { error: 'TOO_MANY_UNANSWERED', message: 'Nothing was done: too many requests of this connection wait for their answers.' },
};

async function answer(routes: readonly AdminRoute[], request: IncomingMessage): Promise<AdminReply> {
  // The target of a request need not be a URL: `//` is none.
  const target = URL.canParse(request.url ?? '/', 'http://admin') ? (request.url ?? '/') : '/';
  const { pathname, searchParams } = new URL(target, 'http://admin');
  // Uptime monitors ask with HEAD, and Node leaves the body out by itself.
  const asked = request.method === 'HEAD' ? 'GET' : (request.method ?? '');
  const what = `${asked} ${pathname}`;
  const refusal = refuseStranger(request, what) ?? refuseWebPage(request, what);
  if (refusal) return refusal;
  const atPath = routes.filter(({ path }) => path === pathname);
  const route = atPath.find(({ method }) => method === asked);
  if (route) return await route.answer(request, searchParams);
  if (atPath.length === 0)
    return {
      status: 404,
      body: { error: 'NOT_FOUND', message: `Known: ${describeRoutes(routes, 'GET')}; ${describeRoutes(routes, 'POST')}.` },
    };
  const allow = atPath.map(({ method }) => (method === 'GET' ? 'GET, HEAD' : method)).join(', ');
  return { status: 405, allow, body: { error: 'METHOD_NOT_ALLOWED', message: `${pathname} takes ${allow}.` } };
}

function describeRoutes(routes: readonly AdminRoute[], method: AdminRoute['method']): string {
  const paths = routes.filter((route) => route.method === method).map(({ path, needs }) => (needs ? `${path}?${needs}=` : path));
  return `${method} ${paths.join(', ')}`;
}

function replyToError(error: unknown): AdminReply {
  if (!(error instanceof GatewayError)) return { status: 500, body: { error: 'INTERNAL', message: 'Unexpected error.' } };
  return { status: STATUS_OF[error.code] ?? 502, body: { error: error.code, message: error.message } };
}

function send(response: ServerResponse, { status, body, type, allow }: AdminReply): void {
  const headers = { 'content-type': type ?? 'application/json', ...(allow && { allow }) };
  response.writeHead(status, headers).end(type === undefined ? JSON.stringify(body) : body);
}
