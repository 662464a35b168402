import type { IncomingMessage } from 'node:http';

/**
 * What a page may send: JSON, with its key or token, and whatever headers its tracing or its client adds; for `Authorization`
 * the asterisk does not stand. Cookies are never asked for.
 */
const PREFLIGHT = {
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'authorization, content-type, *',
  'access-control-max-age': '600',
} as const;

/**
 * Which web pages may ask: those of the allow-list, and the gateway's own (GraphiQL). A browser names the page's origin in
 * `Origin`; a client that is no browser sends none.
 */
export class Origins {
  readonly #allowed: ReadonlySet<string>;

  /** @param allowed origins in small letters: `https://app.example.com`. */
  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed);
  }

  isAllowed(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined || this.#allowed.has(origin.toLowerCase())) return true;
    const own = `://${request.headers.host ?? ''}`.toLowerCase();
    // Behind a proxy that ends TLS its own pages are https.
    return origin.toLowerCase() === `https${own}` || origin.toLowerCase() === `http${own}`;
  }

  /** CORS headers, which let a page of the allow-list, and no other, read the answer. */
  headersFor(request: IncomingMessage): Readonly<Record<string, string>> {
    const { origin } = request.headers;
    if (this.#allowed.size === 0) return {};
    if (origin === undefined || !this.#allowed.has(origin.toLowerCase())) return { vary: 'Origin' };
    const headers = { vary: 'Origin', 'access-control-allow-origin': origin, 'access-control-expose-headers': 'retry-after' };
    return request.method === 'OPTIONS' ? { ...headers, ...PREFLIGHT } : headers;
  }
}
