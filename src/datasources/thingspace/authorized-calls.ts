import { GatewayError } from '../../errors.ts';
import { TransportError, type Answer, type Exchange } from '../../lib/http-exchange.ts';
import type { Session, SessionOptions } from './session.ts';
import { hasCode, parseCarrierError, type CarrierError } from './wire/answers.ts';
import { withoutEcho } from './without-echo.ts';

export interface AuthorizedCall extends Pick<Exchange, 'method' | 'body'> {
  /** As metrics and spans name it. */
  readonly name: string;
  /** Below the API's base URL. */
  readonly path: string;
  /** Takes an answer that comes within `ms` after the call was given up. */
  readonly late?: { readonly ms: number; readonly take: (answer: AuthorizedAnswer) => void };
}

export interface AuthorizedAnswer extends Answer {
  /** The carrier's error, null without one. Its message does not repeat values of our call. */
  readonly error: CarrierError | null;
  /** How long the carrier asks us to wait, in milliseconds. Null when it does not limit us. */
  readonly retryAfterMs: number | null;
}

export interface AuthorizedCallsOptions extends Pick<SessionOptions, 'transport' | 'apiUrl' | 'timeoutMs' | 'now'> {
  readonly session: Session;
  /** Told after each question; for metrics. */
  readonly onCall?: (call: string, result: string) => void;
}

/** A call that may be lost without harm: it changes nothing at the carrier, or it can be made again. */
export interface Question extends AuthorizedCall {
  /** What the carrier is to do, for the sentence of an error: `list devices`. */
  readonly what: string;
  /** It changes nothing at the carrier. */
  readonly isRead: boolean;
}

/** Calls of the carrier's API with both tokens. */
export class AuthorizedCalls {
  readonly #options: AuthorizedCallsOptions;

  constructor(options: AuthorizedCallsOptions) {
    this.#options = options;
  }

  /**
   * Makes one call. When the carrier refuses a token, the token is renewed and the call is made again. Each kind of token is
   * renewed once at most, because both may be dead.
   *
   * @param beforeSend runs when both tokens are at hand, right before the bytes leave: once for each time the call is made.
   * @throws TransportError without an answer; GatewayError `CARRIER_UNAVAILABLE` or `CARRIER_LOGIN_REFUSED` when the carrier
   *   accepts no token.
   */
  async send(call: AuthorizedCall, beforeSend?: () => Promise<void>): Promise<AuthorizedAnswer> {
    const { transport, session, apiUrl, timeoutMs, now } = this.#options;
    const renewed = new Set<'bearer' | 'session'>();
    for (;;) {
      const tokens = await session.tokens();
      await beforeSend?.();
      const judge = (answer: Answer) => {
        const error = parseCarrierError(answer.body, answer.text);
        const sent = { secrets: [tokens.bearer, tokens.session], body: call.body };
        const read: AuthorizedAnswer = {
          ...answer,
          error: error && { ...error, message: withoutEcho(error.message, sent) },
          retryAfterMs: readRetryAfterMs(answer, error, now()),
        };
        return { refused: findRefusedToken(answer, error), read };
      };
      const takeLate = (answer: Answer) => {
        const { refused, read } = judge(answer);
        if (refused === null) call.late?.take(read);
      };
      const answer = await transport.send({
        name: call.name,
        method: call.method,
        url: `${apiUrl}${call.path}`,
        headers: {
          authorization: `Bearer ${tokens.bearer}`,
          'vz-m2m-token': tokens.session,
          'content-type': 'application/json',
          accept: 'application/json',
        },
        ...(call.body !== undefined && { body: call.body }),
        ...(call.late && { late: { ms: call.late.ms, take: takeLate } }),
        timeoutMs,
      });
      const { refused, read } = judge(answer);
      if (refused === null) return read;
      if (refused === 'bearer') session.discardBearer(tokens.bearerGeneration);
      else session.discardSession(tokens.sessionGeneration);
      if (renewed.has(refused)) {
        throw new GatewayError(
          'CARRIER_UNAVAILABLE',
          `ThingSpace refused a fresh ${refused === 'bearer' ? 'OAuth bearer' : 'VZ-M2M session'} token.`,
        );
      }
      renewed.add(refused);
    }
  }

