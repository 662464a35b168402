import { setTimeout as delay } from 'node:timers/promises';
import type { ListenerMessage, PreviousListener } from '../../datasources/thingspace/previous-listener.ts';
import { forwardTopic, type ForwardLane, type ForwardQueue, type WaitingForward } from '../../datasources/request-log/forward-queue.ts';
import type { Hub } from '../../datasources/request-log/hub.ts';
import { CALLBACK_SERVICES } from '../../datasources/thingspace/wire/callback-service.ts';
import { withFields } from '../../datasources/thingspace/wire/callback-form.ts';
import { GrowingPause } from '../../lib/growing-pause.ts';
import type { Logger } from '../../logger.ts';
import type { ForwardTargets } from './forward-targets.ts';

interface CallbackForwarderOptions {
  readonly queue: ForwardQueue;
  readonly hub: Hub;
  readonly listener: Pick<PreviousListener, 'post'> & AsyncDisposable;
  readonly targets: ForwardTargets;
  readonly accounts: readonly string[];
  /** The credentials of the previous registration; null when it has none. */
  readonly credentials: { readonly username: string; readonly password: string } | null;
  /** The first pause before the next try of a message. It doubles up to `maxPauseMs`. */
  readonly firstPauseMs: number;
  readonly maxPauseMs: number;
  /** A message that has waited for longer is dropped. */
  readonly maxAgeMs: number;
  readonly now: () => number;
  readonly onResult: (result: ForwardResult, count: number) => void;
  readonly pseudonym: (account: string) => string;
  readonly logger: Logger;
}

/** `refused` and `unreachable` count tries, `delivered` and `dropped` messages. */
export type ForwardResult = 'delivered' | 'refused' | 'unreachable' | 'dropped';

/** How many messages of one lane are read from the log at once. */
const READ_AT_ONCE = 100;
/** How long a stopping gateway waits for an answer. A message without an answer is sent again. */
const LAST_ANSWERS_MS = 2_000;
const LOOK_FOR_OLD_MS = 3_600_000;

/**
 * Forwards copies of callbacks from the log to the listener that was registered before us. A lane (account and service) sends in
 * the order they came, one at a time; the lanes run side by side. A message that is not taken is sent again, after growing pauses,
 * and those behind it wait. The next one leaves when the one before is removed from the log (on disk). So a crash repeats one
 * message of a lane at most, and never changes their order.
 */
export class CallbackForwarder implements AsyncDisposable {
  readonly #options: CallbackForwarderOptions;
  readonly #stop = new AbortController();
  readonly #lanes: Promise<void>[] = [];

  constructor(options: CallbackForwarderOptions) {
    this.#options = options;
  }

  start(): void {
    const { accounts, targets } = this.#options;
    for (const lane of accounts.flatMap((account) => CALLBACK_SERVICES.map((service) => ({ account, service })))) {
      const url = targets.find(lane);
      if (url) this.#lanes.push(this.#keepRunning(() => this.#run(lane, url)));
    }
    this.#lanes.push(this.#keepRunning(() => this.#runWithoutTarget()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    const ended = Promise.all(this.#lanes);
    const patience = new AbortController();
    await Promise.race([ended, delay(LAST_ANSWERS_MS, undefined, patience).catch(() => undefined)]);
    patience.abort();
    await this.#options.listener[Symbol.asyncDispose]();
    await ended;
  }

