import { setTimeout as delay } from 'node:timers/promises';
import type { DueCarrierRequest } from '../../datasources/request-log/follow-up-log.ts';
import type { RequestLog } from '../../datasources/request-log/request-log.ts';
import type { CarrierReads } from '../../datasources/thingspace/carrier-reads.ts';
import { GatewayError, isDamagedRequest } from '../../errors.ts';
import { CarrierInquiry, toAskable, type Askable } from './carrier-inquiry.ts';
import { GrowingPause } from '../../lib/growing-pause.ts';
import { Quota } from '../../lib/quota.ts';

interface ReconcilerOptions {
  readonly requestLog: RequestLog;
  readonly reads: CarrierReads;
  /** A device that has not reported for so long is OVERDUE, and the carrier is asked about it. Counted from when its request left. */
  readonly overdueAfterMs: number;
  /** A device that has not reported for so long is EXPIRED. Nothing waits for it any more. */
  readonly expireAfterMs: number;
  /** The most questions to the carrier in any 60 seconds. */
  readonly callsPerMinute: number;
  readonly now: () => number;
  readonly onLapsed: (into: 'OVERDUE' | 'EXPIRED', devices: number) => void;
  readonly onReconciled: (devices: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Devices that one job moves. It takes a few milliseconds, and a callback waits no longer. */
const LAPSED_AT_ONCE = 250;
/** An unanswered request is asked about sooner: nobody knows whether the carrier took it on. */
const UNKNOWN_AFTER_MS = 120_000;
/** The pause between two questions about one carrier request. */
const FIRST_PAUSE_MS = 300_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** How long a stopping gateway waits for an answer. The question can be asked again. */
const LAST_ANSWERS_MS = 500;

/**
 * Sees that no Request stays open for ever. Each tick marks what is overdue and ends what has expired, from the log alone. The
 * questions to the carrier run beside the ticks, by account and within the quota. A callback overrides every result of both.
 */
export class Reconciler implements AsyncDisposable {
  readonly #options: ReconcilerOptions;
  readonly #inquiry: CarrierInquiry;
  readonly #stop = new AbortController();
  /** When each carrier request may be asked about again, by the monotonic clock, and its next pauses. */
  readonly #asked = new Map<string, { readonly nextAt: number; readonly pause: GrowingPause }>();
  /** By account: their calls take turns in the quota, so a long list of one does not keep another's devices waiting. */
  readonly #asking = new Map<string, Promise<void>>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const { requestLog, reads, callsPerMinute, now, onFailure: onRefused } = options;
    const quota = new Quota(callsPerMinute);
    this.#inquiry = new CarrierInquiry({ requestLog, reads, quota, now, signal: this.#stop.signal, onRefused });
  }

  async tick(): Promise<void> {
    const { requestLog, overdueAfterMs, expireAfterMs, now } = this.#options;
    const at = now();
    const due = await requestLog.due(at - Math.min(overdueAfterMs, UNKNOWN_AFTER_MS));
    for (const request of due) {
      if (this.#stop.signal.aborted) return;
      const age = at - request.since;
      try {
        if (age >= expireAfterMs) await this.#lapse(request, 'EXPIRED');
        else if (age >= overdueAfterMs && request.state === 'ACCEPTED' && request.pending > 0) await this.#lapse(request, 'OVERDUE');
      } catch (error) {
        if (!isDamagedRequest(error)) throw error;
        this.#options.onFailure(error);
      }
    }
    this.#ask(
      due.filter(({ since }) => at - since < expireAfterMs),
      at,
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.race([Promise.all(this.#asking.values()), delay(LAST_ANSWERS_MS, undefined, { ref: false })]);
  }

  async #lapse({ requestId, position }: DueCarrierRequest, into: 'OVERDUE' | 'EXPIRED'): Promise<void> {
    for (let moved = LAPSED_AT_ONCE; moved === LAPSED_AT_ONCE && !this.#stop.signal.aborted;) {
      moved = await this.#options.requestLog.lapse(requestId, position, into, LAPSED_AT_ONCE);
      if (moved > 0) this.#options.onLapsed(into, moved);
    }
  }

  #ask(due: readonly DueCarrierRequest[], at: number): void {
    const open = new Set(due.map(keyOf));
    for (const key of this.#asked.keys()) if (!open.has(key)) this.#asked.delete(key);
    const ripe = due
      .flatMap((request) => toAskable(request) ?? [])
      .filter(({ state, since }) => state === 'UNKNOWN' || at - since >= this.#options.overdueAfterMs)
      .filter((request) => (this.#asked.get(keyOf(request))?.nextAt ?? 0) <= performance.now());
    for (const [account, requests] of Map.groupBy(ripe, (request) => request.account)) {
      if (this.#asking.has(account) || this.#stop.signal.aborted) continue;
      this.#asking.set(
        account,
        this.#askAbout(requests).finally(() => this.#asking.delete(account)),
      );
    }
  }

  async #askAbout(requests: readonly Askable[]): Promise<void> {
    let retryAfterMs = 0;
    try {
      const settled = await this.#inquiry.ask(requests);
      if (settled > 0) this.#options.onReconciled(settled);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#options.onFailure(error);
      const given = error instanceof GatewayError ? error.details['retryAfterMs'] : 0;
      retryAfterMs = typeof given === 'number' ? given : 0;
    }
    const firstMs = Math.min(FIRST_PAUSE_MS, this.#options.overdueAfterMs);
    for (const request of requests) {
      const { pause = new GrowingPause({ firstMs, maxMs: LONGEST_PAUSE_MS }) } = this.#asked.get(keyOf(request)) ?? {};
      this.#asked.set(keyOf(request), { nextAt: performance.now() + Math.max(pause.next(), retryAfterMs), pause });
    }
  }
}

function keyOf({ requestId, position }: DueCarrierRequest): string {
  return `${requestId}/${position}`;
}
