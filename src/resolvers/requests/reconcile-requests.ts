import { setTimeout as delay } from 'node:timers/promises';
import type { DueCarrierRequest } from '../../datasources/request-log/follow-up-log.ts';
import type { RequestLog } from '../../datasources/request-log/request-log.ts';
import type { CarrierReads } from '../../datasources/thingspace/carrier-reads.ts';
import { GatewayError, isDamagedRequest } from '../../errors.ts';
import { askable, askCarrier, type Askable } from './carrier-inquiry.ts';
import { GrowingPause } from '../../lib/growing-pause.ts';
import { Quota } from '../../lib/quota.ts';

export interface ReconcilerOptions {
  readonly requestLog: RequestLog;
  readonly reads: CarrierReads;
  /** A device that has not reported for so long since its request left is OVERDUE, and the carrier is asked. */
  readonly overdueAfterMs: number;
  /** Nothing is awaited any more after so long: what has not reported is EXPIRED. */
  readonly expireAfterMs: number;
  /** Questions to the carrier in any 60 seconds. */
  readonly callsPerMinute: number;
  readonly now: () => number;
  readonly onLapsed: (into: 'OVERDUE' | 'EXPIRED', devices: number) => void;
  readonly onReconciled: (devices: number) => void;
  readonly onFailure: (error: unknown) => void;
}

/** Devices moved in one job: a few milliseconds, so that no callback waits for more. */
const LAPSED_AT_ONCE = 250;
/** What was not answered is asked about sooner: nobody knows whether it was taken on. */
const UNKNOWN_AFTER_MS = 120_000;
/** Between two questions about one carrier request. */
const FIRST_PAUSE_MS = 300_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** How long a stopping gateway waits for an answer to a question, in milliseconds: it can be asked again. */
const LAST_ANSWERS_MS = 500;

/**
 * Sees to it that no Request stays open for ever. Each tick marks what is overdue and ends what has expired, from the log
 * alone; asking the carrier goes on beside it, one account after the other, within its quota.
 *
 * A callback always overrides what was found or had expired.
 */
export class Reconciler implements AsyncDisposable {
  readonly #options: ReconcilerOptions;
  readonly #quota: Quota;
  readonly #stop = new AbortController();
  /** When a carrier request may be asked about again, by the monotonic clock, and the pauses after that. */
  readonly #asked = new Map<string, { readonly nextAt: number; readonly pause: GrowingPause }>();
  /** By account: a long list of one does not keep another's devices waiting, their calls take turns in the quota. */
  readonly #asking = new Map<string, Promise<void>>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    this.#quota = new Quota(options.callsPerMinute);
  }

  async tick(): Promise<void> {
    const { requestLog, overdueAfterMs, expireAfterMs, now } = this.#options;
    const at = now();
    const due = await requestLog.due(at - Math.min(overdueAfterMs, UNKNOWN_AFTER_MS));
    for (const request of due) {
      if (this.#stop.signal.aborted) return;
      const age = at - request.since;
      const isOverdue = age >= overdueAfterMs && request.state === 'ACCEPTED' && request.pending > 0;
      try {
        if (age >= expireAfterMs) await this.#lapse(request, 'EXPIRED');
        else if (isOverdue) await this.#lapse(request, 'OVERDUE');
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
      .flatMap((request) => askable(request) ?? [])
      .filter(
        (request) =>
          (request.state === 'UNKNOWN' || at - request.since >= this.#options.overdueAfterMs) &&
          (this.#asked.get(keyOf(request))?.nextAt ?? 0) <= performance.now(),
      );
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
      const options = { ...this.#options, quota: this.#quota, onRefused: this.#options.onFailure };
      const settled = await askCarrier(options, requests, this.#stop.signal);
      if (settled > 0) this.#options.onReconciled(settled);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#options.onFailure(error);
      const given = error instanceof GatewayError ? error.details['retryAfterMs'] : 0;
      retryAfterMs = typeof given === 'number' ? given : 0;
    }
    for (const request of requests) this.#remember(request, retryAfterMs);
  }

  #remember(request: Askable, retryAfterMs: number): void {
    const firstMs = Math.min(FIRST_PAUSE_MS, this.#options.overdueAfterMs);
    const { pause = new GrowingPause({ firstMs, maxMs: LONGEST_PAUSE_MS }) } = this.#asked.get(keyOf(request)) ?? {};
    this.#asked.set(keyOf(request), { nextAt: performance.now() + Math.max(pause.next(), retryAfterMs), pause });
  }
}

function keyOf({ requestId, position }: DueCarrierRequest): string {
  return `${requestId}/${position}`;
}
