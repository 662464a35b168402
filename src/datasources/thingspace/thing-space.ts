import { GatewayError } from '../../errors.ts';
import { TransportError } from '../../lib/http-exchange.ts';
import { unavailableError, type AuthorizedAnswer, type AuthorizedCall, type AuthorizedCalls } from './authorized-calls.ts';
import { readDeviceResults } from './wire/device-results.ts';
import type { Evidence } from './wire/evidence.ts';
import { hasCode, registrationsAnswer, requestAnswer, type CarrierError } from './wire/answers.ts';

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
  /** The answer has the results of the devices, and no request id. */
  readonly answersAtOnce: boolean;
}

/** The result of sending one carrier request. Only `NOT_SENT` may be tried again, because then the request had no effect. */
export type SendAnswer =
  | { readonly type: 'ACCEPTED'; readonly carrierRequestId: string }
  | { readonly type: 'ANSWERED'; readonly results: readonly Evidence[] }
  | { readonly type: 'REFUSED'; readonly httpStatus: number; readonly error: CarrierError }
  | { readonly type: 'NOT_SENT'; readonly reason: string; readonly code: string; readonly retryAfterMs: number | null }
  | { readonly type: 'UNKNOWN'; readonly reason: string };

export interface CarrierClientOptions {
  readonly calls: AuthorizedCalls;
  /** Told after each call; for metrics. */
  readonly onCall?: (call: string, result: string) => void;
}

/** The part of the carrier's API that changes something. */
export class ThingSpace {
  readonly #options: CarrierClientOptions;

  constructor(options: CarrierClientOptions) {
    this.#options = options;
  }

  /**
   * Sends one carrier request, at most once.
   *
   * @param beforeSend runs with both tokens at hand, right before the bytes leave: the place to make the intent durable. It runs again
   *   before the bytes leave again, because a token was refused.
   * @param onLateAnswer takes ACCEPTED, ANSWERED or REFUSED, when the carrier answers after we have given it up as UNKNOWN.
   *
   * | what happened | answer |
   * |---|---|
   * | no token to be had, or no connection: not one byte left | NOT_SENT |
   * | 429, or the carrier's gateway throttles (900800) | NOT_SENT, after its delay |
   * | a token refused (401, or 400 with SessionToken.…) | renewed and sent once more, each kind once; refused again: NOT_SENT |
   * | 2xx with a request id | ACCEPTED |
   * | 2xx with results, where the carrier answers at once | ANSWERED |
   * | 4xx in one of the carrier's own envelopes | REFUSED |
   * | 408, 5xx, 3xx, REQUEST_FAILED.UnexpectedError, 2xx without a usable id or results, cut or timed out after bytes left | UNKNOWN |
   * | any other 4xx: something on the way may have answered in the carrier's place | UNKNOWN |
   */
  async perform(
    { name, method, path, body, answersAtOnce }: CarrierAction,
    beforeSend: () => Promise<void>,
    onLateAnswer?: (answer: SendAnswer) => void,
  ): Promise<SendAnswer> {
    const judge = (answer: AuthorizedAnswer) => judgeAnswer(answer, answersAtOnce);
    const take = (late: AuthorizedAnswer) => {
      const answer = judge(late);
      if (answer.type === 'ACCEPTED' || answer.type === 'ANSWERED' || answer.type === 'REFUSED') onLateAnswer?.(answer);
    };
    const late = onLateAnswer && { late: { ms: LATE_MS, take } };
    const call = this.#options.calls.send({ name, method, path, body: JSON.stringify(body), ...late }, beforeSend);
    const result = await call.then(judge, judgeFailure);
    this.#options.onCall?.(name, result.type.toLowerCase());
    return result;
  }

  /**
   * GET /callbacks/{account}: the listeners that are registered over REST. An empty body says that there are none, as documented. It
   * and the two below throw GatewayErrors: those of `AuthorizedCalls.ask`; CARRIER_REFUSED for a refusal; CARRIER_UNAVAILABLE for an
   * answer that cannot be read.
   */
  async registrations(accountName: string): Promise<readonly Registration[]> {
    const what = 'list the callback listeners';
    const answer = await this.#ask('callback_list', what, accountName, { method: 'GET', path: callbacksPath(accountName) });
    if (answer.text.trim() === '') return [];
    const parsed = registrationsAnswer.safeParse(answer.body);
    if (!parsed.success) throw unavailableError(what, `its answer of HTTP ${answer.status} cannot be read`);
    return parsed.data;
  }

