import type { Activity } from '../activity.ts';
import type { Clock, Timers } from '../clock.ts';
import { type CallbackFaultSettings, isWithheld } from '../faults/callback-faults.ts';
import type { CallbackAttempt, Ledger } from '../ledger.ts';
import type { Settings } from '../options.ts';
import type { Random } from '../random.ts';
import { wrapCallback, type WrappedCallback } from '../unkind/wrap-callback.ts';
import type { AttemptResult, CallbackClient } from './callback-client.ts';
import type { CallbackMessage } from './callback-message.ts';
import type { CallbackRegistration, CallbackRegistry } from './callback-registry.ts';
import type { Outbox } from './outbox.ts';
import { type EchoedCredentials, maxCallbackThreshold, renderCallback } from './render-callback.ts';

const acknowledged = (result: AttemptResult) => 'status' in result && result.status >= 200 && result.status < 300;

/**
 * Sends callbacks and sends them again.
 *
 * - `documented`: an attempt without a 2xx is repeated after 5 minutes, four attempts in all.
 * - `observed`: an attempt without an answer after 4 s is sent again at once, even if the first is then answered. After a
 *   refusal there is one retry, 1.2 to 1.7 s later. Two attempts in all. A broken connection counts as a refusal (inferred).
 *
 * Each attempt looks for the registration anew. Without one the message is lost.
 */
export class CallbackSender {
  readonly #settings: Settings;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #timers: Timers;
  readonly #activity: Activity;
  readonly #outbox: Outbox;
  readonly #client: CallbackClient;
  readonly #registry: CallbackRegistry;
  readonly #faults: CallbackFaultSettings;
  readonly #ledger: Ledger;

  constructor(parts: {
    settings: Settings;
    random: Random;
    timers: Timers;
    activity: Activity;
    outbox: Outbox;
    client: CallbackClient;
    registry: CallbackRegistry;
    faults: CallbackFaultSettings;
    ledger: Ledger;
  }) {
    this.#settings = parts.settings;
    this.#clock = parts.settings.clock;
    this.#random = parts.random;
    this.#timers = parts.timers;
    this.#activity = parts.activity;
    this.#outbox = parts.outbox;
    this.#client = parts.client;
    this.#registry = parts.registry;
    this.#faults = parts.faults;
    this.#ledger = parts.ledger;
  }

  /** Queues a message and, after it, its `next`. `settled` is called when its first attempt has ended or it is set aside. */
  send(message: CallbackMessage, settled: () => void = () => {}): void {
    if (isWithheld(this.#faults, message.about, this.#random)) {
      this.#lose(message, 'withheld');
      if (message.next !== undefined) this.send(message.next);
      settled();
      return;
    }
    const copies = (message.unkind.has('twice') ? 2 : 1) * this.#faults.copies;
    for (let copy = 1; copy < copies; copy += 1) this.#queue(message, 1, () => {});
    this.#queue(message, 1, () => {
      if (message.next !== undefined) this.send(message.next);
      settled();
    });
  }

  /** Posts any body once, without resending. Resolves with how it ended. */
  emit(listener: { account: string; service: string; url: string }, body: string, contentType: string): Promise<AttemptResult> {
    this.#activity.begin();
    return new Promise((resolve) => {
      this.#post(
        { ...listener, requestId: '' },
        { url: listener.url, body, headers: { 'content-type': contentType } },
        body,
        1,
        (result) => {
          this.#activity.end();
          resolve(result);
        },
      );
    });
  }

  #queue(message: CallbackMessage, attempt: number, settled: () => void): void {
    this.#outbox.add((release) => this.#attempt(message, attempt, release, settled));
  }

  #attempt(message: CallbackMessage, attempt: number, release: () => void, settled: () => void): void {
    const registration = this.#registry.find(message.account, message.service);
    if (registration === undefined) {
      this.#lose(message, 'no listener');
      settled();
      release();
      this.#activity.end();
      return;
    }
    let overdue = false;
    const cancelOverdue =
      this.#settings.resend === 'observed' && attempt === 1
        ? this.#timers.after(this.#settings.unansweredAfterMs, () => {
            overdue = true;
            this.#queue(message, 2, () => {});
            settled();
            release();
          })
        : undefined;
    const rendered = renderCallback(message, this.#credentials(message, registration), attempt);
    const wrapped = wrapCallback(message.unkind, registration.url, rendered);
    this.#post({ ...registration, requestId: message.requestId }, wrapped, rendered.body, attempt, (result) => {
      cancelOverdue?.();
      if (!overdue) {
        if (!acknowledged(result)) this.#again(message, attempt);
        settled();
        release();
      }
      this.#activity.end();
    });
  }

  #again(message: CallbackMessage, attempt: number): void {
    const observed = this.#settings.resend === 'observed';
    if (attempt >= (observed ? 2 : maxCallbackThreshold)) return;
    const delayMs = observed ? this.#random.integer(...this.#settings.retryDelayMs) : this.#settings.resendIntervalMs;
    this.#activity.begin();
    this.#timers.after(delayMs, () => {
      this.#queue(message, attempt + 1, () => {});
      this.#activity.end();
    });
  }

  #post(
    to: { account: string; service: string; requestId: string },
    wrapped: WrappedCallback,
    body: string,
    attempt: number,
    done: (result: AttemptResult) => void,
  ): void {
    const { account, service, requestId } = to;
    const { url } = wrapped;
    const sentAt = this.#clock.now();
    const record: CallbackAttempt = { account, service, requestId, url, body, attempt, sentAt };
    this.#ledger.addAttempt(record);
    this.#client.post(wrapped, (result) => {
      Object.assign(record, result, { answeredAt: this.#clock.now() });
      if (acknowledged(result)) this.#ledger.counts.callbacksAcknowledged += 1;
      else this.#ledger.counts.callbacksRefused += 1;
      this.#ledger.changed();
      done(result);
    });
  }

  #credentials(message: CallbackMessage, registration: CallbackRegistration): EchoedCredentials {
    if (!message.withCredentials || this.#faults.credentials === 'missing') return null;
    if (this.#faults.credentials === 'wrong') return { username: 'intruder', password: 'guess' };
    return { username: registration.username, password: registration.password };
  }

  #lose(message: CallbackMessage, reason: 'no listener' | 'withheld'): void {
    const { account, service, requestId } = message;
    this.#ledger.addLost({ account, service, requestId, reason, at: this.#clock.now() });
  }
}
