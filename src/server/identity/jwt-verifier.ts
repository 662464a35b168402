import { createHash } from 'node:crypto';
import { decodeProtectedHeader, errors, jwtVerify, type JWTPayload, type JWTVerifyGetKey } from 'jose';
import * as z from 'zod';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import { setAlarm } from '../../lib/timers.ts';
import {
  callerOf,
  grantsShape,
  scopesShape,
  timeInDoubtError,
  unauthenticatedError,
  type Caller,
  type Identity,
} from '../../resolvers/access/caller.ts';
import { ISSUER_KEYS_GOOD_FOR_MS, KeysUnavailable, KeyUnreadable, type HeldKeys, type IssuerKeys } from './issuer-keys.ts';

export interface JwtVerifierOptions {
  readonly keys: IssuerKeys;
  readonly issuer: string;
  readonly audience: string;
  readonly claim: string;
  /** The billing accounts of this gateway. Other accounts in a claim are ignored. */
  readonly accounts: readonly string[];
  readonly now: () => number;
  /** Whether the time may be wrong. Then nothing that rests on it is final. */
  readonly isTimeInDoubt?: () => boolean;
}

/** Only public-key algorithms. With HS256 among them anybody could sign with the issuer's public key. */
const ALGORITHMS = ['RS256', 'ES256', 'EdDSA'];
const CLOCK_TOLERANCE_S = 5;
const MAX_TOKEN_BYTES = 8_192;
const MAX_REMEMBERED = 10_000;

interface Verified {
  readonly identity: JwtIdentity;
  readonly until: number;
  /** The question to the issuer whose answer had the key. */
  readonly question: number;
}

const rightsShape = z.strictObject({ accounts: scopesShape, grants: grantsShape.optional() });

export class JwtVerifier implements AsyncDisposable {
  readonly #options: JwtVerifierOptions;
  /** Tokens by their digest. Until the time `until` the signature need not be checked again. */
  readonly #verified = new BoundedCache<string, Verified>(MAX_REMEMBERED);
  /**
   * Tokens by their digest whose key was not there, with what `asked` was when they first came. It is not kept by `kid`: the next one
   * of an issuer can be guessed, and garbage that names it early would have a good token refused.
   */
  readonly #lookedUp = new BoundedCache<string, number>(MAX_REMEMBERED);

  constructor(options: JwtVerifierOptions) {
    this.#options = options;
  }

  /**
   * @returns the owner of the token. While the token is remembered, it is the same Identity each time.
   * @throws GatewayError UNAUTHENTICATED with the reason INVALID, EXPIRED or UNAVAILABLE. Its message holds nothing of the token.
   */
  async verify(token: string): Promise<Identity> {
    if (token.length > MAX_TOKEN_BYTES) throw unauthenticatedError('INVALID', `The JWT is longer than ${MAX_TOKEN_BYTES} bytes.`);
    const digest = createHash('sha256').update(token).digest('base64');
    const known = this.#verified.get(digest);
    if (known && this.#options.now() < known.until && known.identity.current() !== null) return known.identity;
    const { payload, asOf, question } = await this.#check(token, digest, known?.question);
    // If two calls have verified the token at the same time, both return the identity of the first.
    const verified = this.#verified.get(digest)?.identity;
    // One that has ended by a clock that was wrong does not come back: whoever waited for its end was told.
    const identity = verified && verified.current() !== null ? verified : this.#identityOf(payload);
    const until = Math.min(identity.endsAt, Math.min(asOf, this.#options.now()) + ISSUER_KEYS_GOOD_FOR_MS);
    this.#verified.set(digest, { identity, until, question }, 1);
    return this.#refuseEnded(identity);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#verified.clear();
    this.#lookedUp.clear();
    await this.#options.keys[Symbol.asyncDispose]();
  }

  #refuseEnded(identity: JwtIdentity): Identity {
    if (identity.current() === null) throw this.#options.isTimeInDoubt?.() ? timeInDoubtError() : expiredError();
    return identity;
  }

  /** @param verifiedWith the question whose answer had the key of this token before. */
  async #check(token: string, digest: string, verifiedWith: number | undefined) {
    const { keys, issuer, audience, now } = this.#options;
    const options = {
      algorithms: ALGORITHMS,
      issuer,
      audience,
      requiredClaims: ['exp', 'sub'],
      clockTolerance: CLOCK_TOLERANCE_S,
      currentDate: new Date(now()),
    };
    const since = verifiedWith ?? this.#lookedUp.get(digest) ?? keys.asked;
    try {
      try {
        return await verifyWith(() => keys.current(), token, options);
      } catch (error) {
        if (!mayHaveNewerKey(error, token)) throw error;
      }
      this.#lookedUp.set(digest, since, 1);
      const held = await keys.lookUp();
      try {
        return await verifyWith(() => Promise.resolve(held), token, options);
      } catch (error) {
        if (held.question > since || !mayHaveNewerKey(error, token)) throw error;
        throw new KeysUnavailable('The issuer was asked for its keys just before the token came.');
      }
    } catch (error) {
      if (this.#options.isTimeInDoubt?.() && isAboutTime(error)) throw timeInDoubtError();
      throw toUnauthenticatedError(error);
    }
  }

  #identityOf({ sub, exp, ...claims }: JWTPayload): JwtIdentity {
    const { claim, accounts, now } = this.#options;
    // jose checks only that `sub` is there, and not its type.
    if (typeof sub !== 'string' || !/^[\x20-\x7e]{1,128}$/.test(sub))
      throw invalidError('its `sub` must have 1 to 128 printable ASCII characters');
    if (!Object.hasOwn(claims, claim))
      throw invalidError(`it lacks the claim \`${claim}\` (M2M_JWT_CLAIM), which says what its caller may do`);
    const rights = rightsShape.safeParse(claims[claim]);
    if (!rights.success)
      throw invalidError(
        `its claim \`${claim}\` (M2M_JWT_CLAIM) is not {"accounts": {"<account or *>": ["read", "write", "terminate", "admin"]}, "grants": ["deviceCredential", "activationCode", "introspection"]}`,
      );
    const { accounts: scopes, grants = [] } = rights.data;
    return new JwtIdentity(callerOf(`sub:${sub}`, { scopes, grants }, accounts), (exp ?? 0) * 1000, now);
  }
}

/** Is valid until its token expires. The timer starts only when somebody needs `ended`, because most callers ask once and leave. */
class JwtIdentity implements Identity {
  readonly expiresAt: number;
  readonly endsAt: number;
  readonly #caller: Caller;
  readonly #now: () => number;
  #end: AbortController | null = null;

