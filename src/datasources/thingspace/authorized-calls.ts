import { GatewayError } from '../../errors.ts';
import type { Session } from './session.ts';
import type { Answer, Exchange, Transport } from '../../lib/http-exchange.ts';
import { hasCode, parseCarrierError } from './wire/answers.ts';
import { withoutEcho } from './without-echo.ts';

export interface AuthorizedCall {
  readonly method: Exchange['method'];
  /** Below the API's base URL. */
  readonly path: string;
  readonly body?: string;
}

export interface AuthorizedAnswer extends Answer {
  /** Words of it without what they repeat of the call. */
  readonly withoutEcho: (words: string) => string;
}

export interface AuthorizedCallsOptions {
  readonly transport: Transport;
  readonly session: Session;
  readonly apiUrl: string;
  /** Of each exchange. */
  readonly timeoutMs: number;
}

/** Calls of the API with both tokens. */
export class AuthorizedCalls {
  readonly #options: AuthorizedCallsOptions;

  constructor(options: AuthorizedCallsOptions) {
    this.#options = options;
  }

  /**
   * One call with both tokens. Each kind of token is renewed at most once for it, and the call made once more: both may be dead.
   *
   * @param beforeSend runs with both tokens at hand, right before the first bytes leave.
   * @throws TransportError without an answer; GatewayError `CARRIER_UNAVAILABLE` or `CARRIER_LOGIN_REFUSED` without a token
   *   that the carrier takes.
   */
  async send(call: AuthorizedCall, beforeSend?: () => Promise<void>): Promise<AuthorizedAnswer> {
    const renewed = new Set<'bearer' | 'session'>();
    for (;;) {
      const tokens = await this.#options.session.tokens();
      if (renewed.size === 0) await beforeSend?.();
      const answer = await this.#options.transport.send({
        method: call.method,
        url: `${this.#options.apiUrl}${call.path}`,
        headers: {
          authorization: `Bearer ${tokens.bearer}`,
          'vz-m2m-token': tokens.session,
          'content-type': 'application/json',
          accept: 'application/json',
        },
        ...(call.body !== undefined && { body: call.body }),
        timeoutMs: this.#options.timeoutMs,
      });
      const refused = refusedToken(answer);
      const sent = { secrets: [tokens.bearer, tokens.session], body: call.body };
      if (refused === null) return { ...answer, withoutEcho: (words) => withoutEcho(words, sent) };
      if (refused === 'bearer') this.#options.session.discardBearer(tokens.bearerGeneration);
      else this.#options.session.discardSession(tokens.sessionGeneration);
      if (renewed.has(refused)) {
        throw new GatewayError(
          'CARRIER_UNAVAILABLE',
          `ThingSpace refused a fresh ${refused === 'bearer' ? 'OAuth bearer' : 'VZ-M2M session'} token.`,
        );
      }
      renewed.add(refused);
    }
  }
}

/** The carrier's two dialects for a dead token: 401 from the gateway before the API, 400 with a SessionToken code from it. */
function refusedToken(answer: Answer): 'bearer' | 'session' | null {
  if (answer.status < 400) return null;
  const error = parseCarrierError(answer.body, answer.text);
  if (hasCode(error, 'REQUEST_FAILED.SessionToken.Expired', 'INPUT_INVALID.SessionToken.Invalid', 'REQUEST_FAILED.SessionToken.Format'))
    return 'session';
  return answer.status === 401 ? 'bearer' : null;
}
