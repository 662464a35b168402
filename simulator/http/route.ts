import type { Answer } from './answer.ts';
import type { EndpointName } from './endpoint-name.ts';

/** A request as the endpoints see it: authorised, body read. */
export interface ApiRequest {
  /** The `{placeholders}` of the route's path, decoded. */
  readonly params: Readonly<Record<string, string>>;
  readonly query: URLSearchParams;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: string;
  /** The session token; '' where the route needs none. */
  readonly session: string;
}

/** One endpoint of the carrier. */
export interface Route {
  readonly endpoint: EndpointName;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path with `{name}` for a segment, for instance `/api/m2m/v1/plans/{account}`. */
  readonly path: string;
  /** What must be presented: nothing that the router checks, a bearer, or a bearer and a session token. */
  readonly guard: 'none' | 'bearer' | 'session';
  /** How refusals are written: with the business code, or (profile operations) with the three-digit HTTP status. */
  readonly dialect: 'business' | 'status-code';
  readonly handle: (request: ApiRequest) => Answer;
}
