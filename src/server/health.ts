import type { IncomingMessage, ServerResponse } from 'node:http';

/** A strangers' question may cost a write to the store. So an answer holds for a second. */
const HOLDS_MS = 1_000;

interface HealthSources {
  /** See `AdminOptions`. */
  readonly beat: () => Promise<void>;
  readonly isReady: () => Promise<boolean>;
}

/**
 * Answers load balancers, on the port that they send requests to. They ask by address, without a key, and as often as they like. So
 * it comes before every guard, and tells nothing but yes or no.
 */
export class Health {
  readonly #sources: HealthSources;
  readonly #now: () => number;
  #last: { readonly at: number; readonly ready: Promise<boolean> } | null = null;

  constructor(sources: HealthSources, now: () => number = () => performance.now()) {
    this.#sources = sources;
    this.#now = now;
  }

  /** @returns whether the request was one of these. */
  answer({ method, url = '' }: IncomingMessage, response: ServerResponse): boolean {
    const path = url.split('?', 1)[0];
    if (path !== LIVE && path !== READY) return false;
    if (method !== 'GET' && method !== 'HEAD') send(response, 405, { error: 'METHOD_NOT_ALLOWED' }, { allow: 'GET, HEAD' });
    else if (path === LIVE) void this.#sources.beat().then(() => send(response, 200, { live: true }));
    else void this.#askReady().then((ready) => send(response, ready ? 200 : 503, { ready }));
    return true;
  }

  #askReady(): Promise<boolean> {
    const at = this.#now();
    if (this.#last && at - this.#last.at < HOLDS_MS) return this.#last.ready;
    const ready = this.#sources.isReady().catch(() => false);
    this.#last = { at, ready };
    return ready;
  }
}

const LIVE = '/health/live';
const READY = '/health/ready';

function send(response: ServerResponse, status: number, body: object, headers: Readonly<Record<string, string>> = {}): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'content-type': 'application/json',
      'content-length': Buffer.byteLength(text),
      'cache-control': 'no-store',
      ...headers,
    })
    .end(text);
}
