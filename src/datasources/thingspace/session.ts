import { createHmac } from 'node:crypto';
import { GatewayError } from '../../errors.ts';
import { hasCode, parseCarrierError, sessionAnswer, tokenAnswer } from './wire/answers.ts';
import type { Answer, Transport } from '../../lib/http-exchange.ts';

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
}

/** Remembers over restarts which credentials were refused. */
export interface LoginLatch {
  recall(): Promise<string | null>;
  remember(fingerprint: string | null): Promise<void>;
}

export interface SessionOptions {
  readonly transport: Transport;
  readonly oauthUrl: string;
  readonly apiUrl: string;
  readonly credentials: Credentials;
  /** Key of an HMAC over the credentials. The HMAC of refused ones is remembered, so that they need not be stored. */
  readonly latchKey: string;
  readonly latch: LoginLatch;
  /** For each exchange. */
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly onCall?: (call: 'oauth' | 'login', result: 'ok' | 'refused' | 'failed') => void;
}

export interface Tokens {
  readonly bearer: string;
  readonly session: string;
  readonly bearerGeneration: number;
  readonly sessionGeneration: number;
}

interface Held {
  readonly value: string;
  readonly generation: number;
  /** Milliseconds. Infinity for a session, whose end only the carrier knows. */
  readonly expiresAt: number;
}

/** A refused OAuth client is not tried again for this long. */
const OAUTH_PAUSE_MS = 60_000;

