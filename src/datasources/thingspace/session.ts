import { createHmac } from 'node:crypto';
import { GatewayError } from '../../errors.ts';
import { LoginBudget, type Facts, type LoginEnd } from './login-budget.ts';
import type { SharedSession } from './shared-session.ts';
import { hasCode, parseCarrierError, sessionAnswer, tokenAnswer, type CarrierError } from './wire/answers.ts';
import { TransportError, type Answer, type Transport } from '../../lib/http-exchange.ts';

export interface Credentials {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly username: string;
  readonly password: string;
}

/** Something is wrong with the tokens. It is told once for each answer of the carrier, and names no secret. */
export interface TokenTrouble {
  readonly call: 'oauth' | 'login';
  /** `REFUSED`: the carrier refused what we showed. `UNAVAILABLE`: it could not be asked, or something else answered. */
  readonly kind: 'REFUSED' | 'UNAVAILABLE';
  readonly status: number | null;
  /** What happened and what to do. */
  readonly reason: string;
}

export interface SessionOptions {
  readonly transport: Pick<Transport, 'send'>;
  readonly oauthUrl: string;
  readonly apiUrl: string;
  readonly credentials: Credentials;
  /** Key of an HMAC over the credentials. The HMAC of refused ones is remembered, so that they need not be stored. */
  readonly latchKey: string;
  readonly facts: Facts;
  /** Where the gateways of a store share their session; null where there is one gateway only. */
  readonly shared: SharedSession | null;
  /** Runs one login at a time, on all gateways: two at once would not see that the other was refused. */
  readonly oneAtATime: <Result>(login: () => Promise<Result>) => Promise<Result>;
  /** For each exchange. */
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly onCall?: (call: 'oauth' | 'login', result: 'ok' | 'refused' | 'failed') => void;
  readonly onTrouble?: (trouble: TokenTrouble) => void;
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
 * still the current one. Refused is only what the carrier says in its own envelope. One refused password stops all logins until the
 * credentials change or `unlatch()` is called. Whatever else answers is tried again, as often as `LoginBudget` allows.
 */
export class Session {
  readonly #options: SessionOptions;
  readonly #budget: LoginBudget;
  #bearer: Held | null = null;
  #session: Held | null = null;
  #bearerPending: Promise<Held> | null = null;
  #sessionPending: Promise<Held> | null = null;
  /** The session token that the carrier has refused last. */
  #refusedSession: string | null = null;
  #generation = 0;
  #oauthRefusedAt = -Infinity;
  /** What went wrong last, until a token of this kind is made. */
  readonly #troubles: Record<TokenTrouble['call'], TokenTrouble | null> = { oauth: null, login: null };

