import { readFileSync } from 'node:fs';
import { createLocalJWKSet, type CryptoKey } from 'jose';
import { Transport } from '../../lib/http-exchange.ts';
import { GatewayError } from '../../errors.ts';
import { GrowingPause } from '../../lib/growing-pause.ts';
import { parseJson } from '../../lib/parse-json.ts';

/** Finds the key for the `alg` and `kid` of a token among the keys that it holds, and nowhere else. */
type KeySet = (...token: Parameters<ReturnType<typeof createLocalJWKSet>>) => Promise<CryptoKey>;

/** The issuer's keys, as one of its answers had them. */
export interface HeldKeys {
  readonly find: KeySet;
  /** A time at which the issuer still had them. */
  readonly asOf: number;
  /** The number of the question that they are the answer to. */
  readonly question: number;
}

/** The public keys of the issuer of JWTs. A token never decides where they come from. */
export interface IssuerKeys extends AsyncDisposable {
  /** The number of the last question to the issuer. Only an answer to a later one can tell that there is no key for a token that comes now. */
  readonly asked: number;
  /** @throws KeysUnavailable if there are none that may still be used. */
  current(): Promise<HeldKeys>;
  /**
   * For a token that none of `current()` fits. Asks the issuer anew, if it may be asked again.
   *
   * @throws KeysUnavailable if the issuer does not answer.
   */
  lookUp(): Promise<HeldKeys>;
}

/** There are no keys to check a token with. This says nothing about the token. */
export class KeysUnavailable extends Error {
  override readonly name: string = 'KeysUnavailable';
}

/** The issuer publishes the key in a form that is not one. This says nothing about the token either. */
export class KeyUnreadable extends KeysUnavailable {
  override readonly name = 'KeyUnreadable';
}

/**
 * Reads the keys from a file, once. A change of the file needs a restart.
 *
 * @throws GatewayError CONFIG_INVALID that names the file.
 */
export function readIssuerKeys(path: string): IssuerKeys {
  const configError = (what: string, cause?: unknown) =>
    new GatewayError(
      'CONFIG_INVALID',
      `M2M_JWT_JWKS_FILE=${path} ${what}. It must hold the issuer's public keys as a JWKS: {"keys": [{"kty": "RSA", "kid": "…", "n": "…", "e": "AQAB"}]}`,
      { cause },
    );
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (cause) {
    throw configError(`cannot be read (${cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown error'})`, cause);
  }
  const keys = toKeySet(parseJson(text), configError);
  const held = Promise.resolve({ find: keys, asOf: Infinity, question: Infinity });
  return { asked: 0, current: () => held, lookUp: () => held, [Symbol.asyncDispose]: () => Promise.resolve() };
}

export interface IssuerUrlOptions {
  readonly url: string;
  readonly now: () => number;
  /** See `TransportOptions`. */
  readonly onDate?: ((date: string) => void) | undefined;
  readonly onFailure: (error: Error) => void;
}

/** From this age on the keys are fetched anew in the background, so that a short outage of the issuer goes unnoticed. */
const REFRESH_AFTER_MS = 5 * 60_000;
/** A key that the issuer has withdrawn is used for this long at most. */
export const ISSUER_KEYS_GOOD_FOR_MS = 10 * 60_000;
/** The pause after a fetch: tokens of strangers make us ask, and the issuer must not feel how many there are. */
const PAUSE_MS = 30_000;
/** After a failed fetch the pause is shorter. It doubles with each failure. */
const FIRST_RETRY_MS = 2_000;
const FETCH_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 1_048_576;

/**
 * Fetches the keys from the configured URL when they are first needed, and again when they are old or lack a `kid`. jose's own
 * remote set fetches only when its keys are too old to be used. If the issuer is down at that moment, every token is refused.
 */
