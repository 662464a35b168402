import { GatewayError } from '../../errors.ts';

/** Told apart because clients act on it: what has expired is renewed, what is unavailable is tried again, the others are given up. */
export type UnauthenticatedReason = 'MISSING' | 'INVALID' | 'EXPIRED' | 'REVOKED' | 'UNAVAILABLE';

/** @param message says what to do, and nothing of what was shown. */
export function unauthenticated(reason: UnauthenticatedReason, message: string, cause?: unknown): GatewayError {
  return new GatewayError('UNAUTHENTICATED', message, { details: { reason }, cause });
}

/** Undefined for any other error. */
export function unauthenticatedReason(error: unknown): UnauthenticatedReason | undefined {
  if (!(error instanceof GatewayError) || error.code !== 'UNAUTHENTICATED') return undefined;
  return error.details['reason'] as UnauthenticatedReason;
}
