import type { IncomingMessage } from 'node:http';
import type { Neighbours } from '../host.ts';

/**
 * A page may send JSON with its key or token, and any header that its tracing or its client adds. The asterisk does not include
 * `Authorization`. Cookies are never allowed.
 */
const PREFLIGHT = {
  'access-control-allow-methods': 'POST',
  'access-control-allow-headers': 'authorization, content-type, *',
  'access-control-max-age': '600',
} as const;

/** A page of the internet may call a private address only with this (Private Network Access). */
const ASKS_FOR_PRIVATE = 'access-control-request-private-network';

/**
 * The web pages that may call GraphQL: those of the allow-list, and the gateway's own (GraphiQL). A browser names the origin of
 * the page in `Origin`. Other clients do not send it.
 */
export class Origins {
  readonly #allowed: ReadonlySet<string>;
  readonly #neighbours: Neighbours | null;

  /**
   * @param allowed origins in lower case: `https://app.example.com`.
   * @param neighbours origins that are allowed too. With them every page may read why it is refused: whoever develops it sees the
   *   sentence, and not only that there was an error.
   */
  constructor(allowed: readonly string[], neighbours: Neighbours | null = null) {
    this.#allowed = new Set(allowed);
    this.#neighbours = neighbours;
  }

  isAllowed(request: IncomingMessage): boolean {
    const origin = request.headers.origin?.toLowerCase();
    if (origin === undefined || this.#isListed(origin)) return true;
    const own = `://${request.headers.host ?? ''}`.toLowerCase();
    // Behind a proxy that ends TLS, our own pages are https.
    return origin === `https${own}` || origin === `http${own}`;
  }

  /** Whether the browser may send the page's request, to be told then that it is refused. */
  mayAsk(request: IncomingMessage): boolean {
    return this.#neighbours !== null || this.isAllowed(request);
  }

  /** The CORS headers, which let only a page of the allow-list read the answer. */
  headersFor(request: IncomingMessage): Readonly<Record<string, string>> {
    const { origin } = request.headers;
    if (this.#allowed.size === 0 && this.#neighbours === null) return {};
    if (origin === undefined || !(this.#neighbours || this.#isListed(origin.toLowerCase()))) return { vary: 'Origin' };
    const headers = {
      vary: 'Origin',
      'access-control-allow-origin': origin,
      'access-control-expose-headers': this.#neighbours ? `retry-after, ${REFUSAL_HEADER}` : 'retry-after',
    };
    if (request.method !== 'OPTIONS') return headers;
    const isPrivate = request.headers[ASKS_FOR_PRIVATE] === 'true' && { 'access-control-allow-private-network': 'true' };
    return { ...headers, ...PREFLIGHT, ...isPrivate };
  }

  #isListed(origin: string): boolean {
    return this.#allowed.has(origin) || (this.#neighbours?.isOrigin(origin) ?? false);
  }
}

/** Says why a page or a name was refused. The tools of a browser show it where they hide the body: with a preflight and a handshake. */
export const REFUSAL_HEADER = 'm2m-refusal';

export const FOREIGN_HOST =
  'This gateway does not answer to the name in Host. Add that name, without its port, to M2M_GRAPHQL_HOSTS (in the sandbox: --host).';
export const FOREIGN_ORIGIN =
  'Web pages of this origin may not call the gateway. Add the origin, as the header Origin has it, to M2M_GRAPHQL_ORIGINS (in the sandbox: --origin).';