  constructor(options: SessionOptions) {
    this.#options = options;
    const { username, password, clientId, clientSecret } = options.credentials;
    const fingerprint = createHmac('sha256', options.latchKey)
      .update(JSON.stringify([clientId, clientSecret, username, password]))
      .digest('hex');
    this.#budget = new LoginBudget(options.facts, fingerprint, options.now);
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
    if (this.#session?.generation !== generation) return;
    this.#refusedSession = this.#session.value;
    this.#session = null;
  }

  /** Whether the carrier has refused the login with these credentials, before a restart too. */
  isLatched(): Promise<boolean> {
    return this.#budget.isRefused();
  }

  /** What is wrong with the tokens, as far as is known. Null when nothing is. */
  async trouble(): Promise<TokenTrouble | null> {
    if (await this.isLatched()) return LATCHED;
    return this.#troubles.login?.kind === 'UNAVAILABLE' ? this.#troubles.login : this.#troubles.oauth;
  }

  /** Allows one more login with the same credentials, at once. */
  async unlatch(): Promise<void> {
    this.#oauthRefusedAt = -Infinity;
    await this.#budget.reset();
  }

  #ensureBearer(): Promise<Held> {
    if (this.#bearer && this.#bearer.expiresAt > this.#options.now()) return Promise.resolve(this.#bearer);
    this.#bearerPending ??= this.#fetchBearer().finally(() => (this.#bearerPending = null));
    return this.#bearerPending;
  }

  #ensureSession(bearer: Held): Promise<Held> {
    if (this.#session) return Promise.resolve(this.#session);
    this.#sessionPending ??= this.#options.oneAtATime(() => this.#login(bearer)).finally(() => (this.#sessionPending = null));
    return this.#sessionPending;
  }

  async #fetchBearer(): Promise<Held> {
    const { clientId, clientSecret } = this.#options.credentials;
    const asked = this.#options.now();
    // The absolute value: a clock that is set back must not lock the client out.
    if (Math.abs(asked - this.#oauthRefusedAt) < OAUTH_PAUSE_MS) throw refusedError(OAUTH_REFUSED);
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
    const error = parseCarrierError(answer.body, answer.text);
    if (answer.status === 200 && parsed.success) {
      this.#succeed('oauth');
      this.#bearer = { value: parsed.data.access_token, generation: ++this.#generation, expiresAt: asked + parsed.data.expires_in * 1000 };
      return this.#bearer;
    }
    if (!isRefusedClient(answer, error)) throw this.#fail('oauth', answer.status, describeStrange('OAuth token endpoint', answer, error));
    this.#oauthRefusedAt = asked;
    throw this.#refuse({ call: 'oauth', kind: 'REFUSED', status: answer.status, reason: OAUTH_REFUSED });
  }

  async #login(bearer: Held, again = true): Promise<Held> {
    const known = (await this.#options.shared?.read()) ?? null;
    if (known !== null && known !== this.#refusedSession) return this.#hold(known);
    if (await this.isLatched()) throw refusedError(LOGIN_REFUSED);
    const waitMs = await this.#budget.waitMs();
    if (waitMs > 0) throw tooSoonError(waitMs, this.#options.now());
    const { username, password } = this.#options.credentials;
    const end = await this.#budget.begin();
    const answer = await this.#call(
      'login',
      `${this.#options.apiUrl}/m2m/v1/session/login`,
      { authorization: `Bearer ${bearer.value}`, 'content-type': 'application/json' },
      JSON.stringify({ username, password }),
    ).catch(async (error: unknown) => {
      await end(error instanceof GatewayError && error.details['sent'] === false ? 'UNTOUCHED' : 'UNANSWERED');
      throw error;
    });
    const parsed = sessionAnswer.safeParse(answer.body);
    const error = parseCarrierError(answer.body, answer.text);
    if (answer.status === 200 && parsed.success) {
      await end('DONE');
      this.#succeed('login');
      // Without it the others log in themselves.
      await this.#options.shared?.write(parsed.data.sessionToken).catch(() => undefined);
      return this.#hold(parsed.data.sessionToken);
    }
    const ended = judgeLogin(answer, error);
    await end(ended);
    if (ended === 'REFUSED') throw this.#refuse({ ...LATCHED, status: answer.status });
    if (answer.status === 401 && again) {
      this.discardBearer(bearer.generation);
      return this.#login(await this.#ensureBearer(), false);
    }
    throw this.#fail('login', answer.status, describeStrange('session login', answer, error));
  }

  #hold(session: string): Held {
    return (this.#session = { value: session, generation: ++this.#generation, expiresAt: Infinity });
  }

  async #call(call: 'oauth' | 'login', url: string, headers: Record<string, string>, body: string): Promise<Answer> {
    try {
      return await this.#options.transport.send({ name: call, method: 'POST', url, headers, body, timeoutMs: this.#options.timeoutMs });
    } catch (cause) {
      const sent = !(cause instanceof TransportError) || cause.sent;
      const why = `ThingSpace cannot be reached: ${cause instanceof Error ? cause.message : 'no connection'}.`;
      throw this.#fail(call, null, why, { cause, details: { sent } });
    }
  }

  #succeed(call: TokenTrouble['call']): void {
    this.#troubles[call] = null;
    this.#options.onCall?.(call, 'ok');
  }

  #refuse(trouble: TokenTrouble): GatewayError {
    this.#troubles[trouble.call] = trouble;
    this.#options.onCall?.(trouble.call, 'refused');
    this.#options.onTrouble?.(trouble);
    return refusedError(trouble.reason);
  }

