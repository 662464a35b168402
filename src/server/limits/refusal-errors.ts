import { GraphQLError } from 'graphql';

export type RefusalCode =
  | 'BAD_REQUEST'
  | 'DOCUMENT_NOT_TRUSTED'
  | 'FORBIDDEN'
  | 'OPERATION_TOO_LARGE'
  | 'OVERLOADED'
  | 'PERSISTED_QUERY_NOT_FOUND'
  | 'PERSISTED_QUERY_NOT_SUPPORTED'
  | 'RATE_LIMITED';

const STATUS_OF: Partial<Record<RefusalCode, number>> = { FORBIDDEN: 403, RATE_LIMITED: 429, OVERLOADED: 503 };

/** The reason why an operation was not run. `spec` makes yoga answer 200 over HTTP to a client that takes only application/json. */
export function refusalError(code: RefusalCode, message: string, retryAfterMs?: number): GraphQLError {
  const status = STATUS_OF[code] ?? 400;
  if (retryAfterMs === undefined) return new GraphQLError(message, { extensions: { code, http: { spec: true, status } } });
  const headers = { 'retry-after': String(Math.ceil(retryAfterMs / 1000)) };
  return new GraphQLError(message, { extensions: { code, retryAfterMs, http: { spec: true, status, headers } } });
}

export function rateError(what: 'documents' | 'mutations' | 'operations', retryAfterMs: number): GraphQLError {
  const message = `Nothing was run: too many ${what} of yours in the last minute. Try again after \`retryAfterMs\`.`;
  return refusalError('RATE_LIMITED', message, retryAfterMs);
}

/** The body is no GraphQL request. The status is the same, whatever media type the client takes. */
export function badRequestError(message: string, status: number): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status } } });
}

/** Its client has gone. Nobody will read this. */
export const CLIENT_GONE = badRequestError('Nothing was run: the client has gone.', 400);