  constructor(caller: Caller, expiresAt: number, now: () => number) {
    this.#caller = caller;
    this.expiresAt = expiresAt;
    this.endsAt = expiresAt + CLOCK_TOLERANCE_S * 1000;
    this.#now = now;
  }

  current(): Caller | null {
    if (this.#now() < this.endsAt && !this.#end?.signal.aborted) return this.#caller;
    this.#end?.abort(expiredError());
    return null;
  }

  get ended(): AbortSignal {
    if (this.#end) return this.#end.signal;
    const end = new AbortController();
    this.#end = end;
    if (this.current() !== null) setAlarm(this.endsAt, this.#now, () => end.abort(expiredError()));
    return end.signal;
  }
}

/** @param getKeys is called only for a token that has the form of one, so garbage does not make us fetch keys. */
async function verifyWith(getKeys: () => Promise<HeldKeys>, token: string, options: Parameters<typeof jwtVerify>[2]) {
  let [asOf, question] = [-Infinity, 0];
  const find: JWTVerifyGetKey = async (header, jws) => {
    const held = await getKeys();
    ({ asOf, question } = held);
    return held.find(header, jws);
  };
  try {
    return { payload: await verifyWithEach(find, token, options), asOf, question };
  } catch (cause) {
    // jose has a class for every fault of a token. What else it throws is about the key.
    if (cause instanceof errors.JOSEError || cause instanceof KeysUnavailable) throw cause;
    throw new KeyUnreadable('The issuer publishes a key that cannot be used.', { cause });
  }
}

async function verifyWithEach(find: JWTVerifyGetKey, token: string, options: Parameters<typeof jwtVerify>[2]): Promise<JWTPayload> {
  try {
    return (await jwtVerify(token, find, options)).payload;
  } catch (error) {
    if (!(error instanceof errors.JWKSMultipleMatchingKeys)) throw error;
    let failure: unknown = new errors.JWSSignatureVerificationFailed();
    // Without a `kid`, or with one that several keys have, each key is tried. This is rare enough to do it each time.
    for await (const key of error) {
      try {
        return (await jwtVerify(token, key, options)).payload;
      } catch (fault) {
        if (fault instanceof errors.JOSEError && !(fault instanceof errors.JWSSignatureVerificationFailed)) throw fault;
        if (!(fault instanceof errors.JOSEError)) failure = fault;
      }
    }
    throw failure;
  }
}

/** The token may be signed with a key that the issuer has had for a shorter time than we have its keys. */
function mayHaveNewerKey(error: unknown, token: string): boolean {
  if (error instanceof KeyUnreadable) return true;
  if (!(error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed)) return false;
  const { kid } = decodeProtectedHeader(token);
  if (error instanceof errors.JWKSNoMatchingKey) return kid === undefined || typeof kid === 'string';
  // Without a `kid` a token does not say which key it means.
  return kid === undefined;
}

function isAboutTime(error: unknown): boolean {
  return error instanceof errors.JWTExpired || (error instanceof errors.JWTClaimValidationFailed && error.claim === 'nbf');
}

function expiredError() {
  return unauthenticatedError('EXPIRED', 'The JWT has expired.');
}

function invalidError(fault: string) {
  return unauthenticatedError('INVALID', `The JWT is refused: ${fault}.`);
}

function toUnauthenticatedError(error: unknown) {
  if (error instanceof KeysUnavailable)
    return unauthenticatedError(
      'UNAVAILABLE',
      'The JWT cannot be checked now, because the key it is signed with could not be looked up at its issuer yet. Try again later.',
      error,
    );
  if (error instanceof errors.JWTExpired) return expiredError();
  // The error does not become the cause, because some errors of jose hold the claims.
  return invalidError(describeFault(error));
}

/** Names claims and settings, and never a value of the token. */
function describeFault(error: unknown): string {
  if (error instanceof errors.JWTClaimValidationFailed) {
    const { claim, reason } = error;
    if (reason === 'missing') return `it lacks \`${claim}\``;
    return claim === 'nbf' ? 'it is not valid yet (`nbf`)' : `its \`${claim}\` is not the one that this gateway is configured for`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return `it is not signed with ${ALGORITHMS.join(', ')}`;
  if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWSSignatureVerificationFailed)
    return 'it is not signed with a key of the configured issuer';
  return 'it is not a signed JWT';
}
