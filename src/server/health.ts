import type { IncomingMessage, ServerResponse } from 'node:http';

/** A question of a stranger costs the intake a turn, or even a write to the store. So an answer holds for a second. */
const HOLDS_MS = 1_000;

interface HealthSources {
  /** See `AdminOptions.beat`. */
  readonly isLive: () => Promise<boolean>;
  readonly isReady: () => Promise<boolean>;
}

/**
 * Answers load balancers, on the port that they send requests to. They ask by address, without a key, and as often as they like. So
 * it comes before every guard, and tells nothing but yes or no.
 */
export class Health {
  readonly #sources: HealthSources;
  readonly #now: () => number;
  readonly #held = new Map<keyof HealthSources, { readonly at: number; readonly answer: Promise<boolean> }>();

  constructor(sources: HealthSources, now: () => number = () => performance.now()) {
    this.#sources = sources;
    this.#now = now;
  }

  /** @returns whether the request was one of these. */
  answer({ method, url = '' }: IncomingMessage, response: ServerResponse): boolean {
    const path = url.split('?', 1)[0];
    if (path !== LIVE && path !== READY) return false;
    if (method !== 'GET' && method !== 'HEAD') send(response, 405, { error: 'METHOD_NOT_ALLOWED' }, { allow: 'GET, HEAD' });
    else if (path === LIVE) void this.#ask('isLive').then((live) => send(response, live ? 200 : 503, { live }));
    else void this.#ask('isReady').then((ready) => send(response, ready ? 200 : 503, { ready }));
    return true;
  }

  #ask(what: keyof HealthSources): Promise<boolean> {
    const at = this.#now();
    const held = this.#held.get(what);
    if (held && at - held.at < HOLDS_MS) return held.answer;
    const answer = this.#sources[what]().catch(() => false);
    this.#held.set(what, { at, answer });
    return answer;
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
