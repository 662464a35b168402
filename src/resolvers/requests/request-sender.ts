import { setTimeout as delay } from 'node:timers/promises';
import type { Operation, Settings } from '../../operations/define-operation.ts';
import { operationNamed, OPERATIONS } from '../../operations/index.ts';
import { onWake } from '../../datasources/request-log/hub.ts';
import type { Lease } from '../../datasources/request-log/leases.ts';
import type { SendableRequest } from '../../datasources/request-log/request-reads.ts';
import type { PartsOf, Store } from '../../datasources/request-log/store.ts';
import { QUEUE_TOPIC } from '../../datasources/request-log/request-sending.ts';
import type { StoredCarrierRequest } from '../../datasources/request-log/stored-request.ts';
import { BROKEN_OFF, NOT_MARKED, TOKEN_REFUSED, WAITED_TOO_LONG, type SendingStep } from '../../datasources/request-log/sending-steps.ts';
import type { SendAnswer, ThingSpace } from '../../datasources/thingspace/thing-space.ts';
import { GrowingPause } from '../../lib/growing-pause.ts';
import { inSpan } from '../../lib/trace.ts';
import type { GroupMembers, NotSent } from './group-members.ts';
import type { Place, SendingTurns } from './send-queue.ts';
import { SentElsewhere } from './sent-elsewhere.ts';
import { stepOf } from './step-of-answer.ts';

interface RequestSenderOptions {
  readonly store: Pick<Store, 'hub'> &
    PartsOf<{
      requests: 'requests' | 'sendable';
      sending: 'recover' | 'queued' | 'sentSince' | 'step' | 'cancelQueued';
    }>;
  readonly thingSpace: Pick<ThingSpace, 'perform'>;
  readonly queue: SendingTurns;
  readonly members: GroupMembers;
  /** The first pause before the next try of what was not sent. It doubles up to `maxPauseMs`. */
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
  /** What has waited for so long is cancelled: nobody expects a line to go live a day later. */
  readonly maxWaitMs: number;
  readonly now: () => number;
  readonly onFailure: (requestId: string | null, error: unknown) => void;
}

/** Where a Request stands while it waits to be sent. */
export interface WaitingPlace {
  /** 1 for the Request that is sent next. */
  readonly position: number;
  readonly expectedAt: number;
}

/** How long a stopping gateway waits for answers of the carrier. Orchestrators kill a process after 20 or 30 seconds. */
const LAST_ANSWERS_MS = 10_000;

/** What was sent in the last minute counts in the window of the next. */
const WINDOW_MS = 60_000;
/** Each of those counts as so much younger: the clock of the gateway that sent it may have been behind ours, see `PreparedDatabase`. */
const YOUNGER_MS = 2_000;

/**
 * Sends the Requests of the log to the carrier, on the one gateway of the store that has the lease. For each carrier request it takes
 * a turn in the queue and both tokens, writes the row that says SENDING (durable before the first byte leaves), does the POST, and
 * writes the row that says what became of it.
 *
 * It tries again only what certainly had no effect (`NOT_SENT`). That stays QUEUED in the log meanwhile, so a restart goes on
 * with it. What left and was not answered is UNKNOWN and never sent again. What was cancelled before its turn does not leave.
 */
export class RequestSender implements Disposable {
  readonly #options: RequestSenderOptions;
  readonly #running = new Map<string, { readonly done: Promise<void>; readonly withdraw: AbortController }>();
  readonly #paused = new Map<string, number>();
  readonly #elsewhere: SentElsewhere;
  readonly #stop = new AbortController();
  #lease: Lease | null = null;
  readonly #pauses: { readonly firstMs: number; readonly maxMs: number };

  constructor(options: RequestSenderOptions) {
    this.#options = options;
    this.#elsewhere = new SentElsewhere(options.store);
    this.#pauses = { firstMs: options.firstPauseMs, maxMs: options.maxPauseMs };
  }