  /** Starts a lane again after the store has failed. */
  async #keepRunning(run: () => Promise<void>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      await run().catch((error: unknown) => this.#options.logger.error('forwarding_failed', { error }));
      await this.#pause(this.#options.maxPauseMs);
    }
  }

  async #run(lane: ForwardLane, url: URL): Promise<void> {
    using following = this.#options.hub.follow(forwardTopic(lane));
    this.#stop.signal.addEventListener('abort', () => following[Symbol.dispose](), { once: true });
    const { firstPauseMs: firstMs, maxPauseMs: maxMs } = this.#options;
    const health: LaneHealth = { pause: new GrowingPause({ firstMs, maxMs }), failures: 0, failingSince: 0 };
    while (!this.#stop.signal.aborted) {
      // Mark, read, wait: a message after the mark ends the wait at once.
      const mark = following.mark();
      const waiting = await this.#read(lane);
      if (waiting.length === 0) await following.news(mark);
      for (const message of waiting) if (this.#stop.signal.aborted || !(await this.#deliver(lane, url, message, health))) break;
    }
  }

  /** Lanes whose target was removed from the settings: their messages wait until it comes back or they are too old. */
  async #runWithoutTarget(): Promise<void> {
    const { queue, targets, accounts } = this.#options;
    while (!this.#stop.signal.aborted) {
      for (const lane of await queue.forwardLanes())
        if (!accounts.includes(lane.account) || targets.find(lane) === null) await this.#read(lane);
      await this.#pause(LOOK_FOR_OLD_MS);
    }
  }

  /** Reads the next messages of a lane, and drops those that are too old. */
  async #read(lane: ForwardLane): Promise<readonly WaitingForward[]> {
    const { queue, now, maxAgeMs, onResult } = this.#options;
    for (;;) {
      const waiting = await queue.forwards(lane, READ_AT_ONCE);
      const old = waiting.filter(({ receivedAt }) => now() - receivedAt > maxAgeMs);
      if (old.length === 0) return waiting;
      await this.#discard(lane, old);
      if (this.#stop.signal.aborted) return [];
      onResult('dropped', old.length);
    }
  }

  /** Tries once. False, after a pause, when the listener has not taken the message. */
  async #deliver(lane: ForwardLane, url: URL, message: WaitingForward, health: LaneHealth): Promise<boolean> {
    const { listener, onResult, now } = this.#options;
    const delivery = await listener.post(url, this.#addCredentials(message));
    if (delivery.type === 'DELIVERED') {
      onResult('delivered', 1);
      await this.#discard(lane, [message]);
      if (health.failures > 0)
        this.#log('info', 'forwarding_recovered', lane, { count: health.failures, durationMs: now() - health.failingSince });
      health.pause.reset();
      health.failures = 0;
      return true;
    }
    if (this.#stop.signal.aborted) return false;
    onResult(delivery.type === 'REFUSED' ? 'refused' : 'unreachable', 1);
    if (health.failures++ === 0) {
      health.failingSince = now();
      this.#log(
        'warn',
        'forwarding_failing',
        lane,
        delivery.type === 'REFUSED' ? { status: delivery.status } : { reason: delivery.reason },
      );
    }
    await this.#pause(health.pause.next());
    return false;
  }

  #addCredentials({ contentType, contentEncoding = null, body }: WaitingForward): ListenerMessage {
    const { credentials } = this.#options;
    if (contentType !== null) return { contentType, contentEncoding, body };
    const own = credentials ? Buffer.from(withFields(Buffer.from(body).toString(), { ...credentials })) : body;
    return { contentType: 'application/json', contentEncoding: null, body: own };
  }

  /** Tries again when the disk is full: a delivered message that is still in the log must not be sent again. */
  async #discard(lane: ForwardLane, messages: readonly WaitingForward[]): Promise<void> {
    const { queue, firstPauseMs } = this.#options;
    const ids = messages.map(({ id }) => id);
    for (;;) {
      try {
        return await queue.discardForwards(lane, ids);
      } catch (error) {
        if (this.#stop.signal.aborted) return;
        this.#log('error', 'forwarded_not_removed', lane, { error });
        await this.#pause(firstPauseMs);
      }
    }
  }

  async #pause(milliseconds: number): Promise<void> {
    await delay(milliseconds, undefined, { signal: this.#stop.signal }).catch(() => undefined);
  }

  #log(level: 'info' | 'warn' | 'error', event: string, { account, service }: ForwardLane, more: Parameters<Logger['info']>[1]): void {
    this.#options.logger[level](event, { service, account: this.#options.pseudonym(account), ...more });
  }
}

interface LaneHealth {
  readonly pause: GrowingPause;
  failures: number;
  failingSince: number;
}
