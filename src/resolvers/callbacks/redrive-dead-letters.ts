import { isUtf8 } from 'node:buffer';
import type { AuditRecord } from '../../datasources/request-log/audit-trail.ts';
import type { DeadLetterReason, StoredDeadLetter } from '../../datasources/request-log/dead-letter-log.ts';
import type { PartsOf } from '../../datasources/request-log/store.ts';
import type { NextTurn, Page } from '../../datasources/request-log/stored-request.ts';
import { GatewayError } from '../../errors.ts';
import { accountsWith, mayUse, type Caller } from '../access/caller.ts';
import type { CallbackReceiver, RedriveOutcome } from './receive-callback.ts';

interface DeadLettersOptions {
  readonly store: PartsOf<{ deadLetters: 'deadLetters' | 'deadLettersById'; audit: 'recordAudit' }>;
  readonly receiver: CallbackReceiver;
}

export interface Redriven {
  readonly id: string;
  /** NOT_FOUND also when this caller may not see it. */
  readonly outcome: RedriveOutcome | 'NOT_FOUND';
}

interface DeadLetterQuery {
  readonly accountName: string | null;
  readonly reason: DeadLetterReason | null;
  readonly after: string | null;
  readonly limit: number;
  readonly nextTurn?: NextTurn;
}

export const MAX_REDRIVEN = 1_000;

/** The messages that came on a right path and could not be applied. An admin may read them and try them again. */
export class DeadLetters {
  readonly #options: DeadLettersOptions;

  constructor(options: DeadLettersOptions) {
    this.#options = options;
  }

  list(caller: Caller, { accountName, reason, after, limit, nextTurn }: DeadLetterQuery): Promise<Page<StoredDeadLetter>> {
    const accounts = accountName === null ? accountsWith(caller, 'admin') : mayUse(caller, accountName, 'admin') ? [accountName] : [];
    return this.#options.store.deadLetters.deadLetters({ accounts, reason }, after, limit, nextTurn);
  }

  /**
   * Tries them one after the other, in the order of `ids`. Each is durable before the next is tried.
   *
   * @throws GatewayError BAD_USER_INPUT without ids, with more than 1,000, or with bare numbers, as ids once were.
   */
  async redrive(caller: Caller, ids: readonly string[], trustCredentials: boolean): Promise<Redriven[]> {
    if (ids.length < 1 || ids.length > MAX_REDRIVEN)
      throw new GatewayError(
        'BAD_USER_INPUT',
        `Nothing was tried: \`ids\` must name 1 to ${MAX_REDRIVEN} dead letters, not ${ids.length}.`,
      );
    if (ids.some((id) => /^\d+$/.test(id)))
      throw new GatewayError(
        'BAD_USER_INPUT',
        'Nothing was tried: `ids` has a bare number. The id of a dead letter is `dead_` and the number now, as `DeadLetter.id` shows it.',
      );
    const accounts = accountsWith(caller, 'admin');
    const done: Redriven[] = [];
    const audit: AuditRecord[] = [];
    try {
      for (const id of ids) {
        // Reads them one by one: a thousand messages of a megabyte each would not fit into memory.
        const letter = (await this.#options.store.deadLetters.deadLettersById([id], accounts)).get(id);
        const outcome = letter ? await this.#options.receiver.redrive(letter, trustCredentials) : 'NOT_FOUND';
        done.push({ id, outcome });
        if (letter)
          audit.push({ caller: caller.id, action: 'redriveDeadLetters', account: letter.account, devices: null, subject: id, outcome });
      }
    } finally {
      // Also when one failed: the ones before it were tried.
      await this.#options.store.audit.recordAudit(audit);
    }
    return done;
  }
}

/** A message as text: as it came when it is UTF-8, else as base64. */
export function bodyText(body: Uint8Array): { readonly text: string; readonly isBase64: boolean } {
  const isBase64 = !isUtf8(body);
  return { text: Buffer.from(body).toString(isBase64 ? 'base64' : 'utf8'), isBase64 };
}
