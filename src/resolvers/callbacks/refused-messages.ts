import type { Refusal } from '../../datasources/request-log/dead-letter-log.ts';

export interface RefusedMessage {
  readonly service: string;
  /** The `pseudonym` of the account. */
  readonly account: string;
  readonly refusal: Refusal;
  /** What it would have been kept as, if it is no callback that can be applied. */
  readonly reason: string | null;
}

/** As long as a log line holds: one a minute tells how many there were. */
const LATELY_MS = 60_000;

/** Which paths have had messages refused lately, because there was no room for them. */
export class RefusedMessages {
  /** One entry for each path and reason: a sender cannot invent either. */
  readonly #last = new Map<string, number>();

  note({ service, account, refusal, reason }: RefusedMessage): void {
    this.#last.set(`${service} of ${account}: ${refusal}${reason === null ? '' : ` (${reason})`}`, performance.now());
  }

  /** For readiness: empty when no message was refused lately. */
  get checks(): Readonly<Record<string, string>> {
    const lately = [...this.#last].filter(([, at]) => performance.now() - at < LATELY_MS).map(([what]) => what);
    return lately.length === 0 ? {} : { callbacksRefused: lately.join(', ') };
  }
}
