/** The kinds of failure that this gateway names. */
export type ErrorCode =
  | 'NOT_FOUND'
  | 'UNAUTHENTICATED'
  | 'FORBIDDEN'
  | 'RATE_LIMITED'
  | 'OPERATION_TOO_LARGE'
  | 'DOCUMENT_NOT_TRUSTED'
  | 'CURSOR_INVALID'
  | 'CURSOR_EXPIRED'
  | 'BAD_USER_INPUT'
  | 'OVERLOADED'
  | 'CARRIER_UNAVAILABLE'
  | 'CARRIER_LOGIN_REFUSED'
  | 'CARRIER_REFUSED'
  | 'STORE_UNUSABLE'
  | 'STORE_FAILED'
  | 'CONFIG_INVALID'
  | 'LISTENER_TAKEN'
  | 'SHUTTING_DOWN';

/** `details.reason` of a STORE_FAILED when the rows of one request cannot be read. The rows of all other requests can. */
export const DAMAGED_REQUEST = 'DAMAGED_REQUEST';

/** `details.reason` of a STORE_FAILED when a shared store does not answer or cannot write now. It comes back by itself. */
export const STORE_AWAY = 'STORE_AWAY';

/**
 * `message` tells its reader what happened, to what, and what to do. It never carries a secret, so it may be shown to a caller
 * as it is.
 */
export class GatewayError extends Error {
  override readonly name = 'GatewayError';
  readonly code: ErrorCode;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: ErrorCode, message: string, options: { details?: Record<string, unknown>; cause?: unknown } = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.details = options.details ?? {};
  }
}

export function isDamagedRequest(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.details['reason'] === DAMAGED_REQUEST;
}

export function isStoreAway(error: unknown): error is GatewayError {
  return error instanceof GatewayError && error.details['reason'] === STORE_AWAY;
}
