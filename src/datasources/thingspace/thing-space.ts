import { GatewayError } from '../../errors.ts';
import { OPERATIONS, type OperationName, type WireDevice } from './operations.ts';
import type { Session } from './session.ts';
import { TransportError, type Answer, type Exchange, type Transport } from './transport.ts';
import { hasCode, parseCarrierError, registrationsAnswer, requestAnswer, type CarrierError } from './wire/answers.ts';

export interface Registration {
  readonly serviceName: string;
  readonly url: string;
}

/** What became of one carrier request. Only `NOT_SENT` may be tried again: nothing of it has had an effect. */
export type SendAnswer =
  | { readonly type: 'ACCEPTED'; readonly carrierRequestId: string }
  | { readonly type: 'REFUSED'; readonly httpStatus: number; readonly error: CarrierError }
  | { readonly type: 'NOT_SENT'; readonly reason: string; readonly code: string; readonly retryAfterMs: number | null }
  | { readonly type: 'UNKNOWN'; readonly reason: string };

export interface ThingSpaceOptions {
  readonly transport: Transport;
  readonly session: Session;
  readonly apiUrl: string;
  readonly timeoutMs: number;
  readonly now: () => number;
  readonly onCall?: (call: string, result: string) => void;
}

/** The carrier's API as this gateway uses it. */
export class ThingSpace {
  readonly #options: ThingSpaceOptions;

  constructor(options: ThingSpaceOptions) {
    this.#options = options;
  }

  /**
   * Sends one carrier request, at most once.
   *
   * @param beforeSend runs with both tokens at hand, right before the bytes leave: the place to make the intent durable.
   *
   * | what happened | answer |
   * |---|---|
   * | no token to be had, or no connection: not one byte left | NOT_SENT |
   * | 429, or the carrier's gateway throttles (900800) | NOT_SENT, after its delay |
   * | a token refused (401, or 400 with SessionToken.…) | renewed and sent once more, each kind once; refused again: NOT_SENT |
   * | 2xx with a request id | ACCEPTED |
   * | 408, 5xx, 3xx, REQUEST_FAILED.UnexpectedError, 2xx without a usable id, cut or timed out after bytes left | UNKNOWN |
   * | any other 4xx | REFUSED |
   */
  async perform(
    operation: OperationName,
    request: { readonly accountName: string; readonly devices: readonly WireDevice[] | null; readonly settings: unknown },
    beforeSend: () => Promise<void>,
  ): Promise<SendAnswer> {
    const { method, path, body } = OPERATIONS[operation];
    const exchange = { method, path, body: JSON.stringify(body(request.accountName, request.devices, request.settings as never)) };
    let answer: Answer;
    try {
      answer = await this.#authorized(exchange, beforeSend);
    } catch (error) {
      const lost = this.#unanswered(error);
      this.#options.onCall?.(operation, lost.type.toLowerCase());
      return lost;
    }
    const verdict = this.#verdict(answer);
    this.#options.onCall?.(operation, verdict.type.toLowerCase());
    return verdict;
  }

  /** GET /callbacks/{account}: the listeners registered over REST. */
  async registrations(accountName: string): Promise<readonly Registration[]> {
    const answer = await this.#authorized({ method: 'GET', path: `/m2m/v1/callbacks/${encodeURIComponent(accountName)}` });
    const parsed = registrationsAnswer.safeParse(answer.body);
    if (answer.status !== 200 || !parsed.success) throw this.#refusal('list the callback listeners', accountName, answer);
    return parsed.data;
  }

  /** POST /callbacks/{account}: replaces, silently, what was registered for the service. */
  async register(accountName: string, listener: Registration & { readonly username: string; readonly password: string }): Promise<void> {
    const { serviceName, url, username, password } = listener;
    const body = JSON.stringify({ name: serviceName, url, username, password });
    const answer = await this.#authorized({ method: 'POST', path: `/m2m/v1/callbacks/${encodeURIComponent(accountName)}`, body });
    if (answer.status !== 200) throw this.#refusal(`register a listener for ${serviceName}`, accountName, answer);
  }