  /**
   * Asks the carrier, and returns an answer that is worth reading: data, or a refusal. When the
   * connection breaks after the bytes left, a read is tried once more at once. After a timeout it is not: its time is used up.
   *
   * @throws GatewayError, and no other error of the carrier or the connection:
   *
   * | what happened | code |
   * |---|---|
   * | no answer, no token, 408, 5xx, UnexpectedError | CARRIER_UNAVAILABLE: ask again later. With an answer, `details.httpStatus` |
   * | 429, or code 900800 | CARRIER_UNAVAILABLE with `details.retryAfterMs` |
   * | credentials refused | CARRIER_LOGIN_REFUSED |
   */
  async ask({ what, isRead, ...call }: Question): Promise<AuthorizedAnswer> {
    const { onCall } = this.#options;
    const { name } = call;
    let answer: AuthorizedAnswer;
    try {
      answer = await this.send(call).catch((error: unknown) => {
        if (isRead && isLostConnection(error)) return this.send(call);
        throw error;
      });
    } catch (error) {
      onCall?.(name, 'failed');
      if (!(error instanceof TransportError)) throw error;
      throw unavailableError(what, `there was no answer (${error.message})`, { cause: error });
    }
    const { status, error, retryAfterMs } = answer;
    if (retryAfterMs !== null) {
      onCall?.(name, 'limited');
      throw unavailableError(what, 'it limits requests at the moment', { details: { retryAfterMs } });
    }
    if (status === 408 || status >= 500 || hasCode(error, 'REQUEST_FAILED.UnexpectedError')) {
      onCall?.(name, 'failed');
      throw unavailableError(what, `it answered HTTP ${status}${error ? ` (${error.code})` : ''}`, { details: { httpStatus: status } });
    }
    onCall?.(name, status < 300 ? 'ok' : 'refused');
    return answer;
  }
}

/** The connection broke by itself. When the transport gave up (time, size), its error has no cause. */
function isLostConnection(error: unknown): boolean {
  return error instanceof TransportError && error.sent && error.cause !== undefined;
}

export function unavailableError(
  what: string,
  why: string,
  options: { details?: Record<string, unknown>; cause?: unknown } = {},
): GatewayError {
  return new GatewayError('CARRIER_UNAVAILABLE', `ThingSpace could not ${what}: ${why}. Ask again later.`, options);
}

/** A dead bearer is answered with 401, by the gateway before the API. A dead session is answered with 400 and a SessionToken code, by the API. */
function findRefusedToken(answer: Answer, error: CarrierError | null): 'bearer' | 'session' | null {
  if (answer.status < 400) return null;
  if (hasCode(error, 'REQUEST_FAILED.SessionToken.Expired', 'INPUT_INVALID.SessionToken.Invalid', 'REQUEST_FAILED.SessionToken.Format'))
    return 'session';
  return answer.status === 401 ? 'bearer' : null;
}

/**
 * The carrier limits us with 429, or with code 900800 of the gateway before its API. `Retry-After` is in seconds or a date. It is
 * kept between 1 second and 5 minutes. Without a readable one we wait 15 seconds. A date is by the carrier's clock, which the answer
 * shows: ours may be wrong.
 */
function readRetryAfterMs({ status, retryAfter, date }: Answer, error: CarrierError | null, now: number): number | null {
  if (status !== 429 && !hasCode(error, '900800')) return null;
  if (retryAfter === null || retryAfter.trim() === '') return 15_000;
  const seconds = Number(retryAfter);
  const said = Date.parse(date ?? '');
  const asked = Number.isFinite(seconds) ? seconds * 1000 : Date.parse(retryAfter) - (Number.isNaN(said) ? now : said);
  return Number.isNaN(asked) ? 15_000 : Math.min(Math.max(asked, 1_000), 300_000);
}
