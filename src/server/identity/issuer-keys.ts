import { readFileSync } from 'node:fs';
import { createLocalJWKSet, errors } from 'jose';
import { Transport } from '../../lib/http-exchange.ts';
import { GatewayError } from '../../errors.ts';
import { parseJson } from '../../lib/parse-json.ts';

/** Finds the key for the `alg` and `kid` of a token among the keys that it holds, and nowhere else. */
type KeySet = ReturnType<typeof createLocalJWKSet>;

/** The public keys of the issuer of JWTs. A token never decides where they come from. */
export interface IssuerKeys extends AsyncDisposable {
  /**
   * Does `work` with the keys. If no key fits, it fetches the keys anew and does `work` once more.
   *
   * @returns `asOf` is a time at which the issuer still had the keys that were used.
   * @throws KeysUnavailable if there are no keys, and everything that `work` throws.
   */
  use<Result>(work: (keys: KeySet) => Promise<Result>): Promise<{ readonly result: Result; readonly asOf: number }>;
}

/** There are no keys to check a token with. This says nothing about the token. */
export class KeysUnavailable extends Error {
  override readonly name = 'KeysUnavailable';
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
  return { use: async (work) => ({ result: await work(keys), asOf: Infinity }), [Symbol.asyncDispose]: () => Promise.resolve() };
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
/** The pause between two fetches for an unknown `kid`, because anybody can send one. */
const COOLDOWN_MS = 30_000;
const RETRY_AFTER_MS = 2_000;
const FETCH_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 1_048_576;

/**
 * Fetches the keys from the configured URL when they are first needed, and again when they are old or lack a `kid`. jose's own
 * remote set fetches only when its keys are too old to be used. If the issuer is down at that moment, every token is refused.
 */
export class IssuerKeysOfUrl implements IssuerKeys {
  readonly #options: IssuerUrlOptions;
  readonly #transport: Transport;
  #held: { readonly keys: KeySet; readonly asOf: number } | null = null;
  #failedAt = -Infinity;
  #fetching: Promise<void> | null = null;

  constructor(options: IssuerUrlOptions) {
    this.#options = options;
    this.#transport = new Transport({ connectTimeoutMs: FETCH_TIMEOUT_MS, maxAnswerBytes: MAX_ANSWER_BYTES, onDate: options.onDate });
  }

  async use<Result>(work: (keys: KeySet) => Promise<Result>) {
    const { keys, asOf } = await this.#freshKeys();
    try {
      return { result: await work(keys), asOf };
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey) || this.#age() < COOLDOWN_MS) throw error;
    }
    await this.#fetch();
    const fetched = await this.#freshKeys();
    return { result: await work(fetched.keys), asOf: fetched.asOf };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#transport[Symbol.asyncDispose]();
    await this.#fetching?.catch(() => undefined);
  }

  async #freshKeys(): Promise<{ readonly keys: KeySet; readonly asOf: number }> {
    if (this.#age() >= ISSUER_KEYS_GOOD_FOR_MS) await this.#fetch();
    else if (this.#age() >= REFRESH_AFTER_MS) this.#fetch().catch(() => undefined);
    if (!this.#held) throw new KeysUnavailable('The keys were not fetched.');
    return this.#held;
  }

  /** The age of the keys. A clock that was set back makes them old. */
  #age(): number {
    const age = this.#options.now() - (this.#held?.asOf ?? -Infinity);
    return age < 0 ? Infinity : age;
  }

  #fetch(): Promise<void> {
    const sinceFailure = this.#options.now() - this.#failedAt;
    if (!this.#fetching && sinceFailure >= 0 && sinceFailure < RETRY_AFTER_MS)
      return Promise.reject(new KeysUnavailable('The last try to fetch the keys has just failed.'));
    this.#fetching ??= this.#fetchOnce().finally(() => {
      this.#fetching = null;
    });
    return this.#fetching;
  }

  async #fetchOnce(): Promise<void> {
    const { url, now, onFailure } = this.#options;
    const asked = now();
    try {
      const headers = { accept: 'application/json, application/jwk-set+json' };
      const answer = await this.#transport.send({ method: 'GET', url, headers, timeoutMs: FETCH_TIMEOUT_MS });
      if (answer.status !== 200) throw new Error(`it answers HTTP ${answer.status}`);
      this.#held = { keys: toKeySet(answer.body, (fault) => new Error(`its answer ${fault}`)), asOf: asked };
      this.#failedAt = -Infinity;
    } catch (cause) {
      this.#failedAt = now();
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
