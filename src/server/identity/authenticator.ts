import {
  timeInDoubtError,
  unauthenticatedError,
  unauthenticatedReason,
  type Identity,
  type UnauthenticatedReason,
} from '../../resolvers/access/caller.ts';
import { KEY_PREFIX, type KeyRing } from '../../resolvers/access/key-ring.ts';
import { LOCAL_IDENTITY } from './local-caller.ts';
import type { JwtVerifier } from './jwt-verifier.ts';

export interface AuthenticatorOptions {
  /** If it is off, everybody is the local caller, and no key or token is read. */
  readonly on: boolean;
  readonly keys: KeyRing;
  readonly jwts: JwtVerifier | null;
  /** See `JwtVerifierOptions`. */
  readonly isTimeInDoubt?: () => boolean;
  readonly onRefused: (reason: UnauthenticatedReason) => void;
}

const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

const KEY_REFUSALS: Record<'UNKNOWN' | 'EXPIRED' | 'REVOKED', readonly [UnauthenticatedReason, string]> = {
  UNKNOWN: ['INVALID', 'There is no such API key. Check that you have copied all of it.'],
  EXPIRED: ['EXPIRED', 'The API key has expired. An operator makes another: npm run keys -- create --like ID'],
  REVOKED: ['REVOKED', 'The API key was revoked. An operator makes another: npm run keys -- create'],
};

/** Identifies callers by the `Authorization` header, or by the same text in the payload of a WebSocket's connection_init. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /**
   * @param authorization null if there was none. Several headers come joined by commas, as in HTTP, and are refused.
   * @throws GatewayError UNAUTHENTICATED with a message for the caller and `details.reason` (UnauthenticatedReason).
   */
  async identify(authorization: string | null): Promise<Identity> {
    if (!this.#options.on) return LOCAL_IDENTITY;
    try {
      return await this.#identify(authorization);
    } catch (error) {
      const reason = unauthenticatedReason(error);
      if (reason) this.#options.onRefused(reason);
      throw error;
    }
  }

  async #identify(authorization: string | null): Promise<Identity> {
    const { keys, jwts, isTimeInDoubt } = this.#options;
    if (authorization === null || authorization.trim() === '')
      throw unauthenticatedError(
        'MISSING',
        'This gateway must know its caller. Send `Authorization: Bearer <API key or JWT>`, over a WebSocket in the payload of connection_init. An operator makes API keys: npm run keys',
      );
    const token = BEARER.exec(authorization.trim())?.[1];
    if (token === undefined)
      throw unauthenticatedError('INVALID', 'The Authorization is not `Bearer <API key or JWT>`, once and without quotes.');
    if (token.startsWith(KEY_PREFIX)) {
      const found = keys.identify(token);
      if (typeof found !== 'string') return found;
      if (found === 'EXPIRED' && isTimeInDoubt?.()) throw timeInDoubtError();
      throw unauthenticatedError(...KEY_REFUSALS[found]);
    }
    if (jwts) return jwts.verify(token);
    throw unauthenticatedError(
      'INVALID',
      'This gateway takes API keys (m2m_…) and no other tokens, because no issuer of JWTs is configured.',
    );
  }
}