export class IssuerKeysOfUrl implements IssuerKeys {
  readonly #options: IssuerUrlOptions;
  readonly #transport: Transport;
  readonly #retry = new GrowingPause({ firstMs: FIRST_RETRY_MS, maxMs: PAUSE_MS });
  #held: HeldKeys | null = null;
  #asked = 0;
  #askedAt = -Infinity;
  #pauseMs = 0;
  #fetching: Promise<void> | null = null;

  constructor(options: IssuerUrlOptions) {
    this.#options = options;
    this.#transport = new Transport({ connectTimeoutMs: FETCH_TIMEOUT_MS, maxAnswerBytes: MAX_ANSWER_BYTES, onDate: options.onDate });
  }

  get asked(): number {
    return this.#asked;
  }

  async current(): Promise<HeldKeys> {
    if (this.#age() >= ISSUER_KEYS_GOOD_FOR_MS) await this.#fetch();
    else if (this.#age() >= REFRESH_AFTER_MS) this.#fetch().catch(() => undefined);
    return this.#keys();
  }

  async lookUp(): Promise<HeldKeys> {
    if (this.#fetching || this.#mayAsk()) await this.#fetch();
    return this.#keys();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
    await this.#fetching?.catch(() => undefined);
  }

  #keys(): HeldKeys {
    if (!this.#held) throw new KeysUnavailable('The keys were not fetched.');
    return this.#held;
  }

  /** The age of the keys. A clock that was set back makes them old. */
  #age(): number {
    const age = this.#options.now() - (this.#held?.asOf ?? -Infinity);
    return age < 0 ? Infinity : age;
  }

  #mayAsk(): boolean {
    const sinceAsked = this.#options.now() - this.#askedAt;
    return sinceAsked < 0 || sinceAsked >= this.#pauseMs;
  }

  #fetch(): Promise<void> {
    if (!this.#fetching && !this.#mayAsk())
      return Promise.reject(new KeysUnavailable('The issuer was asked a moment ago, and is not asked again yet.'));
    this.#fetching ??= this.#fetchOnce().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetchOnce(): Promise<void> {
    const { url, now, onFailure } = this.#options;
    const question = ++this.#asked;
    this.#askedAt = now();
    try {
      const headers = { accept: 'application/json, application/jwk-set+json' };
      const answer = await this.#transport.send({ method: 'GET', url, headers, timeoutMs: FETCH_TIMEOUT_MS });
      if (answer.status !== 200) throw new Error(`it answers HTTP ${answer.status}`);
      const find = toKeySet(answer.body, (fault) => new Error(`its answer ${fault}`));
      this.#held = { find, asOf: this.#askedAt, question };
      this.#retry.reset();
      this.#pauseMs = PAUSE_MS;
    } catch (cause) {
      this.#pauseMs = this.#retry.next();
      const why = cause instanceof Error ? cause.message : String(cause);
      const error = new KeysUnavailable(`The keys at ${url} (M2M_JWT_JWKS_URL) cannot be fetched: ${why}.`, { cause });
      onFailure(error);
      throw error;
    }
  }
}

function toKeySet(json: unknown, toError: (fault: string) => Error): KeySet {
  const fault = findFault(json);
  if (fault !== null) throw toError(fault);
  return createLocalJWKSet(json as Parameters<typeof createLocalJWKSet>[0]);
}

/** The reason why this is not a set of public keys, null if it is one. A secret key in it would be known to everybody. */
function findFault(json: unknown): string | null {
  if (json === undefined) return 'is not JSON';
  const keys = typeof json === 'object' && json !== null && 'keys' in json ? json.keys : undefined;
  if (!Array.isArray(keys) || !keys.every((key) => typeof key === 'object' && key !== null && !Array.isArray(key))) return 'is not a JWKS';
  if (keys.length === 0) return 'has no key';
  const secret = keys.findIndex((key: object) => 'd' in key || 'k' in key);
  return secret === -1 ? null : `has a key (number ${secret + 1}) that is not public`;
}