/**
 * The two tokens that every call needs. The OAuth bearer lives for an hour; asking earlier gives the same one again. The VZ-M2M
 * session ends after 20 idle minutes, and is used until the carrier refuses it.
 *
 * Each token is fetched once, however many calls wait for it. When generation g is refused, a new token is made only if g is
 * still the current one. One refused password stops all logins until the credentials change or `unlatch()` is called, because the
 * fifth refusal locks the account, and an orchestrator restarts a process for ever.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #fingerprint: string;
  #bearer: Held | null = null;
  #session: Held | null = null;
  #bearerPending: Promise<Held> | null = null;
  #sessionPending: Promise<Held> | null = null;
  #generation = 0;
  #oauthRefusedUntil = 0;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { username, password, clientId, clientSecret } = options.credentials;
    this.#fingerprint = createHmac('sha256', options.latchKey)
      .update(JSON.stringify([clientId, clientSecret, username, password]))
      .digest('hex');
  }

  async tokens(): Promise<Tokens> {
    const bearer = await this.#ensureBearer();
    const session = await this.#ensureSession(bearer);
    // The login may have replaced the bearer.
    const current = this.#bearer ?? bearer;
    return { bearer: current.value, session: session.value, bearerGeneration: current.generation, sessionGeneration: session.generation };
  }

  /** To be called when the carrier has refused the token of this generation. */
  discardBearer(generation: number): void {
    if (this.#bearer?.generation === generation) this.#bearer = null;
  }

  discardSession(generation: number): void {
    if (this.#session?.generation === generation) this.#session = null;
  }

  async isLatched(): Promise<boolean> {
    return (await this.#options.latch.recall()) === this.#fingerprint;
  }

  /** Allows one more login with the same credentials. */
  async unlatch(): Promise<void> {
    this.#oauthRefusedUntil = 0;
    await this.#options.latch.remember(null);
  }

  #ensureBearer(): Promise<Held> {
    if (this.#bearer && this.#bearer.expiresAt > this.#options.now()) return Promise.resolve(this.#bearer);
    this.#bearerPending ??= this.#fetchBearer().finally(() => (this.#bearerPending = null));
    return this.#bearerPending;
  }

  #ensureSession(bearer: Held): Promise<Held> {
    if (this.#session) return Promise.resolve(this.#session);
    this.#sessionPending ??= this.#login(bearer).finally(() => (this.#sessionPending = null));
    return this.#sessionPending;
  }

  async #fetchBearer(): Promise<Held> {
    const { clientId, clientSecret } = this.#options.credentials;
    const asked = this.#options.now();
    if (asked < this.#oauthRefusedUntil) throw refusedError(OAUTH_REFUSED);
    const answer = await this.#call(
      'oauth',
      `${this.#options.oauthUrl}/oauth2/token`,
      {
        authorization: `Basic ${Buffer.from(`${clientId}:${clientSecret}`).toString('base64')}`,
        'content-type': 'application/x-www-form-urlencoded',
      },
      'grant_type=client_credentials',
    );
    const parsed = tokenAnswer.safeParse(answer.body);
    if (answer.status !== 200 || !parsed.success) {
      const refused = answer.status === 400 || answer.status === 401;
      this.#options.onCall?.('oauth', refused ? 'refused' : 'failed');
      if (!refused) throw unavailableError(`The OAuth token endpoint of ThingSpace answered HTTP ${answer.status}. ${ASKED_AGAIN}`);
      this.#oauthRefusedUntil = asked + OAUTH_PAUSE_MS;
      throw refusedError(OAUTH_REFUSED);
    }
    this.#options.onCall?.('oauth', 'ok');
    this.#bearer = { value: parsed.data.access_token, generation: ++this.#generation, expiresAt: asked + parsed.data.expires_in * 1000 };
    return this.#bearer;
  }

  async #login(bearer: Held, again = true): Promise<Held> {
    if (await this.isLatched()) throw refusedError(LOGIN_REFUSED);
    const { username, password } = this.#options.credentials;
    const answer = await this.#call(
      'login',
      `${this.#options.apiUrl}/m2m/v1/session/login`,
      { authorization: `Bearer ${bearer.value}`, 'content-type': 'application/json' },
      JSON.stringify({ username, password }),
    );
    const parsed = sessionAnswer.safeParse(answer.body);
    if (answer.status === 200 && parsed.success) {
      this.#options.onCall?.('login', 'ok');
      this.#session = { value: parsed.data.sessionToken, generation: ++this.#generation, expiresAt: Infinity };
      return this.#session;
    }
    if (answer.status === 401 && again) {
      this.discardBearer(bearer.generation);
      return this.#login(await this.#ensureBearer(), false);
    }
    const error = parseCarrierError(answer.body, answer.text);
    const refused =
      answer.status >= 400 &&
      answer.status < 500 &&
      ![401, 408, 429].includes(answer.status) &&
      !hasCode(error, 'REQUEST_FAILED.UnexpectedError', '900800');
    this.#options.onCall?.('login', refused ? 'refused' : 'failed');
    if (!refused) throw unavailableError(`The session login of ThingSpace answered HTTP ${answer.status}. ${ASKED_AGAIN}`);
    await this.#options.latch.remember(this.#fingerprint);
    throw refusedError(LOGIN_REFUSED);
  }

  async #call(call: 'oauth' | 'login', url: string, headers: Record<string, string>, body: string): Promise<Answer> {
    try {
      return await this.#options.transport.send({ method: 'POST', url, headers, body, timeoutMs: this.#options.timeoutMs });
    } catch (cause) {
      this.#options.onCall?.(call, 'failed');
      throw unavailableError(`ThingSpace cannot be reached: ${cause instanceof Error ? cause.message : 'no connection'}.`, cause);
    }
  }
}

const ASKED_AGAIN = 'The next call asks again.';
const OAUTH_REFUSED =
  'ThingSpace refused the OAuth client (M2M_THINGSPACE_CLIENT_ID and its secret). Correct them and restart the gateway.';
const LOGIN_REFUSED =
  'ThingSpace refused the login (M2M_THINGSPACE_USERNAME and its password). No further login is tried, because the fifth refusal locks the account. Correct the credentials and restart, or allow one more login with POST /login/unlatch on the admin listener.';

function unavailableError(message: string, cause?: unknown): GatewayError {
  return new GatewayError('CARRIER_UNAVAILABLE', message, { cause });
}

function refusedError(message: string): GatewayError {
  return new GatewayError('CARRIER_LOGIN_REFUSED', message);
}
