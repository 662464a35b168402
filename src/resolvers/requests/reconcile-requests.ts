import { setTimeout as delay } from 'node:timers/promises';
import type { DueCarrierRequest, Lapsed } from '../../datasources/request-log/follow-up-log.ts';
import type { PartsOf, Store } from '../../datasources/request-log/store.ts';
import type { CarrierReads } from '../../datasources/thingspace/carrier-reads.ts';
import { GatewayError, isDamagedRequest } from '../../errors.ts';
import { operationNamed } from '../../operations/index.ts';
import type { Operation } from '../../operations/define-operation.ts';
import { CarrierInquiry, type Question, type RefusedQuestion } from './carrier-inquiry.ts';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import { GrowingPause } from '../../lib/growing-pause.ts';
import { Quota } from '../../lib/quota.ts';

interface ReconcilerOptions {
  readonly store: Pick<Store, 'followUp'> & PartsOf<{ sending: 'step'; requests: 'settings' }>;
  readonly reads: CarrierReads;
  /** A device that has not reported for so long is OVERDUE, and the carrier is asked about it. Counted from when its request left. */
  readonly overdueAfterMs: number;
  /** A device that has not reported for so long is EXPIRED. Nothing waits for it any more. */
  readonly expireAfterMs: number;
  /** The same for a device on hold: whoever has to approve it takes longer than the network. */
  readonly expireOnHoldAfterMs: number;
  /** Another tool's request whose known devices all have a result ends when nothing more has come for so long. */
  readonly externalQuietMs: number;
  /** The most questions to the carrier in any 60 seconds. */
  readonly callsPerMinute: number;
  readonly now: () => number;
  readonly onLapsed: (into: 'OVERDUE' | 'EXPIRED', devices: number) => void;
  readonly onReconciled: (devices: number) => void;
  /** `about` is the device whose question the carrier refused, if it was one device. */
  readonly onFailure: (error: unknown, about: RefusedQuestion | null) => void;
}

/** A question before the settings of its Request are read, which may be a part of its proof. */
interface Due extends Omit<Question, 'provenBy'> {
  readonly proof: Exclude<Operation['provenBy'], 'NOTHING'> | null;
}

/** A carrier request that was asked about. */
interface Asked {
  /** When it may be asked about again, by the monotonic clock, and its next pauses. */
  readonly nextAt: number;
  readonly pause: GrowingPause;
  /** What the carrier has told of the devices that its unmatched messages may mean. Null while it was not asked about them. */
  readonly told: 'ALL' | 'SOME' | 'NOTHING' | null;
}

/** What comes of a check on demand. */
export type CheckResult =
  | { readonly type: 'SCHEDULED'; readonly devices: number }
  | { readonly type: 'NOTHING_TO_ASK' }
  | { readonly type: 'LIMITED'; readonly retryAfterMs: number };

