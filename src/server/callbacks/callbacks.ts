import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics.ts';
import type { CallbackReceiver } from '../../resolvers/callbacks/receive-callback.ts';
import type { CallbackAddresses } from './callback-addresses.ts';
import { CALLBACK_PREFIX } from '../../datasources/thingspace/wire/callback-service.ts';
import type { CallbackAddress, CallbackPaths, PathOrigin } from '../../resolvers/callbacks/callback-paths.ts';
import type { Overload } from '../overload.ts';
import { LogThrottle } from '../../lib/log-throttle.ts';
import { refuseUnread } from '../../lib/refuse-unread.ts';

export interface CallbackDoorOptions {
  readonly receiver: CallbackReceiver;
  /** Asked for with a request, not before: they may depend on where the door listens. */
  readonly addresses: () => CallbackAddresses;
  readonly paths: CallbackPaths;
  /** Largest body, in bytes: the carrier's messages have about 1 kB. */
  readonly maxBodyBytes: number;
  readonly pseudonym: (account: string) => string;
  /** Is told of every callback that waits for its commit. */
  readonly overload: Overload;
  readonly logger: Logger;
  readonly metrics: Metrics;
  /** A wall clock, in milliseconds: rare log lines are told by it. */
  readonly now: () => number;
  readonly limits?: Partial<CallbackLimits>;
}

/** How long a sender may take, in milliseconds. */
export interface CallbackLimits {
  readonly headersMs: number;
  readonly requestMs: number;
  /** Longer than the 60 seconds a proxy keeps an idle connection: it must not meet our end of it. */
  readonly keepAliveMs: number;
  /** How often the limits are enforced. With Node's own 30 seconds a limit of 10 seconds could last 40. */
  readonly enforceEveryMs: number;
}

const LIMITS: CallbackLimits = { headersMs: 10_000, requestMs: 30_000, keepAliveMs: 75_000, enforceEveryMs: 1_000 };

type FoundPath = CallbackAddress & PathOrigin;
type Door = CallbackDoorOptions & { readonly rare: LogThrottle };

/**
 * The callback door: POSTs of the carrier. A ladder of guards (address, method, size, path, encoding), then the message is
 * read and handed over; 200 only once it is durable. A failed store answers 503, so that the carrier sends the message again.
 */
export function createCallbackServer(options: CallbackDoorOptions): Server {
  const door: Door = { ...options, rare: new LogThrottle(options.now) };
  const { headersMs, requestMs, keepAliveMs, enforceEveryMs } = { ...LIMITS, ...options.limits };
  const listener: RequestListener = (request, response) => {
    handle(door, request, response).catch((error: unknown) => {
      options.logger.error('callback_failed', { error });
      refuse(door, response, 503, 'Not stored: send it again.');
    });
  };
  const limits = {
    headersTimeout: headersMs,
    requestTimeout: requestMs,
    keepAliveTimeout: keepAliveMs,
    connectionsCheckingInterval: enforceEveryMs,
  };
  // What Node would refuse without a word to us: no Host, and an expectation it does not know (417).
  return createServer({ ...limits, requireHostHeader: false }, listener)
    .on('checkExpectation', listener)
    .on('clientError', (error, socket) => cut(door, error, socket));
}

async function handle(options: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const addresses = options.addresses();
  const client = addresses.rule === 'any' ? null : addresses.clientOf(request);
  if (!addresses.allows(client)) return refuseStranger(options, client, request, response);
  if (request.method !== 'POST') return refuse(options, response, 405, 'Only POST.', { allow: 'POST' });
  if (Number(request.headers['content-length'] ?? 0) > options.maxBodyBytes) return refuseTooLarge(options, request, response);
  const path = options.paths.find((request.url ?? '').split('?', 1)[0] ?? '');
  if (!path) return refuseUnknownPath(options, request, response);
  if (isEncoded(request.headers['content-encoding'])) return refuse(options, response, 415, 'Send the body without Content-Encoding.');
  const bytes = await readBody(request, options.maxBodyBytes);
  if (bytes === 'TOO_LARGE') return refuseTooLarge(options, request, response);
  if (bytes === 'CUT') return;
  await receive(options, path, request, response, bytes);
}

async function receive(
  options: Door,
  path: FoundPath,
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
): Promise<void> {
  const { account, service } = path;
  const { metrics, logger } = options;
  const started = performance.now();
  const contentType = request.headers['content-type'] ?? null;
  const result = await options.overload.during(options.receiver.receive({ account, service, bytes, contentType }));
  response.writeHead(200, ACKNOWLEDGED).end('{}');
  metrics.callbackSeconds.observe((performance.now() - started) / 1000);
  metrics.callbacks.inc({ service, outcome: result.outcome.toLowerCase() });
  metrics.callbackCredentials.inc({ credentials: result.credentials.toLowerCase() });
  if (path.previous || path.standing === 'FORMER' || result.credentials === 'PREVIOUS') tellFormer(options, path, result.credentials);
  if (!QUIET.has(result.outcome))
    logger.warn('callback_not_applied', { service, account: options.pseudonym(account), outcome: result.outcome, reason: result.reason });
}

