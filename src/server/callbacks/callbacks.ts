import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { LogFields, Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics.ts';
import type { CallbackReceiver } from '../../resolvers/callbacks/receive-callback.ts';
import type { CallbackAddresses } from './callback-addresses.ts';
import { isRefusal, type Refusal as NoRoom } from '../../datasources/request-log/dead-letter-log.ts';
import type { RefusedMessages } from '../../resolvers/callbacks/refused-messages.ts';
import { CALLBACK_PREFIX } from '../../datasources/thingspace/wire/callback-service.ts';
import type { CallbackAddress, CallbackPaths, PathOrigin } from '../../resolvers/callbacks/callback-paths.ts';
import { toServerOptions, type HttpTimeouts } from '../http-timeouts.ts';
import type { DoorConnections } from '../door-connections.ts';
import { LogThrottle } from '../../lib/log-throttle.ts';
import { readBody } from '../../lib/read-body.ts';
import { refuseUnread } from '../../lib/refuse-unread.ts';
import { inSpan, type OpenSpan } from '../../lib/trace.ts';
import { codingsOf, hasBody, pathOf } from './callback-request.ts';

export interface CallbackDoorOptions {
  readonly receiver: CallbackReceiver;
  /** Told of messages that there was no room for. */
  readonly refused?: RefusedMessages;
  /** Called for each request, because the addresses may depend on where the door listens. */
  readonly addresses: () => CallbackAddresses;
  readonly paths: CallbackPaths;
  readonly connections: Pick<DoorConnections, 'know' | 'begin'>;
  /** The largest body, in bytes. The carrier's messages have about 1 kB. */
  readonly maxBodyBytes: number;
  readonly pseudonym: (account: string) => string;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  readonly timeouts?: Partial<HttpTimeouts>;
}

interface Door extends CallbackDoorOptions {
  readonly throttle: LogThrottle;
  /** Connections that were cut, which was logged then. */
  readonly cut: WeakSet<Duplex>;
}

interface Refusal {
  readonly status: number;
  readonly why: string;
  /** The log line, if it is not the usual one of a refusal. */
  readonly event?: string;
  readonly fields?: LogFields;
  readonly headers?: Readonly<Record<string, string>>;
  readonly unread?: boolean;
  /** What shares one log line a minute. The default is the status. */
  readonly kind?: string;
}

/**
 * The callback door, which takes POSTs of the carrier. After a ladder of guards (address, method, size, path) it reads the message
 * and hands it over. It answers 200 only when the message is durable. If the store fails it answers 503, so that the carrier sends
 * the message again. Whatever it refuses leaves a line in the log, at most one a minute for each reason.
 */
export function createCallbackServer(options: CallbackDoorOptions): Server {
  const door: Door = { ...options, throttle: new LogThrottle(options.now), cut: new WeakSet() };
  const listener: RequestListener = (request, response) => {
    handle(door, request, response).catch((error: unknown) => refuseAfter(door, request, response, error));
  };
  // Node by itself would refuse a request without Host, or with an expectation it does not know (417), and not tell us.
  return createServer({ ...toServerOptions(30_000, options.timeouts), requireHostHeader: false }, listener)
    .prependListener('connection', (socket) => cutStranger(door, socket))
    .on('checkExpectation', listener)
    .on('clientError', (error, socket) => cutConnection(door, error, socket));
}

async function handle(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  if (!door.connections.begin(request, response)) return refuse(door, request, response, TOO_MANY_UNANSWERED);
  const found = checkHead(door, request);
  if ('why' in found) return refuse(door, request, response, found);
  const { account, service } = found;
  // A message is taken all the same. But beyond its share, a path's connections are the first that make room.
  door.connections.know(request.socket, `${account} ${service}`);
  const { method = 'POST' } = request;
  const attributes = {
    'http.request.method': method,
    'http.route': ROUTE,
    'url.scheme': 'http',
    'm2m.account': door.pseudonym(account),
    'm2m.callback.service': service,
  };
  const take = async (span: OpenSpan) => {
    await takeMessage(door, request, response, found, span).catch((error: unknown) => refuseAfter(door, request, response, error));
    span.note({ 'http.response.status_code': response.headersSent ? response.statusCode : null });
  };
  // The carrier knows nothing of our traces, so each message begins one. The path holds the secret, and is not shown.
  await inSpan(`${method} ${ROUTE}`, attributes, take, { kind: 'SERVER', traceparent: null });
}

const ROUTE = `${CALLBACK_PREFIX}{path}`;

async function takeMessage(
  door: Door,
  request: IncomingMessage,
  response: ServerResponse,
  found: CallbackAddress & PathOrigin,
  span: OpenSpan,
): Promise<void> {
  const { maxBodyBytes, metrics } = door;
  const { account, service } = found;
  const origin = { service, account: door.pseudonym(account) };
  const tooLarge = { ...refuseLarge(door), fields: origin };
  const bytes = await readBody(request, maxBodyBytes);
  if (bytes === 'TOO_LARGE') return refuse(door, request, response, tooLarge);
  if (bytes === 'CUT') return reportHangUp(door, request, origin);
  const started = performance.now();
  const contentType = request.headers['content-type'] ?? null;
  const message = { account, service, bytes, contentType, contentEncoding: codingsOf(request) };
  const result = await door.receiver.receive(message);
  if (result.outcome === 'TOO_LARGE') return refuse(door, request, response, { ...tooLarge, unread: false });
  const { outcome, reason } = result;
  span.note({ 'm2m.callback.outcome': outcome });
  if (isRefusal(outcome)) {
    metrics.callbacks.inc({ service, outcome: outcome.toLowerCase() });
    door.refused?.note({ ...origin, refusal: outcome, reason });
    return refuse(door, request, response, refuseForNow(origin, outcome, reason));
  }
  response.writeHead(200, ACKNOWLEDGED).end('{}');
  metrics.callbackSeconds.observe((performance.now() - started) / 1000);
  metrics.callbacks.inc({ service, outcome: result.outcome.toLowerCase() });
  metrics.callbackCredentials.inc({ credentials: result.credentials.toLowerCase() });
  reportFormer(door, found, result.credentials);
  if (!USUAL_OUTCOMES.has(outcome))
    logRarely(door, 'warn', 'callback_not_applied', { ...origin, outcome, reason }, `${account} ${service} ${outcome} ${reason}`);
}

function checkHead(door: Door, request: IncomingMessage): (CallbackAddress & PathOrigin) | Refusal {
  const addresses = door.addresses();
  const client = addresses.rule === 'any' ? null : addresses.clientOf(request);
  if (!addresses.allows(client)) {
    const told = { event: ADDRESS_REFUSED, fields: tellAddress(client) };
    return { status: 403, why: 'Callbacks are not taken from this address.', unread: true, ...told };
  }
  const path = pathOf(request.url ?? '');
  const found = door.paths.find(path);
  // On a right path a message is taken by any method. Without a body nothing is lost: somebody tries the URL.
  const isMessage = request.method === 'POST' || (found && hasBody(request));
  if (!isMessage) return { status: 405, why: 'Only POST.', headers: { allow: 'POST' } };
  if (Number(request.headers['content-length'] ?? 0) > door.maxBodyBytes) return refuseLarge(door);
  if (found) return found;
  // A scanner does not know this prefix. Whoever knows it may be the carrier, with a path that is no longer taken.
  const told = path.includes(CALLBACK_PREFIX) && { event: 'callback_path_unknown', fields: { reason: UNKNOWN_PATH } };
  return { status: 404, why: 'Not found.', ...told };
}

/**
 * Where no proxy stands in front, an address that may not deliver is cut off before anything of it is read. So a stranger there holds
 * no connection of those who may.
 */
function cutStranger(door: Door, socket: Socket): void {
  const addresses = door.addresses();
  if (addresses.mayConnect(socket)) return;
  door.metrics.callbacksRefused.inc({ status: 'address' });
  logRarely(door, 'warn', ADDRESS_REFUSED, tellAddress(socket.remoteAddress ?? null), '403');
  socket.destroy();
}

const ADDRESS_REFUSED = 'callback_address_refused';

/** The carrier tries only once more, so a callback that is refused for its address must not go unnoticed. */
function tellAddress(client: string | null): LogFields {
  const reason =
    client === null
      ? 'X-Forwarded-For has fewer addresses than M2M_CALLBACK_PROXY_HOPS says'
      : 'not one of M2M_CALLBACK_ADDRESSES; if it is a proxy, M2M_CALLBACK_PROXY_HOPS tells how many there are';
  return { remoteAddress: client ?? 'unknown', reason };
}

function refuseLarge({ maxBodyBytes }: Door): Refusal {
  return { status: 413, why: `A callback may have at most ${maxBodyBytes} bytes, also when it is unpacked.`, unread: true };
}

function refuseAfter(door: Door, request: IncomingMessage, response: ServerResponse, error: unknown): void {
  refuse(door, request, response, { status: 503, why: 'Not stored: send it again.', event: 'callback_failed', fields: { error } });
}

/** A message that is not kept is not acknowledged. The carrier sends it once more, and by then there may be room. */
function refuseForNow(origin: { readonly service: string; readonly account: string }, refusal: NoRoom, reason: string | null): Refusal {
  return {
    status: 503,
    why: 'There is no room for this message now: send it again.',
    headers: { 'retry-after': '60' },
    event: 'callback_without_room',
    fields: { ...origin, outcome: refusal, reason: reason ?? REFUSED_FOR[refusal] },
    kind: `${origin.account} ${origin.service} ${refusal} ${reason}`,
  };
}

const TOO_MANY_UNANSWERED: Refusal = {
  status: 503,
  why: 'Not stored: too many messages of this connection wait for their answers. Send it again, over another connection.',
  headers: { 'retry-after': '1' },
  unread: true,
  kind: 'unanswered',
};

const REFUSED_FOR: Readonly<Record<NoRoom, string>> = {
  PATH_FULL: 'The path holds as many messages as it may.',
  REQUEST_FULL: 'Its request, or its id that no request has, holds as many messages as it may.',
  DISK_LOW: 'The disk is low. Only results of requests that are known are taken.',
};

/** The carrier uses an older registration for a while. If it uses it for longer, somebody must register again. */
function reportFormer(door: Door, { account, service, standing, previous }: CallbackAddress & PathOrigin, credentials: string): void {
  const report = (former: string, event: string) => {
    door.metrics.callbacksOnFormer.inc({ former });
    logRarely(door, 'warn', event, { service, account: door.pseudonym(account) }, `${account} ${service}`);
  };
  if (previous) report('secret', 'callback_on_previous_secret');
  if (standing === 'FORMER') report('rotation', 'callback_on_former_rotation');
  if (credentials === 'PREVIOUS') report('credentials', 'callback_with_previous_credentials');
}

/** A sender that hangs up gets no answer. What it has sent is no whole message. */
function reportHangUp(door: Door, request: IncomingMessage, fields: LogFields): void {
  if (door.cut.has(request.socket)) return;
  door.metrics.callbacksRefused.inc({ status: 'none' });
  logRarely(door, 'warn', 'callback_cut', { ...fields, reason: 'The sender hung up before the end of its message.' }, 'hung up');
}

/** For lines that one sender can cause at will: one a minute for each `kind` of an event, with the number of all of them. */
function logRarely({ throttle, logger }: Door, level: 'warn' | 'error', event: string, fields: LogFields, kind: string): void {
  const count = throttle.count(`${event} ${kind}`);
  if (count !== null) logger[level](event, { ...fields, count });
}

const ACKNOWLEDGED = { 'content-type': 'application/json', 'content-length': '2' };

/** These happen all the time. Any other outcome is logged. */
const USUAL_OUTCOMES: ReadonlySet<string> = new Set(['APPLIED', 'UNCLAIMED', 'DUPLICATE']);

const UNKNOWN_PATH =
  'Callbacks came to a path that is not ours, or no longer ours: see `npm run callbacks -- list`. After a change of M2M_CALLBACK_SECRET, set M2M_CALLBACK_PREVIOUS_SECRET to the old secret.';

/** Answers what Node itself refuses: a sender that is too slow, or bytes that are no HTTP. A sender that has hung up gets no answer. */
function cutConnection(door: Door, error: NodeJS.ErrnoException, socket: Duplex): void {
  const status = STATUS_OF_FAULT[error.code ?? ''] ?? (error.code?.startsWith('HPE_') ? '400 Bad Request' : null);
  if (status !== null) {
    door.metrics.callbacksRefused.inc({ status: status.slice(0, 3) });
    door.cut.add(socket);
    logRarely(door, 'warn', 'callback_cut', { status, reason: error.code }, status);
    if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
  }
  socket.destroy();
}

const STATUS_OF_FAULT: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
};

function refuse(door: Door, request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
  const { status, why, event = 'callback_refused', fields, headers, unread, kind = String(status) } = refusal;
  door.metrics.callbacksRefused.inc({ status: String(status) });
  logRarely(door, status < 500 ? 'warn' : 'error', event, { status, reason: why, ...fields }, kind);
  if (response.headersSent) return void response.destroy();
  const all = { 'content-type': 'text/plain', ...headers };
  if (unread) refuseUnread(request, response, { status, headers: all, body: why });
  else response.writeHead(status, all).end(why);
}