/** Devices that one job moves. It takes a few milliseconds, and a callback waits no longer. */
const LAPSED_AT_ONCE = 250;
/** An unanswered request is asked about sooner: nobody knows whether the carrier took it on. */
const UNKNOWN_AFTER_MS = 120_000;
/** The pause between two questions about one carrier request. */
const FIRST_PAUSE_MS = 300_000;
const LONGEST_PAUSE_MS = 3_600_000;
/** Messages that are unmatched when their Request is complete (NIDD) are asked about for so long. */
const IDENTIFIED_FOR_MS = 3_600_000;
/** How often one Request may be checked on demand. */
const CHECKED_EVERY_MS = 60_000;
/** The most carrier requests that wait for a check on demand. */
const MAX_URGENT = 500;
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
  readonly #asked = new Map<string, Asked>();
  /** Carrier requests that somebody wants asked about now. They wait for the running questions of their account. */
  readonly #urgent = new Map<string, Due>();
  /** When a Request was last checked on demand, by the monotonic clock. */
  readonly #checked = new BoundedCache<string, number>(10_000);
  /** By account: their calls take turns in the quota, so a long list of one does not keep another's devices waiting. */
  readonly #asking = new Map<string, Promise<void>>();

  constructor(options: ReconcilerOptions) {
    this.#options = options;
    const { store, reads, callsPerMinute, now, onFailure: onRefused } = options;
    const quota = new Quota(callsPerMinute);
    const signal = this.#stop.signal;
    this.#inquiry = new CarrierInquiry({ store, reads, quota, now, firstPauseMs: firstPauseMs(options), signal, onRefused });
  }

  /** @param ending ends the tick early. */
  async tick(ending: AbortSignal): Promise<void> {
    const { store, overdueAfterMs, expireOnHoldAfterMs, externalQuietMs, now } = this.#options;
    const at = now();
    const due = await store.followUp.due(at - Math.min(overdueAfterMs, externalQuietMs, UNKNOWN_AFTER_MS));
    const over = await store.followUp.completedUnmatched(at - IDENTIFIED_FOR_MS);
    for (const request of due) if (!ending.aborted) await this.#skipDamaged(() => this.#followUp(request, at));
    for (const request of [...due, ...over])
      if (request.unmatched > 0 && !ending.aborted) await this.#skipDamaged(() => this.#conclude(request, at - request.since));
    if (ending.aborted) return;
    this.#ask(
      [...due, ...over].filter(({ since }) => at - since < expireOnHoldAfterMs),
      at,
    );
  }

  /**
   * Asks the carrier about the devices of a Request now: whether those that have no result yet are done, and whom its unmatched
   * messages mean. The questions keep to the quota. What they teach comes as changes of the Request.
   */
  async checkNow(requestId: string): Promise<CheckResult> {
    const { store } = this.#options;
    const allowedAt = (this.#checked.get(requestId) ?? -Infinity) + CHECKED_EVERY_MS;
    if (performance.now() < allowedAt) return { type: 'LIMITED', retryAfterMs: Math.ceil(allowedAt - performance.now()) };
    if (this.#urgent.size >= MAX_URGENT) return { type: 'LIMITED', retryAfterMs: CHECKED_EVERY_MS };
    // Before the first wait. Otherwise many checks at once would all find that they may.
    this.#checked.set(requestId, performance.now(), 1);
    const questions = (await store.followUp.askable(requestId)).flatMap((request) => toDue(request, true, true) ?? []);
    let devices = 0;
    for (const { position, proof, unmatched } of questions) {
      const silent = proof ? await store.followUp.silentDevices(requestId, position) : [];
      const lacking = unmatched > 0 ? await store.followUp.unmatchedDevices(requestId, position) : [];
      devices += new Set([...silent, ...lacking].map(({ index }) => index)).size;
    }
    if (devices === 0) {
      this.#checked.delete(requestId);
      return { type: 'NOTHING_TO_ASK' };
    }
    for (const question of questions) this.#urgent.set(keyOf(question), question);
    this.#start([...this.#urgent.values()]);
    return { type: 'SCHEDULED', devices };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    await Promise.race([Promise.all(this.#asking.values()), delay(LAST_ANSWERS_MS, undefined, { ref: false })]);
  }

  async #followUp(request: DueCarrierRequest, at: number): Promise<void> {
    const { overdueAfterMs, expireAfterMs, expireOnHoldAfterMs, externalQuietMs } = this.#options;
    const { origin, state, open, settled, pending, since, updatedAt } = request;
    const isQuiet = origin === 'EXTERNAL' && open === 0 && settled > 0 && at - updatedAt >= externalQuietMs;
    if (at - since >= expireAfterMs || isQuiet) await this.#lapse(request, 'EXPIRED', at - since >= expireOnHoldAfterMs);
    else if (at - since >= overdueAfterMs && state === 'ACCEPTED' && pending > 0) await this.#lapse(request, 'OVERDUE');
  }

  async #skipDamaged(work: () => Promise<void>): Promise<void> {
    if (this.#stop.signal.aborted) return;
    try {
      await work();
    } catch (error) {
      if (!isDamagedRequest(error)) throw error;
      this.#options.onFailure(error, null);
    }
  }

  async #lapse({ requestId, position }: DueCarrierRequest, into: 'OVERDUE' | 'EXPIRED', onHoldToo = false): Promise<void> {
    for (let from: number | null = 0; from !== null && !this.#stop.signal.aborted;) {
      const lapsed: Lapsed = await this.#options.store.followUp.lapse(requestId, position, into, {
        from,
        limit: LAPSED_AT_ONCE,
        onHoldToo,
      });
      if (lapsed.devices > 0) this.#options.onLapsed(into, lapsed.devices);
      from = lapsed.next;
    }
  }

  /**
   * Gives up what nobody can tell any more: as many final messages have come as there are devices, and the carrier has told all it
   * knows of the devices that they may mean.
   */
  async #conclude(request: DueCarrierRequest, age: number): Promise<void> {
    const told = this.#asked.get(keyOf(request))?.told;
    // A device whose question is refused again and again keeps the others waiting until it would be overdue, and no longer.
    if (!(told === 'ALL' || (told === 'SOME' && age >= this.#options.overdueAfterMs))) return;
    if (await this.#options.store.followUp.isAtOdds(request.requestId, request.position)) await this.#lapse(request, 'EXPIRED');
  }

  #ask(due: readonly DueCarrierRequest[], at: number): void {
    const open = new Set(due.map(keyOf));
    for (const key of this.#asked.keys()) if (!open.has(key)) this.#asked.delete(key);
    const ripe = due
      .flatMap((request) => toDue(request, request.state === 'UNKNOWN' || at - request.since >= this.#options.overdueAfterMs) ?? [])
      .filter((question) => this.#isRipe(question) && !this.#urgent.has(keyOf(question)));
    this.#start([...this.#urgent.values(), ...ripe]);
  }

  #isRipe(question: Due): boolean {
    const asked = this.#asked.get(keyOf(question));
    return !asked || asked.nextAt <= performance.now() || (question.unmatched > 0 && asked.told === null);
  }

  /** Questions of an account whose questions are running wait for a later tick. */
  #start(questions: readonly Due[]): void {
    for (const [account, requests] of Map.groupBy(questions, (question) => question.account)) {
      if (this.#asking.has(account) || this.#stop.signal.aborted) continue;
      for (const request of requests) this.#urgent.delete(keyOf(request));
      this.#asking.set(
        account,
        this.#askAbout(requests).finally(() => {
          this.#asking.delete(account);
          // What somebody wants checked now waits for no tick.
          this.#start(
            this.#urgent
              .values()
              .filter((question) => question.account === account)
              .toArray(),
          );
        }),
      );
    }
  }

  async #askAbout(due: readonly Due[]): Promise<void> {
    let retryAfterMs = 0;
    let toldAll: readonly Question[] | null = null;
    const questions = await Promise.all(due.map((each) => this.#toQuestion(each)));
    try {
      const result = await this.#inquiry.ask(questions);
      toldAll = result.toldAll;
      if (result.settled > 0) this.#options.onReconciled(result.settled);
    } catch (error) {
      if (this.#stop.signal.aborted) return;
      this.#options.onFailure(error, null);
      const given = error instanceof GatewayError ? error.details['retryAfterMs'] : 0;
      retryAfterMs = typeof given === 'number' ? given : 0;
    }
    for (const question of questions) {
      const { pause = this.#firstPause(), told: before = null } = this.#asked.get(keyOf(question)) ?? {};
      const nextAt = performance.now() + Math.max(pause.next(), retryAfterMs);
      const now = question.unmatched === 0 ? null : toldAll === null ? 'NOTHING' : toldAll.includes(question) ? 'ALL' : 'SOME';
      // What was told once stays true: since then only fewer devices lack a message.
      const told = before === 'ALL' || now === null || (before !== null && now === 'NOTHING') ? before : now;
      this.#asked.set(keyOf(question), { nextAt, pause, told });
    }
  }

  /** When the settings cannot be read, the devices are not asked about this time. */
  async #toQuestion({ proof, ...request }: Due): Promise<Question> {
    if (typeof proof !== 'function') return { ...request, provenBy: proof };
    try {
      const settings = (await this.#options.store.requests.settings([request.requestId])).get(request.requestId);
      return { ...request, provenBy: settings ? proof(settings) : null };
    } catch (error) {
      if (!this.#stop.signal.aborted) this.#options.onFailure(error, null);
      return { ...request, provenBy: null };
    }
  }

  #firstPause(): GrowingPause {
    return new GrowingPause({ firstMs: firstPauseMs(this.#options), maxMs: LONGEST_PAUSE_MS });
  }
}

function firstPauseMs({ overdueAfterMs }: Pick<ReconcilerOptions, 'overdueAfterMs'>): number {
  return Math.min(FIRST_PAUSE_MS, overdueAfterMs);
}

/**
 * Null when there is nothing to ask: no answer of the carrier can prove the operation, for example a renewed activation code or
 * another tool's request, and every message is tied to its device.
 *
 * @param asksForProof whether it is time to ask if its silent devices are done.
 */
function toDue(request: DueCarrierRequest, asksForProof: boolean, isUrgent = false): Due | null {
  const known = operationNamed(request.operation)?.provenBy ?? 'NOTHING';
  const proof = asksForProof && known !== 'NOTHING' ? known : null;
  return proof === null && request.unmatched === 0 ? null : { ...request, proof, isUrgent };
}

function keyOf({ requestId, position }: DueCarrierRequest): string {
  return `${requestId}/${position}`;
}
