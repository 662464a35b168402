import { setTimeout as delay } from 'node:timers/promises';
import { isOperationName } from '../datasources/thingspace/operations.ts';
import type { RequestError, RequestLog, SendableRequest, StoredCarrierRequest } from '../datasources/request-log/request-log.ts';
import type { SendAnswer, ThingSpace } from '../datasources/thingspace/thing-space.ts';
import type { SendWindow } from './send-window.ts';

export interface RequestSenderOptions {
  readonly requestLog: RequestLog;
  readonly thingSpace: Pick<ThingSpace, 'perform'>;
  readonly window: SendWindow;
  /** The first pause before trying again what was not sent; it doubles up to `maxPauseMs`. */
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
  readonly onFailure: (requestId: string, error: unknown) => void;
}

/** How long a stopping gateway waits for answers of the carrier, in milliseconds: orchestrators kill after 20 or 30 seconds. */
const LAST_ANSWERS_MS = 10_000;

/**
 * Takes Requests from the log to the carrier. For each carrier request: both tokens, a place in the rate window, the row
 * that says SENDING (durable before the first byte leaves), the POST, the row that says what became of it.
 *
 * Only what certainly had no effect (`NOT_SENT`) is tried again; it stays QUEUED in the log meanwhile, so a restart goes on
 * with it. What left and was not answered is UNKNOWN and never sent again.
 */
export class RequestSender implements AsyncDisposable {
  readonly #options: RequestSenderOptions;
  readonly #running = new Map<string, Promise<void>>();
  readonly #stop = new AbortController();

  constructor(options: RequestSenderOptions) {
    this.#options = options;
  }

  /** Resolves when every carrier request of it has been answered, refused, or lost; it may take long. */
  send(requestId: string): Promise<void> {
    const running = this.#running.get(requestId);
    if (running) return running;
    const sending = this.#send(requestId)
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted) this.#options.onFailure(requestId, error);
      })
      .finally(() => this.#running.delete(requestId));
    this.#running.set(requestId, sending);
    return sending;
  }

  /**
   * Lets what is on its way be answered, for a while; what waits stays QUEUED in the log. What is still unanswered then
   * stands as SENDING, and the next start takes its fate for unknown.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.race([Promise.all(this.#running.values()), delay(LAST_ANSWERS_MS, undefined, { ref: false })]);
  }

  async #send(requestId: string): Promise<void> {
    const sendable = await this.#options.requestLog.sendable(requestId);
    if (!sendable) return;
    for (const carrierRequest of sendable.carrierRequests) {
      if (carrierRequest.state === 'QUEUED') await this.#sendPart(sendable, carrierRequest);
    }
  }

  async #sendPart(sendable: SendableRequest, part: StoredCarrierRequest): Promise<void> {
    const { requestLog, firstPauseMs, maxPauseMs } = this.#options;
    const { signal } = this.#stop;
    let shown: string | null = null;
    for (let pauseMs = firstPauseMs; !signal.aborted; pauseMs = Math.min(pauseMs * 2, maxPauseMs)) {
      const { answer, marked } = await this.#attempt(sendable, part);
      if (answer.type !== 'NOT_SENT') return;
      // One row a reason, not one a try: a carrier that is down for a day must not fill the log.
      if (marked || shown !== answer.code) {
        await requestLog.step(sendable.request.id, part.position, {
          type: 'REQUEUED',
          error: { code: answer.code, message: answer.reason },
        });
        shown = answer.code;
      }
      await delay(answer.retryAfterMs ?? pauseMs, undefined, { signal });
    }
  }

  async #attempt(
    { request, devices, settings }: SendableRequest,
    part: StoredCarrierRequest,
  ): Promise<{ answer: SendAnswer; marked: boolean }> {
    const { requestLog, thingSpace, window } = this.#options;
    const { operation } = request;
    if (operation === null || !isOperationName(operation))
      throw new Error(`Request ${request.id} names an operation this gateway does not know.`);
    const own = devices && part.deviceCount !== null ? devices.slice(part.firstIndex, part.firstIndex + part.deviceCount) : null;
    let marked = false;
    const answer = await thingSpace.perform(operation, { accountName: request.account, devices: own, settings }, async () => {
      await window.take(operation, this.#stop.signal);
      await requestLog.step(request.id, part.position, { type: 'SENDING' });
      marked = true;
    });
    const step = stepOf(answer);
    if (step) await this.#conclude(request.id, part.position, step);
    return { answer, marked };
  }

  async #conclude(requestId: string, position: number, step: Parameters<RequestLog['step']>[2]): Promise<void> {
    if (step.type === 'ACCEPTED' && (await this.#options.requestLog.findByCarrierRequestId(step.carrierRequestId))) {
      const error = {
        code: 'UNUSABLE_ANSWER',
        message: 'The carrier answered with the requestId of another request: what became of this one is not known.',
      };
      await this.#options.requestLog.step(requestId, position, { type: 'UNANSWERED', error });
      return;
    }
    await this.#options.requestLog.step(requestId, position, step);
  }
}

function stepOf(answer: SendAnswer): Parameters<RequestLog['step']>[2] | null {
  switch (answer.type) {
    case 'ACCEPTED':
      return { type: 'ACCEPTED', carrierRequestId: answer.carrierRequestId };
    case 'REFUSED':
      return {
        type: 'REFUSED',
        error: { code: answer.error.code, message: answer.error.message, httpStatus: answer.httpStatus } satisfies RequestError,
      };
    case 'UNKNOWN':
      return { type: 'UNANSWERED', error: { code: 'UNANSWERED', message: answer.reason } };
    case 'NOT_SENT':
      return null;
  }
}