  /**
   * Sends what waits in the log and what comes to it from now on, as long as the lease lasts.
   *
   * @param ended what ends it: that waits a while for the answers to what is on its way. What waits stays QUEUED in the log. What is
   * still unanswered after that stays SENDING, and whoever sends next declares its fate unknown.
   * @returns how many Requests waited.
   */
  async begin(lease: Lease, ended: AsyncDisposableStack): Promise<number> {
    const { store, queue, now, onFailure } = this.#options;
    const waiting = await store.sending.recover(lease.token);
    for (const operation of OPERATIONS) {
      const began = now();
      const sent = await store.sending.sentSince(operation.name, began - WINDOW_MS - YOUNGER_MS);
      queue.remember(
        operation,
        sent.map((at) => began - at - YOUNGER_MS),
      );
    }
    this.#lease = lease;
    const sendQueued = async () => this.#sendAll(await store.sending.queued());
    const watch = onWake(store.hub, QUEUE_TOPIC, sendQueued, (error) => onFailure(null, error));
    const end = () => {
      watch[Symbol.dispose]();
      if (this.#lease !== lease) return;
      this.#lease = null;
      for (const { withdraw } of this.#running.values()) withdraw.abort();
    };
    lease.over.addEventListener('abort', end, { once: true });
    ended.defer(async () => {
      end();
      const running = [...this.#running.values()].map(({ done }) => done);
      await Promise.race([Promise.all(running), delay(LAST_ANSWERS_MS, undefined, { ref: false })]);
    });
    // Another gateway may have made some before the topic was followed.
    await sendQueued();
    return waiting.length;
  }

  /** Resolves when every carrier request of it was answered, refused, lost or cancelled. That may take long. */
  send(requestId: string): Promise<void> {
    const running = this.#running.get(requestId);
    if (running) return running.done;
    return this.#lease ? this.#run(requestId) : this.#elsewhere.wait(requestId);
  }

  #sendAll(requestIds: readonly string[]): void {
    for (const id of requestIds) if (this.#lease && !this.#running.has(id)) void this.#run(id);
  }

  #run(requestId: string): Promise<void> {
    const withdraw = new AbortController();
    const done = this.#send(requestId, AbortSignal.any([this.#stop.signal, withdraw.signal]))
      .catch((error: unknown) => {
        if (!this.#stop.signal.aborted && !withdraw.signal.aborted) this.#options.onFailure(requestId, error);
      })
      .finally(() => {
        this.#running.delete(requestId);
        // The carrier may have put off what was on its way during the cancellation. That is QUEUED again.
        if (withdraw.signal.aborted && this.#lease) void this.#run(requestId);
      });
    this.#running.set(requestId, { done, withdraw });
    return done;
  }

  /** Ends the waiting of a Request that was cancelled in the log. What is on its way goes on. */
  withdraw(requestId: string): void {
    this.#running.get(requestId)?.withdraw.abort();
  }

  /** Null when it does not wait: it is on its way, or was sent. */
  placeOf(requestId: string): WaitingPlace | null {
    const { queue, now } = this.#options;
    const place = queue.placeOf(requestId);
    if (place) return { position: place.position, expectedAt: now() + place.waitMs };
    const until = this.#paused.get(requestId);
    return until === undefined ? null : { position: 1, expectedAt: now() + Math.max(until - performance.now(), 0) };
  }

  /** Call it when the sending has ended. */
  [Symbol.dispose](): void {
    this.#stop.abort();
    this.#elsewhere[Symbol.dispose]();
  }

  async #send(requestId: string, signal: AbortSignal): Promise<void> {
    const sendable = await this.#options.store.requests.sendable(requestId);
    if (!sendable) return;
    for (const part of sendable.carrierRequests) if (part.state === 'QUEUED') await this.#sendPart(sendable, part, signal);
  }

  async #sendPart(sendable: SendableRequest, part: StoredCarrierRequest, signal: AbortSignal): Promise<void> {
    const { store, maxWaitMs, now, onFailure } = this.#options;
    const { id, createdAt, operation } = sendable.request;
    const named = { 'm2m.request.id': id, 'm2m.request.part': part.position, 'm2m.operation': operation };
    let recordedCode: string | null = null;
    const pause = new GrowingPause(this.#pauses);
    for (let again = false; !signal.aborted; again = true) {
      const pauseMs = pause.next();
      const leftMs = Math.max(createdAt + maxWaitMs - now(), 0);
      const patience = AbortSignal.any([signal, AbortSignal.timeout(leftMs)]);
      try {
        if (leftMs === 0) return void (await store.sending.cancelQueued(id, WAITED_TOO_LONG));
        const { answer, marked } = await inSpan('request send', named, () => this.#attempt(sendable, part, again, patience));
        if (answer.type !== 'NOT_SENT') return;
        // One row for each reason, not for each try: a carrier that is down for a day must not fill the log.
        if (marked || recordedCode !== answer.code) {
          await this.#record(id, part.position, { type: 'REQUEUED', error: { code: answer.code, message: answer.reason } });
          recordedCode = answer.code;
        }
        await this.#pause(id, answer.retryAfterMs ?? pauseMs, patience);
      } catch (error) {
        if (error instanceof NoLongerQueued) return;
        // The Request was withdrawn, the gateway stops, or the Request has waited too long.
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
    const { store, thingSpace, queue } = this.#options;
    const operation = operationNamed(request.operation);
    // It stays QUEUED: another version may know its operation.
    if (!operation) throw new Error(`Request ${request.id} names an operation this gateway does not know.`);
    const ticket = { operation, account: request.account, requestId: request.id };
    let place: Place | null = await queue.take({ ...ticket, again }, signal);
    let marked = false;
    /** The lease under which it was asked to be marked, while nobody knows whether it was. */
    let asked: Lease | null = null;
    try {
      const findObstacle = () => (part.deviceCount === null ? this.#findObstacle(request, operation, settings) : null);
      const obstacle = await findObstacle();
      if (obstacle) return { answer: obstacle, marked };
      const own = devices && part.deviceCount !== null ? devices.slice(part.firstIndex, part.firstIndex + part.deviceCount) : null;
      const mark = async () => {
        // A token was refused. That had no effect, and counts in the carrier's window: the next try has a place of its own.
        if (marked) {
          await this.#record(request.id, part.position, { type: 'REQUEUED', error: TOKEN_REFUSED });
          marked = false;
          place?.over();
          place = null;
          place = await queue.take({ ...ticket, again: true }, signal);
          const since = await findObstacle();
          if (since) throw new Error(since.reason);
        }
        signal.throwIfAborted();
        const lease = (asked = this.#lease ?? OVER);
        marked = await store.sending.step(request.id, part.position, { type: 'SENDING' }, lease);
        asked = null;
        if (!marked) throw new NoLongerQueued();
        // It slept after that, and another gateway has taken its place: this is UNKNOWN by now.
        if (lease.over.aborted) throw new Error('The right to send has ended.');
      };
      const action = operation.actionOn(request.account, own, settings);
      const answer = await thingSpace.perform(action, mark, (late) => this.#recordLate(request.id, part.position, late));
      if (answer.type === 'NOT_SENT' && answer.code === 'RATE_LIMITED') queue.hold(operation, answer.retryAfterMs ?? 0);
      const step = stepOf(answer, this.#options.now());
      if (step) await this.#record(request.id, part.position, step);
      return { answer, marked };
    } catch (error) {
      if (marked) await this.#record(request.id, part.position, { type: 'UNANSWERED', error: BROKEN_OFF });
      // Nothing has left. Unless another gateway has it by now, it is sent again.
      else if (asked) await this.#record(request.id, part.position, { type: 'REQUEUED', error: NOT_MARKED }, asked);
      throw error;
    } finally {
      // What may have left keeps its place for a minute, whatever became of it.
      if (marked) place?.over();
      else place?.giveBack();
    }
  }

  /** Reads the devices of a group. Null when the Request may leave. @throws NoLongerQueued when it must not, and is cancelled. */
  async #findObstacle(request: SendableRequest['request'], operation: Operation, settings: Settings): Promise<NotSent | null> {
    const { store, members } = this.#options;
    const obstacle = await members.prepare(request, operation, settings);
    if (obstacle?.type !== 'CANCEL') return obstacle;
    await store.sending.cancelQueued(request.id, obstacle.error);
    throw new NoLongerQueued();
  }

  async #pause(requestId: string, ms: number, signal: AbortSignal): Promise<void> {
    this.#paused.set(requestId, performance.now() + ms);
    await delay(ms, undefined, { signal }).finally(() => this.#paused.delete(requestId));
  }

  /** The Request is UNKNOWN by now, or somebody has said what became of it. The carrier knows better. */
  #recordLate(requestId: string, position: number, answer: SendAnswer): void {
    const step = stepOf(answer, this.#options.now());
    const recorded = step ? this.#record(requestId, position, step) : null;
    recorded?.catch((error: unknown) => this.#stop.signal.aborted || this.#options.onFailure(requestId, error));
  }

  /** Waits for a full disk: a result that is not in the log would leave the Request SENDING for ever. */
  async #record(requestId: string, position: number, step: SendingStep, lease?: Lease): Promise<void> {
    const { store } = this.#options;
    const pause = new GrowingPause(this.#pauses);
    for (;;) {
      try {
        await store.sending.step(requestId, position, step, lease);
        return;
      } catch (error) {
        if (this.#stop.signal.aborted) throw error;
        this.#options.onFailure(requestId, error);
        await delay(pause.next(), undefined, { signal: this.#stop.signal });
      }
    }
  }
}

const OVER: Lease = { token: 0, over: AbortSignal.abort() };

/** The Request was cancelled before its turn came, or somebody else sends it now. */
class NoLongerQueued extends Error {}
