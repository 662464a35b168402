import { GatewayError } from '../../errors.ts';
import type { LogFields, Logger } from '../../logger.ts';
import type { CallbackRegistrations, RegistrationReport, RegistrationState } from './callback-registrations.ts';

interface RegistrationWatchOptions {
  readonly accounts: readonly string[];
  readonly list: CallbackRegistrations['list'];
  /** Whether the carrier refuses the login. Then nothing is asked: another try could lock the account. */
  readonly isLatched: () => Promise<boolean>;
  /** `lost`: how many registrations do not name us. `at`: when all were checked, in milliseconds since 1970; null unless all were. */
  readonly onChecked: (lost: number, at: number | null) => void;
  readonly pseudonym: (account: string) => string;
  readonly logger: Logger;
  readonly now: () => number;
}

/** In these states the carrier does not deliver here. */
const LOST: ReadonlySet<RegistrationState> = new Set(['lapsed', 'other', 'none']);

/**
 * Watches whether the carrier's registrations still name our URLs. Any tool that registers replaces ours silently, and then the
 * callbacks of our requests go elsewhere. The watch reports a loss and does not repair it: the other tool may be there on purpose.
 */
export class RegistrationWatch {
  readonly #options: RegistrationWatchOptions;
  readonly #known = new Map<string, RegistrationReport>();
  #isAnswered = false;
  #changes = 0;

  constructor(options: RegistrationWatchOptions) {
    this.#options = options;
  }

  /** For readiness: `ok`; `unknown` when the last check failed; or which registrations are lost. */
  get status(): string {
    const lost = this.#lost();
    if (lost.length === 0) return this.#isAnswered ? 'ok' : 'unknown';
    return `lost: ${lost.map(({ account, service, state }) => `${service} of ${this.#options.pseudonym(account)} → ${state}`).join(', ')}`;
  }

  /** Asks the carrier, each account by itself. Never rejects. */
  async check(): Promise<void> {
    const { accounts, list, logger } = this.#options;
    if (await this.#options.isLatched().catch(() => true)) return this.#conclude(false);
    const failures: unknown[] = [];
    for (const account of accounts) {
      const before = this.#changes;
      try {
        const reports = await list([account]);
        // A command that ran meanwhile knows better: it may have changed them.
        if (this.#changes === before) this.#compare(reports);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0 && this.#isAnswered)
      logger.warn('callback_listeners_unchecked', { count: failures.length, ...describeFailure(failures[0]) });
    this.#conclude(failures.length === 0);
  }

  /** Takes over what a command has found or changed, for every account. */
  learn(reports: readonly RegistrationReport[]): void {
    this.#changes += 1;
    this.#compare(reports);
    this.#conclude(true);
  }

  #compare(reports: readonly RegistrationReport[]): void {
    const { logger, pseudonym } = this.#options;
    for (const report of reports) {
      const key = `${report.account} ${report.service}`;
      const before = this.#known.get(key)?.state ?? 'ours';
      this.#known.set(key, report);
      if (before === report.state) continue;
      const fields = { service: report.service, account: pseudonym(report.account), outcome: report.state };
      if (LOST.has(report.state)) logger.error('callback_listener_lost', { ...fields, reason: REPAIR });
      else if (LOST.has(before)) logger.info('callback_listener_back', fields);
      if (report.state === 'former') logger.warn('callback_listener_on_former_url', { ...fields, reason: RENEW });
    }
  }

  #conclude(isAnswered: boolean): void {
    this.#isAnswered = isAnswered;
    this.#options.onChecked(this.#lost().length, isAnswered ? this.#options.now() : null);
  }

  #lost(): RegistrationReport[] {
    return [...this.#known.values()].filter(({ state }) => LOST.has(state));
  }
}

/** The words of a refusal name the account, so they do not go into the log. */
export function describeFailure(error: unknown): LogFields {
  if (!(error instanceof GatewayError)) return { error };
  const { code, details } = error;
  if (code !== 'CARRIER_REFUSED' && code !== 'LISTENER_TAKEN') return { code, error };
  return { code, ...(typeof details['httpStatus'] === 'number' && { status: details['httpStatus'] }) };
}

const REPAIR =
  'The carrier does not deliver here. See `npm run callbacks -- list`. Take it back with `npm run callbacks -- register` (with `--replace` if another tool has it).';
const RENEW = 'The former URL is not taken for ever. Renew the registration with `npm run callbacks -- register`.';
