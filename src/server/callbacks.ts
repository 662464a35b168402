import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { CallbackReceiver } from '../resolvers/receive-callback.ts';
import type { Overload } from './overload.ts';
import { refuseUnread } from './refuse-unread.ts';
import { CALLBACK_PREFIX, type CallbackAddress, type CallbackPaths } from './callback-paths.ts';

export interface CallbackDoorOptions {
  readonly receiver: CallbackReceiver;
  readonly paths: CallbackPaths;
  /** Largest body, in bytes: the carrier's messages have about 1 kB. */
  readonly maxBodyBytes: number;
  readonly pseudonym: (account: string) => string;
  /** Is told of every callback that waits for its commit. */
  readonly overload: Overload;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

/**
 * The callback door: POSTs of the carrier. A ladder of guards (method, path, encoding, size), then the message is read and
 * handed over; 200 only once it is durable. A failed store answers 503, so that the carrier sends the message again.
 */
export function createCallbackServer(options: CallbackDoorOptions): Server {
  const listener: RequestListener = (request, response) => {
    handle(options, request, response).catch((error: unknown) => {
      options.logger.error('callback_failed', { error });
      refuse(options, response, 503, 'Not stored: send it again.');
    });
  };
  return createServer({ headersTimeout: 10_000, requestTimeout: 30_000, keepAliveTimeout: 75_000 }, listener);
}

async function handle(options: CallbackDoorOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = (request.url ?? '').split('?', 1)[0] ?? '';
  if (!path.startsWith(CALLBACK_PREFIX)) return refuse(options, response, 404, 'Not found.');
  if (request.method !== 'POST') return refuse(options, response, 405, 'Only POST.', { allow: 'POST' });
  const address = options.paths.find(path);
  if (!address) return refuse(options, response, 404, 'Not found.');
  const encoding = request.headers['content-encoding'];
  if (encoding !== undefined && encoding !== 'identity') return refuse(options, response, 415, 'Send the body without Content-Encoding.');
  if (Number(request.headers['content-length'] ?? 0) > options.maxBodyBytes) return tooLarge(options, request, response);
  const bytes = await readBody(request, options.maxBodyBytes);
  if (bytes === 'TOO_LARGE') return tooLarge(options, request, response);
  if (bytes === 'CUT') return;
  await receive(options, address, request, response, bytes);
}

async function receive(
  options: CallbackDoorOptions,
  address: CallbackAddress & { readonly previous: boolean },
  request: IncomingMessage,
  response: ServerResponse,
  bytes: Uint8Array,
): Promise<void> {
  const { account, service, previous } = address;
  const { metrics, logger } = options;
  const started = performance.now();
  const contentType = request.headers['content-type'] ?? null;
  const result = await options.overload.during(options.receiver.receive({ account, service, bytes, contentType }));
  response.writeHead(200, ACKNOWLEDGED).end('{}');
  metrics.callbackSeconds.observe((performance.now() - started) / 1000);
  metrics.callbacks.inc({ service, outcome: result.outcome.toLowerCase() });
  metrics.callbackCredentials.inc({ credentials: result.credentials.toLowerCase() });
  if (previous) logger.warn('callback_on_previous_secret', { service, account: options.pseudonym(account) });
  if (!QUIET.has(result.outcome))
    logger.warn('callback_not_applied', { service, account: options.pseudonym(account), outcome: result.outcome, reason: result.reason });
}

const ACKNOWLEDGED = { 'content-type': 'application/json', 'content-length': '2' };

/** What happens all the time; anything else is worth a line. */
const QUIET: ReadonlySet<string> = new Set(['APPLIED', 'UNCLAIMED', 'DUPLICATE']);

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

function tooLarge(options: CallbackDoorOptions, request: IncomingMessage, response: ServerResponse): void {
  options.metrics.callbacksRefused.inc({ status: '413' });
  const body = `A callback may have at most ${options.maxBodyBytes} bytes.`;
  refuseUnread(request, response, { status: 413, headers: { 'content-type': 'text/plain' }, body });
}

function refuse(
  options: CallbackDoorOptions,
  response: ServerResponse,
  status: number,
  why: string,
  headers: Record<string, string> = {},
): void {
  options.metrics.callbacksRefused.inc({ status: String(status) });
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'text/plain', ...headers }).end(why);
}
