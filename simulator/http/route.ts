/** A request as an endpoint sees it: its tokens are checked and its body is read. */
export interface ApiRequest {
  /** The `{placeholders}` of the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The session token; '' where the route needs none. */
  readonly session: string;
}

/** What an endpoint answers. */
export interface Answer {
  readonly status: number;
  /** Bytes and a string are sent as they stand, undefined as an empty body, anything else as JSON. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
  /** The id of an accepted request. The ledger notes it. */
  readonly requestId?: string;
  /** Work that must end before the answer is written. */
  readonly before?: () => Promise<void>;
  /** Work that starts once the answer is written, or would have been. */
  readonly after?: () => void;
}

/** Whether a JSON body is an object. */
export const isRecord = (body: unknown): body is Readonly<Record<string, unknown>> =>
  typeof body === 'object' && body !== null && !Array.isArray(body) && !(body instanceof Uint8Array);

/** A 200 with a JSON body. */
export const ok = (body: unknown): Answer => ({ status: 200, body });

/** How a refusal is written: with the business code, or (profile operations) with the three-digit HTTP status. */
export type Dialect = 'business' | 'status-code';

/** One endpoint of the carrier. */
export interface Route {
  /** The endpoint's name in fault rules and in the ledger. */
  readonly endpoint: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path with `{name}` for a segment, for instance `/api/m2m/v1/plans/{account}`. */
  readonly path: string;
  /** What a client must present: nothing, a bearer, or a bearer and a session token. */
  readonly guard: 'none' | 'bearer' | 'session';
  readonly dialect: Dialect;
  /** True for an operation on devices. The ledger keeps each of its requests. */
  readonly isOperation?: boolean;
  readonly handle: (request: ApiRequest) => Answer;
}

export interface MatchedRoute {
  readonly route: Route;
  readonly params: Record<string, string>;
}

/** Finds routes by method and path. Repeated slashes count as one: the pages print `/m2m/v1//devices/…`. */
export function createRouteMatcher(routes: readonly Route[]): (method: string, path: string) => MatchedRoute | undefined {
  const compiled = routes.map((route) => ({
    route,
    pattern: new RegExp(`^${route.path.replaceAll(/\{(\w+)\}/g, '(?<$1>[^/]+)')}/?$`),
  }));
  return (method, path) => {
    const single = path.replaceAll(/\/{2,}/g, '/');
    for (const { route, pattern } of compiled) {
      if (route.method !== method) continue;
      const match = pattern.exec(single);
      if (match === null) continue;
      const params = Object.entries(match.groups ?? {}).map(([name, value]) => [name, decode(value)]);
      return { route, params: Object.fromEntries(params) };
    }
    return undefined;
  };
}

function decode(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
