import type { IncomingMessage } from 'node:http';

/**
 * A page may send JSON with its key or token, and any header that its tracing or its client adds. The asterisk does not include
 * `Authorization`. Cookies are never allowed.
 */
const PREFLIGHT = {
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'authorization, content-type, *',
  'access-control-max-age': '600',
} as const;

/**
 * The web pages that may call GraphQL: those of the allow-list, and the gateway's own (GraphiQL). A browser names the origin of
 * the page in `Origin`. Other clients do not send it.
 */
export class Origins {
  readonly #allowed: ReadonlySet<string>;

  /** @param allowed origins in lower case: `https://app.example.com`. */
  constructor(allowed: readonly string[]) {
    this.#allowed = new Set(allowed);
  }

  isAllowed(request: IncomingMessage): boolean {
    const { origin } = request.headers;
    if (origin === undefined || this.#allowed.has(origin.toLowerCase())) return true;
    const own = `://${request.headers.host ?? ''}`.toLowerCase();
    // Behind a proxy that ends TLS, our own pages are https.
    return origin.toLowerCase() === `https${own}` || origin.toLowerCase() === `http${own}`;
  }

  /** The CORS headers, which let only a page of the allow-list read the answer. */
  headersFor(request: IncomingMessage): Readonly<Record<string, string>> {
    const { origin } = request.headers;
    if (this.#allowed.size === 0) return {};
    if (origin === undefined || !this.#allowed.has(origin.toLowerCase())) return { vary: 'Origin' };
    const headers = { vary: 'Origin', 'access-control-allow-origin': origin, 'access-control-expose-headers': 'retry-after' };
    return request.method === 'OPTIONS' ? { ...headers, ...PREFLIGHT } : headers;
  }
}