  async deregister(accountName: string, serviceName: string): Promise<void> {
    const path = `/m2m/v1/callbacks/${encodeURIComponent(accountName)}/name/${encodeURIComponent(serviceName)}`;
    const answer = await this.#authorized({ method: 'DELETE', path });
    if (answer.status !== 200) throw this.#refusal(`remove the listener for ${serviceName}`, accountName, answer);
  }

  /** One call with both tokens. Each kind of token is renewed at most once for it, and the call made once more: both may be dead. */
  async #authorized(call: { method: Exchange['method']; path: string; body?: string }, beforeSend?: () => Promise<void>): Promise<Answer> {
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
      if (refused === null) return answer;
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

  #verdict(answer: Answer): SendAnswer {
    const error = parseCarrierError(answer.body, answer.text);
    if (answer.status === 429 || hasCode(error, '900800')) {
      return {
        type: 'NOT_SENT',
        code: 'RATE_LIMITED',
        reason: 'The carrier is limiting requests; it is sent again after a pause.',
        retryAfterMs: this.#retryAfter(answer),
      };
    }
    if (answer.status >= 200 && answer.status < 300) {
      const parsed = requestAnswer.safeParse(answer.body);
      if (parsed.success) return { type: 'ACCEPTED', carrierRequestId: parsed.data.requestId };
      return {
        type: 'UNKNOWN',
        reason: `The carrier answered HTTP ${answer.status} without a usable requestId: whether it took the request on is not known.`,
      };
    }
    if (answer.status === 408 || answer.status >= 500 || answer.status < 400 || hasCode(error, 'REQUEST_FAILED.UnexpectedError')) {
      return {
        type: 'UNKNOWN',
        reason: `The carrier answered HTTP ${answer.status}${error ? ` (${error.code})` : ''}: whether it took the request on is not known.`,
      };
    }
    return {
      type: 'REFUSED',
      httpStatus: answer.status,
      error: error ?? { code: String(answer.status), message: 'The carrier refused the request without saying why.' },
    };
  }

  #unanswered(error: unknown): SendAnswer {
    if (error instanceof TransportError && error.sent) {
      return {
        type: 'UNKNOWN',
        reason: `The connection to the carrier ended before its answer (${error.message}): whether it took the request on is not known.`,
      };
    }
    if (error instanceof TransportError) {
      return {
        type: 'NOT_SENT',
        code: 'CARRIER_UNAVAILABLE',
        reason: `The carrier cannot be reached (${error.message}); nothing was sent, and it is tried again.`,
        retryAfterMs: null,
      };
    }
    if (error instanceof GatewayError && (error.code === 'CARRIER_UNAVAILABLE' || error.code === 'CARRIER_LOGIN_REFUSED')) {
      return { type: 'NOT_SENT', code: error.code, reason: error.message, retryAfterMs: null };
    }
    throw error;
  }

  /** `Retry-After` in seconds or as a date, kept between 1 second and 5 minutes; 15 seconds when there is none to be read. */
  #retryAfter(answer: Answer): number {
    const seconds = Number(answer.retryAfter);
    const given =
      answer.retryAfter === null || answer.retryAfter.trim() === ''
        ? NaN
        : Number.isFinite(seconds)
          ? seconds * 1000
          : Date.parse(answer.retryAfter) - this.#options.now();
    return Number.isNaN(given) ? 15_000 : Math.min(Math.max(given, 1_000), 300_000);
  }

  #refusal(what: string, accountName: string, answer: Answer): GatewayError {
    const error = parseCarrierError(answer.body, answer.text);
    return new GatewayError(
      'CARRIER_REFUSED',
      `The carrier would not ${what} of account ${accountName}: HTTP ${answer.status}${error ? `, ${error.code}: ${error.message}` : ''}.`,
    );
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
