import { GatewayError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import type { CallbackRegistrations, RegistrationReport, RotationReport } from './callback-registrations.ts';
import type { RegistrationWatch } from './watch-registrations.ts';

export interface RegistrationKeeperOptions {
  readonly registrations: CallbackRegistrations;
  /** Null where nobody said that the carrier delivers here. */
  readonly watch: RegistrationWatch | null;
  /** Whether the start registers what is missing. */
  readonly registersMissing: boolean;
  /** When the carrier is asked for the first time, and again until nothing is missing. */
  readonly firstAfterMs: number;
  readonly everyMs: number;
  readonly logger: Logger;
}

/** The commands of the command line. */
export type RegistrationCommands = Pick<RegistrationKeeper, 'list' | 'register' | 'remove' | 'rotate'>;

/**
 * Looks after the carrier's registrations while the gateway runs: registers what is missing at the start, checks them from
 * then on, and does what the command line asks for. What a command finds out, the watch knows too.
 */
export class RegistrationKeeper implements Disposable {
  readonly #options: RegistrationKeeperOptions;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(options: RegistrationKeeperOptions) {
    this.#options = options;
  }

  /** What readiness says of them. It is never a reason to be taken out of service: callbacks would be lost. */
  get checks(): Readonly<Record<string, string>> {
    const { watch } = this.#options;
    return watch ? { callbacks: watch.status } : {};
  }

  async list(): Promise<readonly RegistrationReport[]> {
    return this.#learn(await this.#options.registrations.list());
  }

  register(options: { readonly replace: boolean }): Promise<readonly RegistrationReport[]> {
    return this.#inTurn(async () => this.#learn(await this.#options.registrations.register(options)));
  }

  remove(): Promise<readonly RegistrationReport[]> {
    return this.#inTurn(async () => this.#learn(await this.#options.registrations.remove()));
  }

  rotate(options: { readonly force: boolean }): Promise<RotationReport> {
    return this.#inTurn(async () => {
      const report = await this.#options.registrations.rotate(options);
      this.#learn(report.listeners);
      return report;
    });
  }

  /** To be called when the callback listener is open: the carrier delivers as soon as it is told. */
  async start(): Promise<void> {
    const { watch, registersMissing, firstAfterMs } = this.#options;
    const isMissing = registersMissing && !(await this.#registerMissing());
    if (watch) this.#checkAfter(firstAfterMs, watch, isMissing);
  }

  /** A check under way is not waited for: it changes nothing. */
  [Symbol.dispose](): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #checkAfter(delayMs: number, watch: RegistrationWatch, isMissing: boolean): void {
    if (!this.#isStopped) this.#timer = setTimeout(() => void this.#check(watch, isMissing), delayMs);
  }

  async #check(watch: RegistrationWatch, wasMissing: boolean): Promise<void> {
    const { firstAfterMs, everyMs } = this.#options;
    const isMissing = wasMissing && !(await this.#registerMissing());
    await watch.check();
    this.#checkAfter(isMissing ? firstAfterMs : everyMs, watch, isMissing);
  }

  /**
   * A carrier that cannot be asked, or a tool that is registered in our place, is no reason to refuse what comes all the same.
   * An error is logged, and it is tried again.
   */
  async #registerMissing(): Promise<boolean> {
    const { logger } = this.#options;
    try {
      const reports = await this.register({ replace: false });
      logger.info('callback_listeners_registered', { count: reports.filter(({ change }) => change === 'registered').length });
      return true;
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error;
      logger.error('callback_listeners_not_registered', { code: error.code, reason: NOT_REGISTERED });
      return false;
    }
  }

  #learn(reports: readonly RegistrationReport[]): readonly RegistrationReport[] {
    this.#options.watch?.learn(reports);
    return reports;
  }

  /** One change after the other: a registration that is under way must not put a URL back that a rotation has just replaced. */
  #inTurn<Result>(work: () => Promise<Result>): Promise<Result> {
    const done = this.#turn.then(work);
    this.#turn = done.catch(() => undefined);
    return done;
  }
}

const NOT_REGISTERED =
  'Callbacks may be delivered elsewhere, or not at all. See `npm run callbacks -- list`; it is tried again every minute, and another tool is never replaced but by `npm run callbacks -- register --replace`.';
