import { setTimeout as delay } from 'node:timers/promises';
import type { Operation } from '../../operations/define-operation.ts';
import { operationNamed } from '../../operations/index.ts';
import type { RequestLog, SendableRequest } from '../../datasources/request-log/request-log.ts';
import type { RequestError, StoredCarrierRequest } from '../../datasources/request-log/stored-request.ts';
import type { SendingStep } from '../../datasources/request-log/sending-steps.ts';
import type { SendAnswer, ThingSpace } from '../../datasources/thingspace/thing-space.ts';
import { GrowingPause } from '../../lib/growing-pause.ts';
import type { GroupMembers } from './group-members.ts';
import type { Place, SendQueue } from './send-queue.ts';

export interface RequestSenderOptions {
  readonly requestLog: RequestLog;
  readonly thingSpace: Pick<ThingSpace, 'perform'>;
  readonly queue: SendQueue;
  readonly members: GroupMembers;
  /** The first pause before trying again what was not sent; it doubles up to `maxPauseMs`. */
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
  /** What has waited for so long since it was taken on is cancelled: nobody expects a line to go live a day later. */
  readonly maxWaitMs: number;
  readonly now: () => number;
  readonly onFailure: (requestId: string, error: unknown) => void;
}

/** Where a Request stands while it waits to be sent. */
export interface WaitingPlace {
  /** 1 for the next one. */
  readonly position: number;
  readonly expectedAt: number;
}

/** How long a stopping gateway waits for answers of the carrier, in milliseconds: orchestrators kill after 20 or 30 seconds. */
const LAST_ANSWERS_MS = 10_000;

/**
 * Takes Requests from the log to the carrier. For each carrier request: its turn in the queue, both tokens, the row that says
 * SENDING (durable before the first byte leaves), the POST, the row that says what became of it.
 *
 * Only what certainly had no effect (`NOT_SENT`) is tried again; it stays QUEUED in the log meanwhile, so a restart goes on
 * with it. What left and was not answered is UNKNOWN and never sent again. What is no longer QUEUED when its turn comes (it
 * was cancelled) does not leave.
 */
export class RequestSender implements AsyncDisposable {
  readonly #options: RequestSenderOptions;
  readonly #running = new Map<string, { readonly done: Promise<void>; readonly withdraw: AbortController }>();
  readonly #paused = new Map<string, number>();
  readonly #stop = new AbortController();

  constructor(options: RequestSenderOptions) {
    this.#options = options;
  }