/** The carrier goes on using what it had for a while; for longer, and somebody must register again. */
function tellFormer({ metrics, logger, rare, pseudonym }: Door, path: FoundPath, credentials: string): void {
  const { account, service, standing, previous } = path;
  const tell = (event: string) => {
    const count = rare.count(`${event} ${account} ${service}`);
    if (count !== null) logger.warn(event, { service, account: pseudonym(account), count });
  };
  if (previous) {
    metrics.callbacksOnFormer.inc({ former: 'secret' });
    tell('callback_on_previous_secret');
  }
  if (standing === 'FORMER') {
    metrics.callbacksOnFormer.inc({ former: 'rotation' });
    tell('callback_on_former_rotation');
  }
  if (credentials === 'PREVIOUS') {
    metrics.callbacksOnFormer.inc({ former: 'credentials' });
    tell('callback_with_previous_credentials');
  }
}

const ACKNOWLEDGED = { 'content-type': 'application/json', 'content-length': '2' };

/** What happens all the time; anything else is worth a line. */
const QUIET: ReadonlySet<string> = new Set(['APPLIED', 'UNCLAIMED', 'DUPLICATE']);

function isEncoded(contentEncoding = ''): boolean {
  return contentEncoding.split(',').some((coding) => !['', 'identity'].includes(coding.trim().toLowerCase()));
}

function readBody(request: IncomingMessage, maxBytes: number): Promise<Uint8Array | 'TOO_LARGE' | 'CUT'> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) resolve('TOO_LARGE');
      else chunks.push(chunk);
    });
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', () => resolve('CUT'));
    request.once('close', () => resolve('CUT'));
  });
}

/** The carrier tries once more and no further: a callback that is refused here must not go unnoticed. */
function refuseStranger(options: Door, client: string | null, request: IncomingMessage, response: ServerResponse): void {
  options.metrics.callbacksRefused.inc({ status: '403' });
  const count = options.rare.count('callback_address_refused');
  const reason =
    client === null
      ? 'X-Forwarded-For has fewer addresses than M2M_CALLBACK_PROXY_HOPS says'
      : 'not one of M2M_CALLBACK_ADDRESSES; if it is a proxy, M2M_CALLBACK_PROXY_HOPS tells how many there are';
  if (count !== null) options.logger.warn('callback_address_refused', { count, remoteAddress: client ?? 'unknown', reason });
  const body = 'Callbacks are not taken from this address.';
  refuseUnread(request, response, { status: 403, headers: { 'content-type': 'text/plain' }, body });
}

/** A scanner does not know where the callbacks are: who does may be the carrier, with a path that is not taken any more. */
function refuseUnknownPath(options: Door, request: IncomingMessage, response: ServerResponse): void {
  const isMeant = request.url?.split('?', 1)[0]?.includes(CALLBACK_PREFIX) ?? false;
  const count = isMeant ? options.rare.count('callback_path_unknown') : null;
  if (count !== null) options.logger.warn('callback_path_unknown', { count, reason: UNKNOWN_PATH });
  refuse(options, response, 404, 'Not found.');
}

const UNKNOWN_PATH =
  'Callbacks came to a path that is not ours, or not any more: see `npm run callbacks -- list`. After another M2M_CALLBACK_SECRET set M2M_CALLBACK_PREVIOUS_SECRET to the former.';

/** What Node itself refuses: too slow, or no HTTP. A sender that only hung up is not answered. */
function cut({ metrics, logger, rare }: Door, error: NodeJS.ErrnoException, socket: Duplex): void {
  const status = CUT_FOR[error.code ?? ''] ?? (error.code?.startsWith('HPE_') ? '400 Bad Request' : null);
  if (status !== null) {
    metrics.callbacksRefused.inc({ status: status.slice(0, 3) });
    const count = rare.count(`callback_cut ${status}`);
    if (count !== null) logger.warn('callback_cut', { count, status });
    if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
  }
  socket.destroy();
}

const CUT_FOR: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
};

function refuseTooLarge(options: Door, request: IncomingMessage, response: ServerResponse): void {
  options.metrics.callbacksRefused.inc({ status: '413' });
  const body = `A callback may have at most ${options.maxBodyBytes} bytes.`;
  refuseUnread(request, response, { status: 413, headers: { 'content-type': 'text/plain' }, body });
}

function refuse(options: Door, response: ServerResponse, status: number, why: string, headers: Record<string, string> = {}): void {
  options.metrics.callbacksRefused.inc({ status: String(status) });
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(why);
}