  /** POST /callbacks/{account}: silently replaces the earlier registration of the service. */
  async register(accountName: string, listener: Registration & { readonly username: string; readonly password: string }): Promise<void> {
    const { serviceName, url, username, password } = listener;
    const body = JSON.stringify({ name: serviceName, url, username, password });
    const call = { method: 'POST', path: callbacksPath(accountName), body } as const;
    await this.#change('callback_register', `register a listener for ${serviceName}`, accountName, call);
  }

  async deregister(accountName: string, serviceName: string): Promise<void> {
    const path = `${callbacksPath(accountName)}/name/${encodeURIComponent(serviceName)}`;
    await this.#change('callback_remove', `remove the listener for ${serviceName}`, accountName, { method: 'DELETE', path });
  }

  /** The carrier answers with JSON, or with nothing. A page of something on the way says nothing about the change. */
  async #change(name: string, what: string, accountName: string, call: Omit<AuthorizedCall, 'name'>): Promise<void> {
    const { status, text, body } = await this.#ask(name, what, accountName, call);
    if (text.trim() !== '' && body === undefined) throw unavailableError(what, `its answer of HTTP ${status} cannot be read`);
  }

  async #ask(name: string, what: string, accountName: string, call: Omit<AuthorizedCall, 'name'>): Promise<AuthorizedAnswer> {
    const answer = await this.#options.calls.ask({ ...call, name, what, isRead: call.method === 'GET' });
    const { status, error } = answer;
    if (status < 300) return answer;
    // Something on the way has answered. The carrier itself says why.
    if (error === null) throw unavailableError(what, `it answered HTTP ${status}`, { details: { httpStatus: status } });
    throw new GatewayError(
      'CARRIER_REFUSED',
      `The carrier refused to ${what} of account ${accountName}: HTTP ${status}${error ? `, ${error.code}: ${error.message}` : ''}.`,
      { details: { httpStatus: status, carrierCode: error.code } },
    );
  }
}

/** Callbacks that no Request has are kept for longer before they are taken for another tool's. So a late answer still claims its own. */
const LATE_MS = 60_000;

function callbacksPath(accountName: string): string {
  return `/m2m/v1/callbacks/${encodeURIComponent(accountName)}`;
}

function judgeAnswer(answer: AuthorizedAnswer, answersAtOnce: boolean): SendAnswer {
  const { status, error, retryAfterMs } = answer;
  if (retryAfterMs !== null) {
    return {
      type: 'NOT_SENT',
      code: 'RATE_LIMITED',
      reason: 'The carrier limits requests at the moment. This one is sent again after a pause.',
      retryAfterMs,
    };
  }
  if (status >= 200 && status < 300) {
    if (answersAtOnce) {
      const results = readDeviceResults(answer.body);
      return results
        ? { type: 'ANSWERED', results }
        : { type: 'UNKNOWN', reason: `The carrier answered HTTP ${status} without readable results. ${NOT_KNOWN}` };
    }
    const parsed = requestAnswer.safeParse(answer.body);
    if (parsed.success) return { type: 'ACCEPTED', carrierRequestId: parsed.data.requestId };
    return { type: 'UNKNOWN', reason: `The carrier answered HTTP ${status} without a usable requestId. ${NOT_KNOWN}` };
  }
  if (error === null || status === 408 || status >= 500 || status < 400 || hasCode(error, 'REQUEST_FAILED.UnexpectedError'))
    return {
      type: 'UNKNOWN',
      reason: `The carrier answered HTTP ${status}${error ? ` (${error.code})` : ' without a reason'}. ${NOT_KNOWN}`,
    };
  return { type: 'REFUSED', httpStatus: status, error };
}

const NOT_KNOWN = 'Nobody knows whether it accepted the request.';

/** @throws any error that does not come from the connection or the tokens */
function judgeFailure(error: unknown): SendAnswer {
  if (error instanceof TransportError && error.sent) {
    return { type: 'UNKNOWN', reason: `The connection to the carrier ended before its answer (${error.message}). ${NOT_KNOWN}` };
  }
  if (error instanceof TransportError) {
    return {
      type: 'NOT_SENT',
      code: 'CARRIER_UNAVAILABLE',
      reason: `The carrier cannot be reached (${error.message}). Nothing was sent, and the gateway tries again.`,
      retryAfterMs: null,
    };
  }
  if (error instanceof GatewayError && (error.code === 'CARRIER_UNAVAILABLE' || error.code === 'CARRIER_LOGIN_REFUSED'))
    return { type: 'NOT_SENT', code: error.code, reason: error.message, retryAfterMs: null };
  throw error;
}