  #fail(
    call: TokenTrouble['call'],
    status: number | null,
    reason: string,
    options: { cause?: unknown; details?: Record<string, unknown> } = {},
  ): GatewayError {
    const trouble: TokenTrouble = { call, kind: 'UNAVAILABLE', status, reason };
    this.#troubles[call] = trouble;
    this.#options.onCall?.(call, 'failed');
    this.#options.onTrouble?.(trouble);
    return new GatewayError('CARRIER_UNAVAILABLE', reason, options);
  }
}

/** The words of OAuth, and the authentication faults of WSO2 (9009..). Its 900906 says that there is no such path. */
function isRefusedClient({ status }: Answer, error: CarrierError | null): boolean {
  if (!error || status < 400 || status >= 500) return false;
  if (error.by === 'GATEWAY') return /^9009\d\d$/.test(error.code) && error.code !== '900906';
  return error.by === 'OAUTH' && hasCode(error, 'invalid_client', 'invalid_grant', 'unauthorized_client');
}

/** Only the API itself judges a password. The gateway before it (WSO2, OAuth) looks at the bearer, and answers before the API is asked. */
function judgeLogin({ status }: Answer, error: CarrierError | null): LoginEnd {
  if (error?.by === 'GATEWAY' || error?.by === 'OAUTH') return 'UNTOUCHED';
  const isDown = status === 408 || status === 429 || status >= 500;
  if (!error) return isDown ? 'UNANSWERED' : 'STRANGE';
  if (hasCode(error, 'REQUEST_FAILED.UnexpectedError') || /^(?:408|429|5\d\d)$/.test(error.code)) return 'UNANSWERED';
  // A named error is a verdict, whatever the status. A number tells no more than the status.
  return isDown && !/[a-z]/i.test(error.code) ? 'UNANSWERED' : 'REFUSED';
}

const ASKED_AGAIN = 'The gateway asks again.';
const OAUTH_REFUSED =
  'ThingSpace refused the OAuth client (M2M_THINGSPACE_CLIENT_ID and M2M_THINGSPACE_CLIENT_SECRET). Correct them and restart the gateway.';
const LOGIN_REFUSED =
  'ThingSpace refused the login (M2M_THINGSPACE_USERNAME and M2M_THINGSPACE_PASSWORD). No further login is tried, because the fifth refusal locks the account. Correct the credentials and restart, or allow one more login with POST /login/unlatch on the admin listener.';
const LATCHED: TokenTrouble = { call: 'login', kind: 'REFUSED', status: null, reason: LOGIN_REFUSED };

function describeStrange(what: string, { status }: Answer, error: CarrierError | null): string {
  const said = error ? ` (${error.code})` : status < 500 && status !== 408 && status !== 429 ? STRANGE : '';
  return `The ${what} of ThingSpace answered HTTP ${status}${said}. ${ASKED_AGAIN}`;
}

const STRANGE =
  ' and not in the form of ThingSpace. It may come from something on the way: check the proxy, the firewall and M2M_THINGSPACE_API_URL';

function tooSoonError(waitMs: number, now: number): GatewayError {
  const next = new Date(now + waitMs).toISOString();
  return new GatewayError(
    'CARRIER_UNAVAILABLE',
    `The last logins at ThingSpace ended without a word of it. The next one is tried at ${next}, because too many could lock the account. To try at once: POST /login/unlatch on the admin listener.`,
  );
}

function refusedError(message: string): GatewayError {
  return new GatewayError('CARRIER_LOGIN_REFUSED', message);
}