  /** Resolves when every carrier request of it has been answered, refused, lost or cancelled; it may take long. */
  send(requestId: string): Promise<void> {
    const running = this.#running.get(requestId);
    if (running) return running.done;
    const withdraw = new AbortController();
    const done = this.#send(requestId, AbortSignal.any([this.#stop.signal, withdraw.signal]))
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted && !withdraw.signal.aborted) this.#options.onFailure(requestId, error);
      })
      .finally(() => {
        this.#running.delete(requestId);
        // What was on its way when the rest was cancelled may have been put off by the carrier, and is QUEUED again.
        if (withdraw.signal.aborted && !this.#stop.signal.aborted) void this.send(requestId);
      });
    this.#running.set(requestId, { done, withdraw });
    return done;
  }

  /** After its carrier requests were cancelled in the log: what waits here waits no longer. What is on its way goes on. */
  withdraw(requestId: string): void {
    this.#running.get(requestId)?.withdraw.abort();
  }

  /** Null when it does not wait: it is on its way, or has been. */
  placeOf(requestId: string): WaitingPlace | null {
    const { queue, now } = this.#options;
    const place = queue.placeOf(requestId);
    if (place) return { position: place.position, expectedAt: now() + place.waitMs };
    const until = this.#paused.get(requestId);
    return until === undefined ? null : { position: 1, expectedAt: now() + Math.max(until - performance.now(), 0) };
  }

  /**
   * Lets what is on its way be answered, for a while; what waits stays QUEUED in the log. What is still unanswered then
   * stands as SENDING, and the next start takes its fate for unknown.
   */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const running = [...this.#running.values()].map(({ done }) => done);
    await Promise.race([Promise.all(running), delay(LAST_ANSWERS_MS, undefined, { ref: false })]);
  }

  async #send(requestId: string, signal: AbortSignal): Promise<void> {
    const sendable = await this.#options.requestLog.sendable(requestId);
    if (!sendable) return;
    for (const carrierRequest of sendable.carrierRequests) {
      if (carrierRequest.state === 'QUEUED') await this.#sendPart(sendable, carrierRequest, signal);
    }
  }

  async #sendPart(sendable: SendableRequest, part: StoredCarrierRequest, signal: AbortSignal): Promise<void> {
    const { requestLog, maxWaitMs, now, onFailure } = this.#options;
    const { id, createdAt } = sendable.request;
    let shown: string | null = null;
    const pause = this.#growingPause();
    for (let again = false; !signal.aborted; again = true) {
      const pauseMs = pause.next();
      const leftMs = Math.max(createdAt + maxWaitMs - now(), 0);
      const patience = AbortSignal.any([signal, AbortSignal.timeout(leftMs)]);
      try {
        if (leftMs === 0) {
          await requestLog.cancelQueued(id, WAITED_TOO_LONG);
          return;
        }
        const { answer, marked } = await this.#attempt(sendable, part, again, patience);
        if (answer.type !== 'NOT_SENT') return;
        // One row a reason, not one a try: a carrier that is down for a day must not fill the log.
        if (marked || shown !== answer.code) {
          await this.#record(id, part.position, { type: 'REQUEUED', error: { code: answer.code, message: answer.reason } });
          shown = answer.code;
        }
        await this.#pause(id, answer.retryAfterMs ?? pauseMs, patience);
      } catch (error) {
        if (error instanceof NoLongerQueued) return;
        // Withdrawn, stopping, or it has waited too long.
        if (patience.aborted) continue;
        onFailure(id, error);
        await this.#pause(id, pauseMs, signal);
      }
    }
  }

  async #attempt(
    { request, devices, settings }: SendableRequest,
    part: StoredCarrierRequest,
    again: boolean,
    signal: AbortSignal,
  ): Promise<{ answer: SendAnswer; marked: boolean }> {
    const { requestLog, thingSpace, queue, members } = this.#options;
    const operation = knownOperation(request.id, request.operation);
    const place = await queue.take({ operation, account: request.account, requestId: request.id, again }, signal);
    let marked = false;
    try {
      if (part.deviceCount === null && (await this.#isUncounted(request.id))) await members.read(request, operation.filterOf(settings));
      const own = devices && part.deviceCount !== null ? devices.slice(part.firstIndex, part.firstIndex + part.deviceCount) : null;
      const answer = await thingSpace.perform(operation.actionOn(request.account, own, settings), async () => {
        signal.throwIfAborted();
        marked = await requestLog.step(request.id, part.position, { type: 'SENDING' });
        if (!marked) throw new NoLongerQueued();
      });
      if (answer.type === 'NOT_SENT' && answer.code === 'RATE_LIMITED') queue.hold(operation, answer.retryAfterMs ?? 0);
      const step = stepOf(answer);
      if (step) await this.#record(request.id, part.position, step);
      return { answer, marked };
    } catch (error) {
      if (marked) await this.#record(request.id, part.position, { type: 'UNANSWERED', error: BROKEN_OFF });
      throw error;
    } finally {
      leave(place, marked);
    }
  }

  /** Of a group whose devices have not been read, here or before a restart. */
  async #isUncounted(requestId: string): Promise<boolean> {
    return (await this.#options.requestLog.requests([requestId])).get(requestId)?.total === null;
  }

  #growingPause(): GrowingPause {
    const { firstPauseMs: firstMs, maxPauseMs: maxMs } = this.#options;
    return new GrowingPause({ firstMs, maxMs });
  }

  async #pause(requestId: string, ms: number, signal: AbortSignal): Promise<void> {
    this.#paused.set(requestId, performance.now() + ms);
    await delay(ms, undefined, { signal }).finally(() => this.#paused.delete(requestId));
  }

  /** What became of it must get into the log, or it stands as being sent for ever: a full disk is waited for. */
  async #record(requestId: string, position: number, step: SendingStep): Promise<void> {
    const pause = this.#growingPause();
    for (;;) {
      try {
        return await this.#conclude(requestId, position, step);
      } catch (error) {
        if (this.#stop.signal.aborted) throw error;
        this.#options.onFailure(requestId, error);
        await delay(pause.next(), undefined, { signal: this.#stop.signal });
      }
    }
  }

  async #conclude(requestId: string, position: number, step: SendingStep): Promise<void> {
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

/** It was cancelled before its turn came. */
class NoLongerQueued extends Error {}

const BROKEN_OFF: RequestError = {
  code: 'UNANSWERED',
  message: 'Sending was broken off by a failure of the gateway: whether anything reached the carrier is not known.',
};

const WAITED_TOO_LONG: RequestError = {
  code: 'WAITED_TOO_LONG',
  message: 'It could not be sent within the time a request may wait, and is not sent any more. Make a new request if it is still wanted.',
};

/** A place stays taken by what was put on its way, whatever became of it. */
function leave(place: Place, marked: boolean): void {
  if (marked) place.over();
  else place.giveBack();
}

/** @throws Error for one that this version does not know: it stays QUEUED. */
function knownOperation(requestId: string, name: string | null): Operation {
  const operation = operationNamed(name);
  if (!operation) throw new Error(`Request ${requestId} names an operation this gateway does not know.`);
  return operation;
}

function stepOf(answer: SendAnswer): SendingStep | null {
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
