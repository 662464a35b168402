import { GatewayError } from '../../errors.ts';
import type { LogFields, Logger } from '../../logger.ts';
import type { CallbackListeners, ListenerReport, ListenerState } from './callback-registrations.ts';

export interface ListenerWatchOptions {
  readonly accounts: readonly string[];
  readonly list: CallbackListeners['list'];
  /** While the carrier refuses the login nothing is asked: another try could lock the account. */
  readonly isLatched: () => Promise<boolean>;
  /** How many listeners are lost, and when the carrier last told all of them, in milliseconds since 1970; null where it did not. */
  readonly onChecked: (lost: number, at: number | null) => void;
  readonly pseudonym: (account: string) => string;
  readonly logger: Logger;
  readonly now: () => number;
}

/** What the carrier no longer delivers here. */
const LOST: ReadonlySet<ListenerState> = new Set(['lapsed', 'other', 'none']);

/**
 * Whether the carrier's registrations still name our URLs. It keeps one listener a service and account, and any tool that
 * registers takes it silently: the callbacks of our own requests would then go elsewhere. It is told, not repaired: another
 * tool may have been put there on purpose.
 */
export class ListenerWatch {
  readonly #options: ListenerWatchOptions;
  readonly #known = new Map<string, ListenerReport>();
  #isAnswered = false;
  #changes = 0;

  constructor(options: ListenerWatchOptions) {
    this.#options = options;
  }

  /** For readiness: `ok`, `unknown` when the carrier could not be asked the last time, or which listeners are lost. */
  get status(): string {
    const lost = this.#lost();
    if (lost.length === 0) return this.#isAnswered ? 'ok' : 'unknown';
    return `lost: ${lost.map(({ account, service, state }) => `${service} of ${this.#options.pseudonym(account)} → ${state}`).join(', ')}`;
  }

  /** Asks the carrier, each account on its own; never rejects. */
  async check(): Promise<void> {
    const { accounts, list, logger } = this.#options;
    if (await this.#options.isLatched().catch(() => true)) return this.#unanswered();
    const failures: unknown[] = [];
    for (const account of accounts) {
      const before = this.#changes;
      try {
        const reports = await list([account]);
        // A command changed them meanwhile, and has told what they are now.
        if (this.#changes === before) this.#learn(reports);
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length === 0) return this.#answered();
    if (this.#isAnswered) logger.warn('callback_listeners_unchecked', { count: failures.length, ...told(failures[0]) });
    this.#unanswered();
  }

  /** What a command has found, or made of them; of every account. */
  tell(reports: readonly ListenerReport[]): void {
    this.#changes += 1;
    this.#learn(reports);
    this.#answered();
  }

  #learn(reports: readonly ListenerReport[]): void {
    const { logger, pseudonym } = this.#options;
    for (const report of reports) {
      const key = `${report.account} ${report.service}`;
      const before = this.#known.get(key)?.state ?? 'ours';
      this.#known.set(key, report);
      const fields = { service: report.service, account: pseudonym(report.account), outcome: report.state };
      if (before === report.state) continue;
      if (LOST.has(report.state)) logger.error('callback_listener_lost', { ...fields, reason: REPAIR });
      else if (LOST.has(before)) logger.info('callback_listener_back', fields);
      if (report.state === 'former') logger.warn('callback_listener_on_former_url', { ...fields, reason: RENEW });
    }
  }

  #answered(): void {
    this.#isAnswered = true;
    this.#options.onChecked(this.#lost().length, this.#options.now());
  }

  #unanswered(): void {
    this.#isAnswered = false;
    this.#options.onChecked(this.#lost().length, null);
  }

  #lost(): ListenerReport[] {
    return [...this.#known.values()].filter(({ state }) => LOST.has(state));
  }
}

/** A refusal names the account, in the carrier's words: neither is for the log. */
function told(error: unknown): LogFields {
  if (!(error instanceof GatewayError) || error.code !== 'CARRIER_REFUSED') return { error };
  return { code: error.code, status: Number(error.details['httpStatus']) };
}

const REPAIR =
  'The carrier does not deliver here. Look with `npm run callbacks -- list`; take it back with `npm run callbacks -- register` (`--replace` where another tool has it).';
const RENEW = 'It is taken, but not for ever. Renew it with `npm run callbacks -- register`.';
