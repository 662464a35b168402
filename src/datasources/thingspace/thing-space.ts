import { GatewayError } from '../../errors.ts';
import type { AuthorizedAnswer, AuthorizedCalls } from './authorized-calls.ts';
import { throttledFor } from './throttled-for.ts';
import { TransportError } from '../../lib/http-exchange.ts';
import { hasCode, parseCarrierError, registrationsAnswer, requestAnswer, type CarrierError } from './wire/answers.ts';

export interface Registration {
  readonly serviceName: string;
  readonly url: string;
}

/** One carrier request, as it leaves. */
export interface CarrierAction {
  /** The operation, as metrics name it. */
  readonly name: string;
  readonly method: 'POST' | 'PUT';
  /** Below the API's base URL. */
  readonly path: string;
  readonly body: unknown;
}

/** What became of one carrier request. Only `NOT_SENT` may be tried again: nothing of it has had an effect. */
export type SendAnswer =
  | { readonly type: 'ACCEPTED'; readonly carrierRequestId: string }
  | { readonly type: 'REFUSED'; readonly httpStatus: number; readonly error: CarrierError }
  | { readonly type: 'NOT_SENT'; readonly reason: string; readonly code: string; readonly retryAfterMs: number | null }
  | { readonly type: 'UNKNOWN'; readonly reason: string };

export interface ThingSpaceOptions {
  readonly calls: AuthorizedCalls;
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
  async perform({ name, method, path, body }: CarrierAction, beforeSend: () => Promise<void>): Promise<SendAnswer> {
    const exchange = { method, path, body: JSON.stringify(body) };
    let answer: AuthorizedAnswer;
    try {
      answer = await this.#options.calls.send(exchange, beforeSend);
    } catch (error) {
      const lost = this.#unanswered(error);
      this.#options.onCall?.(name, lost.type.toLowerCase());
      return lost;
    }
    const verdict = this.#verdict(answer);
    this.#options.onCall?.(name, verdict.type.toLowerCase());
    return verdict;
  }

  /** GET /callbacks/{account}: the listeners registered over REST. */
  async registrations(accountName: string): Promise<readonly Registration[]> {
    const answer = await this.#options.calls.send({ method: 'GET', path: `/m2m/v1/callbacks/${encodeURIComponent(accountName)}` });
    const parsed = registrationsAnswer.safeParse(answer.body);
    if (answer.status !== 200 || !parsed.success) throw this.#refusal('list the callback listeners', accountName, answer);
    return parsed.data;
  }

  /** POST /callbacks/{account}: replaces, silently, what was registered for the service. */
  async register(accountName: string, listener: Registration & { readonly username: string; readonly password: string }): Promise<void> {
    const { serviceName, url, username, password } = listener;
    const body = JSON.stringify({ name: serviceName, url, username, password });
    const answer = await this.#options.calls.send({ method: 'POST', path: `/m2m/v1/callbacks/${encodeURIComponent(accountName)}`, body });
    if (answer.status !== 200) throw this.#refusal(`register a listener for ${serviceName}`, accountName, answer);
  }

  async deregister(accountName: string, serviceName: string): Promise<void> {
    const path = `/m2m/v1/callbacks/${encodeURIComponent(accountName)}/name/${encodeURIComponent(serviceName)}`;
    const answer = await this.#options.calls.send({ method: 'DELETE', path });
    if (answer.status !== 200) throw this.#refusal(`remove the listener for ${serviceName}`, accountName, answer);
  }

  #verdict(answer: AuthorizedAnswer): SendAnswer {
    const error = parseCarrierError(answer.body, answer.text);
    const retryAfterMs = throttledFor(answer, error, this.#options.now());
    if (retryAfterMs !== null) {
      return {
        type: 'NOT_SENT',
        code: 'RATE_LIMITED',
        reason: 'The carrier is limiting requests; it is sent again after a pause.',
        retryAfterMs,
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
      error: error
        ? { code: error.code, message: answer.withoutEcho(error.message) }
        : { code: String(answer.status), message: `HTTP ${answer.status} without a reason` },
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

  #refusal(what: string, accountName: string, answer: AuthorizedAnswer): GatewayError {
    const error = parseCarrierError(answer.body, answer.text);
    return new GatewayError(
      'CARRIER_REFUSED',
      `The carrier would not ${what} of account ${accountName}: HTTP ${answer.status}${error ? `, ${error.code}: ${answer.withoutEcho(error.message)}` : ''}.`,
      { details: { httpStatus: answer.status } },
    );
  }
}
