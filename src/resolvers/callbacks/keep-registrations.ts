import { setTimeout as delay } from 'node:timers/promises';
import type { Leases } from '../../datasources/request-log/leases.ts';
import type { Logger } from '../../logger.ts';
import type { CallbackRegistrations, RegistrationReport, RotationReport } from './callback-registrations.ts';
import { describeFailure, type RegistrationWatch } from './watch-registrations.ts';

interface RegistrationKeeperOptions {
  readonly registrations: CallbackRegistrations;
  readonly leases: Leases;
  /** Null unless the settings say that the carrier delivers here. */
  readonly watch: RegistrationWatch | null;
  readonly registersMissing: boolean;
  /** The pause before the first check, and between checks while a registration is missing. */
  readonly firstAfterMs: number;
  readonly everyMs: number;
  readonly logger: Logger;
}

/**
 * Looks after the carrier's registrations while the gateway runs: registers what is missing at the start, then checks them, and
 * runs the commands of the command line. It tells the watch what a command finds out.
 */
export class RegistrationKeeper implements Disposable {
  readonly #options: RegistrationKeeperOptions;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(options: RegistrationKeeperOptions) {
    this.#options = options;
  }

  /** For readiness. It never makes the gateway unready: out of service, it would lose callbacks. */
  get checks(): Readonly<Record<string, string>> {
    const { watch } = this.#options;
    return watch ? { callbacks: watch.status } : {};
  }

  async list(): Promise<readonly RegistrationReport[]> {
    return this.#learn(await this.#options.registrations.list());
  }

  register(options: { readonly replace: boolean }): Promise<readonly RegistrationReport[]> {
    return this.#change(async () => this.#learn(await this.#options.registrations.register(options)));
  }

  remove(): Promise<readonly RegistrationReport[]> {
    return this.#change(async () => this.#learn(await this.#options.registrations.remove()));
  }

  rotate(options: { readonly force: boolean }): Promise<RotationReport> {
    return this.#change(async () => {
      const report = await this.#options.registrations.rotate(options);
      this.#learn(report.listeners);
      return report;
    });
  }

  /**
   * Call it when the callback listener is open: the carrier delivers as soon as it knows the URL. It waits a few seconds for the
   * registration, so that the carrier knows the URL before the first request leaves. A silent carrier holds nothing up for longer.
   */
  async start(): Promise<void> {
    await Promise.race([this.#begin(), delay(START_MS, undefined, { ref: false })]);
  }

  async #begin(): Promise<void> {
    const { watch, registersMissing, firstAfterMs } = this.#options;
    const isMissing = registersMissing && !(await this.#registerMissing());
    if (watch) this.#checkAfter(firstAfterMs, watch, isMissing);
  }

  /** Does not wait for a check under way: it changes nothing. */
  [Symbol.dispose](): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  /** One change at a time: a registration under way must not put back a URL that a rotation has just replaced. */
  #change<Result>(work: () => Promise<Result>): Promise<Result> {
    return this.#options.leases.during('registrations', work);
  }

  #checkAfter(delayMs: number, watch: RegistrationWatch, wasMissing: boolean): void {
    if (this.#isStopped) return;
    const { firstAfterMs, everyMs } = this.#options;
    const check = async () => {
      const isMissing = wasMissing && !(await this.#registerMissing());
      await watch.check();
      this.#checkAfter(isMissing ? firstAfterMs : everyMs, watch, isMissing);
    };
    this.#timer = setTimeout(() => void check(), delayMs);
  }

  /**
   * False when it failed, for whatever reason. The gateway takes callbacks all the same, logs the error and tries again later. It
   * never rejects, because nobody waits for the later tries.
   */
  async #registerMissing(): Promise<boolean> {
    const { logger } = this.#options;
    try {
      const reports = await this.register({ replace: false });
      logger.info('callback_listeners_registered', { count: reports.filter(({ change }) => change === 'registered').length });
      return true;
    } catch (error) {
      if (!this.#isStopped) logger.error('callback_listeners_not_registered', { ...describeFailure(error), reason: NOT_REGISTERED });
      return false;
    }
  }

  #learn(reports: readonly RegistrationReport[]): readonly RegistrationReport[] {
    this.#options.watch?.learn(reports);
    return reports;
  }
}

const START_MS = 5_000;

const NOT_REGISTERED =
  'Callbacks may be delivered elsewhere, or not at all. See `npm run callbacks -- list`. The gateway tries again every minute. Only `npm run callbacks -- register --replace` replaces another tool.';
