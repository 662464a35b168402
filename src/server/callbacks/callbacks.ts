import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { LogFields, Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics.ts';
import type { CallbackReceiver } from '../../resolvers/callbacks/receive-callback.ts';
import type { CallbackAddresses } from './callback-addresses.ts';
import { CALLBACK_PREFIX } from '../../datasources/thingspace/wire/callback-service.ts';
import type { CallbackAddress, CallbackPaths, PathOrigin } from '../../resolvers/callbacks/callback-paths.ts';
import { toServerOptions, type HttpTimeouts } from '../http-timeouts.ts';
import type { Overload } from '../overload.ts';
import { LogThrottle } from '../../lib/log-throttle.ts';
import { refuseUnread } from '../../lib/refuse-unread.ts';

export interface CallbackDoorOptions {
  readonly receiver: CallbackReceiver;
  /** Called for each request, because the addresses may depend on where the door listens. */
  readonly addresses: () => CallbackAddresses;
  readonly paths: CallbackPaths;
  /** The largest body, in bytes. The carrier's messages have about 1 kB. */
  readonly maxBodyBytes: number;
  readonly pseudonym: (account: string) => string;
  readonly overload: Overload;
  readonly logger: Logger;
  readonly metrics: Metrics;
  readonly now: () => number;
  readonly timeouts?: Partial<HttpTimeouts>;
}

type Door = CallbackDoorOptions & { readonly throttle: LogThrottle };

interface Refusal {
  readonly status: number;
  readonly why: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly unread?: boolean;
}

/**
 * The callback door, which takes POSTs of the carrier. After a ladder of guards (address, method, size, path, encoding) it reads
 * the message and hands it over. It answers 200 only when the message is durable. If the store fails it answers 503, so that the
 * carrier sends the message again.
 */
export function createCallbackServer(options: CallbackDoorOptions): Server {
  const door: Door = { ...options, throttle: new LogThrottle(options.now) };
  const listener: RequestListener = (request, response) => {
    handle(door, request, response).catch((error: unknown) => {
      options.logger.error('callback_failed', { error });
      refuse(door, request, response, { status: 503, why: 'Not stored: send it again.' });
    });
  };
  // Node by itself would refuse a request without Host, or with an expectation it does not know (417), and not tell us.
  return createServer({ ...toServerOptions(30_000, options.timeouts), requireHostHeader: false }, listener)
    .on('checkExpectation', listener)
    .on('clientError', (error, socket) => cutConnection(door, error, socket));
}

async function handle(door: Door, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const { maxBodyBytes, metrics, logger } = door;
  const tooLarge = { status: 413, why: `A callback may have at most ${maxBodyBytes} bytes.`, unread: true };
  const found = checkHead(door, request, tooLarge);
  if ('why' in found) return refuse(door, request, response, found);
  const bytes = await readBody(request, maxBodyBytes);
  if (bytes === 'TOO_LARGE') return refuse(door, request, response, tooLarge);
  if (bytes === 'CUT') return;
  const { account, service } = found;
  const started = performance.now();
  const contentType = request.headers['content-type'] ?? null;
  const result = await door.overload.during(door.receiver.receive({ account, service, bytes, contentType }));
  response.writeHead(200, ACKNOWLEDGED).end('{}');
  metrics.callbackSeconds.observe((performance.now() - started) / 1000);
  metrics.callbacks.inc({ service, outcome: result.outcome.toLowerCase() });
  metrics.callbackCredentials.inc({ credentials: result.credentials.toLowerCase() });
  reportFormer(door, found, result.credentials);
  if (!USUAL_OUTCOMES.has(result.outcome))
    logger.warn('callback_not_applied', { service, account: door.pseudonym(account), outcome: result.outcome, reason: result.reason });
}

function checkHead(door: Door, request: IncomingMessage, tooLarge: Refusal): (CallbackAddress & PathOrigin) | Refusal {
  const addresses = door.addresses();
  const client = addresses.rule === 'any' ? null : addresses.clientOf(request);
  if (!addresses.allows(client)) {
    // The carrier tries only once more, so a callback that is refused here must not go unnoticed.
    const reason =
      client === null
        ? 'X-Forwarded-For has fewer addresses than M2M_CALLBACK_PROXY_HOPS says'
        : 'not one of M2M_CALLBACK_ADDRESSES; if it is a proxy, M2M_CALLBACK_PROXY_HOPS tells how many there are';
    warnRarely(door, 'callback_address_refused', { remoteAddress: client ?? 'unknown', reason });
    return { status: 403, why: 'Callbacks are not taken from this address.', unread: true };
  }
  if (request.method !== 'POST') return { status: 405, why: 'Only POST.', headers: { allow: 'POST' } };
  if (Number(request.headers['content-length'] ?? 0) > door.maxBodyBytes) return tooLarge;
  const pathname = (request.url ?? '').split('?', 1)[0] ?? '';
  const found = door.paths.find(pathname);
  if (!found) {
    // A scanner does not know this prefix. Whoever knows it may be the carrier, with a path that is no longer taken.
    if (pathname.includes(CALLBACK_PREFIX)) warnRarely(door, 'callback_path_unknown', { reason: UNKNOWN_PATH });
    return { status: 404, why: 'Not found.' };
  }
  if (isEncoded(request.headers['content-encoding'])) return { status: 415, why: 'Send the body without Content-Encoding.' };
  return found;
}

/** The carrier uses an older registration for a while. If it uses it for longer, somebody must register again. */
function reportFormer(door: Door, { account, service, standing, previous }: CallbackAddress & PathOrigin, credentials: string): void {
  const report = (former: string, event: string) => {
    door.metrics.callbacksOnFormer.inc({ former });
    warnRarely(door, event, { service, account: door.pseudonym(account) }, `${event} ${account} ${service}`);
  };
  if (previous) report('secret', 'callback_on_previous_secret');
  if (standing === 'FORMER') report('rotation', 'callback_on_former_rotation');
  if (credentials === 'PREVIOUS') report('credentials', 'callback_with_previous_credentials');
}

function warnRarely({ throttle, logger }: Door, event: string, fields: LogFields, kind = event): void {
  const count = throttle.count(kind);
  if (count !== null) logger.warn(event, { ...fields, count });
}

const ACKNOWLEDGED = { 'content-type': 'application/json', 'content-length': '2' };

/** These happen all the time. Any other outcome is logged. */
const USUAL_OUTCOMES: ReadonlySet<string> = new Set(['APPLIED', 'UNCLAIMED', 'DUPLICATE']);

const UNKNOWN_PATH =
  'Callbacks came to a path that is not ours, or no longer ours: see `npm run callbacks -- list`. After a change of M2M_CALLBACK_SECRET, set M2M_CALLBACK_PREVIOUS_SECRET to the old secret.';

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

/** Answers what Node itself refuses: a sender that is too slow, or bytes that are no HTTP. A sender that has hung up gets no answer. */
function cutConnection(door: Door, error: NodeJS.ErrnoException, socket: Duplex): void {
  const status = STATUS_OF_FAULT[error.code ?? ''] ?? (error.code?.startsWith('HPE_') ? '400 Bad Request' : null);
  if (status !== null) {
    door.metrics.callbacksRefused.inc({ status: status.slice(0, 3) });
    warnRarely(door, 'callback_cut', { status }, `callback_cut ${status}`);
    if (socket.writable) socket.write(`HTTP/1.1 ${status}\r\nconnection: close\r\n\r\n`);
  }
  socket.destroy();
}

const STATUS_OF_FAULT: Readonly<Record<string, string>> = {
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  HPE_CHUNK_EXTENSIONS_OVERFLOW: '413 Payload Too Large',
};

function refuse({ metrics }: Door, request: IncomingMessage, response: ServerResponse, { status, why, headers, unread }: Refusal): void {
  metrics.callbacksRefused.inc({ status: String(status) });
  if (response.headersSent) return void response.destroy();
  const all = { 'content-type': 'text/plain', ...headers };
  if (unread) refuseUnread(request, response, { status, headers: all, body: why });
  else response.writeHead(status, all).end(why);
}
