import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { BearerTokens } from '../auth/bearer-tokens.ts';
import type { Sessions } from '../auth/sessions.ts';
import { type Wso2Fault, wso2Faults } from '../auth/wso2-fault.ts';
import type { Clock, Timers } from '../clock.ts';
import { devicesInBody } from '../devices/identifiers.ts';
import { type EndpointFault, type EndpointFaults, isPerformed } from '../faults/endpoint-faults.ts';
import type { ActionPost, Ledger } from '../ledger.ts';
import { Refusal } from '../refusal.ts';
import { firewallOf, spellAnswer } from '../unkind/spell-answer.ts';
import type { Unkind, UnkindSwitch } from '../unkind/unkind-switch.ts';
import { type Answer, type ApiRequest, createRouteMatcher, type MatchedRoute, type Route } from './route.ts';
import { faultAnswer } from './fault-answer.ts';
import { readBody } from './request-body.ts';
import { sendAnswer, sendEndlessAnswer, sendHalfAnswer } from './send-answer.ts';

/** Longer than clients keep idle connections, so that the server is not the one to close a connection in use. */
const keepAliveMs = 65_000;

export interface ApiServerParts {
  readonly routes: readonly Route[];
  readonly bearerTokens: BearerTokens;
  readonly sessions: Sessions;
  readonly faults: EndpointFaults;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly unkind: UnkindSwitch;
  /** Whether it takes JSON under another Content-Type, too. */
  readonly lenient: boolean;
}

/** The carrier's API over HTTP: finds the route, applies the fault rule if there is one, guards, answers. Not yet listening. */
export function createApiServer(parts: ApiServerParts): Server {
  const match = createRouteMatcher(parts.routes);
  const server = createServer({ keepAliveTimeout: keepAliveMs }, (request, response) => {
    const url = new URL(request.url?.replace(/^\/+/, '/') ?? '/', 'http://carrier');
    const found = match(request.method ?? 'GET', url.pathname);
    if (found === undefined) {
      request.resume();
      sendAnswer(response, wso2Faults.noResource);
      return;
    }
    serve(parts, found, url, request, response).catch((error: unknown) => sendFailure(response, error));
  });
  return server;
}

async function serve(
  parts: ApiServerParts,
  { route, params }: MatchedRoute,
  url: URL,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const anyway = parts.faults.take(route.endpoint);
  parts.ledger.countCall(route.endpoint);
  if (anyway?.drop === 'before-reading') {
    request.socket.destroy();
    return;
  }
  const body = await readBody(request);
  const fault = anyway ?? parts.faults.take(route.endpoint, body);
  const named = parts.ledger.full || parts.unkind.isMagic ? devicesInBody(body) : [];
  const post = notePost(parts, route, url.pathname, body, named);
  const unkind = parts.unkind.of(named[0]);
  const asked = { params, query: url.searchParams, headers: request.headers, body, session: '' };
  const answer =
    firewallOf(unkind) ??
    (isPerformed(fault)
      ? spellAnswer(unkind, perform(parts, route, asked, parts.unkind.magicOf(named[0])))
      : { status: 200, body: undefined });
  if (post !== undefined && answer.requestId !== undefined) post.requestId = answer.requestId;
  parts.ledger.changed();
  await answer.before?.();
  if (fault?.latencyMs !== undefined) await parts.timers.sleep(fault.latencyMs);
  const status = write(response, fault, answer);
  if (post !== undefined && status !== undefined) post.status = status;
  parts.ledger.changed();
  answer.after?.();
}

/** The client hung up while its body was read (then nobody is left to answer), or the simulator itself failed. */
function sendFailure(response: ServerResponse, error: unknown): void {
  if (response.headersSent || response.destroyed) {
    response.destroy();
    return;
  }
  const errorMessage = `Simulator failure: ${error instanceof Error ? error.message : String(error)}`;
  const errorCode = 'UnifiedWebService.REQUEST_FAILED.UnexpectedError';
  sendAnswer(response, { status: 500, body: { errorCode, errorMessage } });
}

function notePost(parts: ApiServerParts, route: Route, path: string, body: string, devices: readonly string[]): ActionPost | undefined {
  if (!route.isOperation || !parts.ledger.full) return undefined;
  const post: ActionPost = { endpoint: route.endpoint, path, body, at: parts.clock.now(), devices };
  parts.ledger.addPost(post);
  return post;
}

/** `magic`: what the magic identifier of the request asks for. */
function perform(parts: ApiServerParts, route: Route, request: ApiRequest, magic: Unkind): Answer {
  if (route.guard !== 'none') {
    const refused = bearerFault(parts.bearerTokens, request.headers['authorization']);
    if (refused !== undefined) return refused;
  }
  let dialect: Route['dialect'] = 'business';
  try {
    const header = request.headers['vz-m2m-token'];
    const token = Array.isArray(header) ? header[0] : header;
    const session = route.guard === 'session' ? parts.sessions.use(token) : '';
    dialect = route.dialect;
    if (!parts.lenient) checkContentType(route, request);
    if (magic.has('error-pascal-case') || magic.has('error-list')) {
      throw new Refusal('INPUT_INVALID.Device.Identifier.Invalid', 'The identifier of the device is not valid.');
    }
    return route.handle({ ...request, session });
  } catch (error) {
    if (error instanceof Refusal) return error.toAnswer(dialect);
    throw error;
  }
}

/** Every page: "Content-Type required, must be application/json". A request without a body may leave it out. The code is inferred. */
function checkContentType(route: Route, { headers, body }: ApiRequest): void {
  if (route.guard === 'none' || body === '' || /^application\/json\s*(;|$)/i.test(headers['content-type']?.toString() ?? '')) return;
  throw new Refusal('DeserializationFailed', 'The Content-Type must be application/json.');
}

function bearerFault(tokens: BearerTokens, header: string | string[] | undefined): Wso2Fault | undefined {
  const token = typeof header === 'string' ? /^bearer\s+(\S+)$/i.exec(header)?.[1] : undefined;
  if (token === undefined) return wso2Faults.missingBearer;
  return tokens.accepts(token) ? undefined : wso2Faults.invalidBearer;
}

/** Writes the answer as the fault wants it. Returns the status, or undefined when the connection was cut before one. */
function write(response: ServerResponse, fault: EndpointFault | undefined, real: Answer): number | undefined {
  const answer = fault === undefined ? real : faultAnswer(fault, real);
  if (fault?.drop === 'before-answer') {
    response.socket?.destroy();
    return undefined;
  }
  if (fault?.drop === 'mid-body') sendHalfAnswer(response, answer);
  else if (fault?.body === 'endless') sendEndlessAnswer(response, answer);
  else sendAnswer(response, answer);
  return answer.status;
}
