import { unauthenticatedError, unauthenticatedReason, type Identity, type UnauthenticatedReason } from '../../resolvers/access/caller.ts';
import { KEY_PREFIX, type KeyRing } from '../../resolvers/access/key-ring.ts';
import { LOCAL_IDENTITY } from './local-caller.ts';
import type { JwtVerifier } from './jwt-verifier.ts';

export interface AuthenticatorOptions {
  /** Off: whoever asks is the one local caller, and what is shown is not looked at. */
  readonly on: boolean;
  readonly keys: KeyRing;
  /** Null where no issuer is configured. */
  readonly jwts: JwtVerifier | null;
  readonly onRefused: (reason: UnauthenticatedReason) => void;
}

const BEARER = /^bearer +([A-Za-z0-9._~+/-]+=*)$/i;

const KEY_REFUSALS: Record<'UNKNOWN' | 'EXPIRED' | 'REVOKED', readonly [UnauthenticatedReason, string]> = {
  UNKNOWN: ['INVALID', 'There is no such API key. Check that it was copied whole.'],
  EXPIRED: ['EXPIRED', 'The API key has expired. An operator makes another: npm run keys -- create --like ID'],
  REVOKED: ['REVOKED', 'The API key was revoked. An operator makes another: npm run keys -- create'],
};

/** Who asks, from the one place a caller shows it: the `Authorization` header, or the same text in the payload of a WebSocket's init. */
export class Authenticator {
  readonly #options: AuthenticatorOptions;

  constructor(options: AuthenticatorOptions) {
    this.#options = options;
  }

  /**
   * @param authorization null where there was none. Of several values the door gives all, separated by commas, as HTTP has it: they are refused.
   * @throws GatewayError UNAUTHENTICATED with a sentence for the caller and `details.reason` (UnauthenticatedReason).
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
    const { keys, jwts } = this.#options;
    if (authorization === null || authorization.trim() === '')
      throw unauthenticatedError(
        'MISSING',
        'This gateway must know who asks: send `Authorization: Bearer <API key or JWT>`, over a WebSocket in the payload of connection_init. An operator makes API keys: npm run keys',
      );
    const token = BEARER.exec(authorization.trim())?.[1];
    if (token === undefined)
      throw unauthenticatedError('INVALID', 'What was sent as Authorization is not `Bearer <API key or JWT>`, once and without quotes.');
    if (token.startsWith(KEY_PREFIX)) {
      const found = keys.identify(token);
      if (typeof found !== 'string') return found;
      throw unauthenticatedError(...KEY_REFUSALS[found]);
    }
    if (jwts) return jwts.verify(token);
    throw unauthenticatedError('INVALID', 'This gateway takes API keys (m2m_…) and no other tokens: no issuer of JWTs is configured.');
  }
}
