import type { DeadLetterFilter, DeadLetterLog, StoredDeadLetter } from '../dead-letter-log.ts';
import { numberIn } from '../numbered-id.ts';
import type { NextTurn, Page } from '../stored-request.ts';
import type { Database } from './database.ts';
import { findKeys, type KeyWalk } from './find-keys.ts';
import { placeOfDeadLetter } from './path-rows.ts';
import { readPage, type SizedKey } from './read-page.ts';
import type { Seals } from './seals.ts';

type LetterRow = Omit<StoredDeadLetter, 'forward'> & { readonly digest: Uint8Array; readonly keyId: string | null };

/** `DeadLetterLog` of the PostgreSQL store. */
export class PostgresDeadLetters implements DeadLetterLog {
  readonly #db: Database;
  readonly #seals: Seals;

  constructor(db: Database, seals: Seals) {
    this.#db = db;
    this.#seals = seals;
  }

  async deadLetters(filter: DeadLetterFilter, after: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<StoredDeadLetter>> {
    const from = after === null ? 0 : numberIn('dead', after);
    if (from === null) return { rows: [], hasMore: false };
    const keys = await findKeys<SizedKey>(this.#db, planDeadLetters(filter, from, limit + 1), nextTurn);
    const page = { keys, limit, sql: BY_KEYS, toItem: (row: LetterRow) => this.#open(row) };
    return readPage(this.#db, page, nextTurn);
  }

  async deadLettersById(ids: readonly string[], accounts: readonly string[] | null): Promise<Map<string, StoredDeadLetter>> {
    const rows = await this.#db.rows<LetterRow>(BY_IDS, [ids.flatMap((id) => numberIn('dead', id) ?? []), accounts]);
    return new Map(rows.map((row) => [row.id, this.#open(row)]));
  }

  async discardDeadLetter(id: string): Promise<void> {
    const pk = numberIn('dead', id);
    if (pk !== null) await this.#db.transaction((tx) => tx.run('DELETE FROM dead_letter WHERE pk = $1', [pk]));
  }

  /** @throws GatewayError STORE_FAILED for a body that does not open. */
  #open({ digest, keyId, ...letter }: LetterRow): StoredDeadLetter {
    return { ...letter, body: this.#seals.openBytes(letter.body, keyId, placeOfDeadLetter({ ...letter, digest })) };
  }
}

function planDeadLetters({ accounts, reason }: DeadLetterFilter, from: number, limit: number): KeyWalk {
  const rest = { from, limit, isFiltered: false, accounts: 1 };
  if (accounts === null) return reason === null ? { ...rest, sql: NEXT, values: [] } : { ...rest, sql: NEXT_OF_REASON, values: [reason] };
  const some = [...new Set(accounts)];
  return { ...rest, sql: NEXT_OF_ACCOUNTS, values: [reason, some], isFiltered: reason !== null, accounts: some.length };
}

const LETTER = `'dead_' || pk AS id, account, service, received_at AS "receivedAt", reason, content_type AS "contentType",
  content_encoding AS "contentEncoding", digest, body, key_id AS "keyId"`;
const SIZED = 'octet_length(body) AS bytes';
const NEXT = `SELECT pk, ${SIZED}, true AS "isMeant" FROM dead_letter WHERE pk > $1 ORDER BY pk LIMIT $2`;
// `pk + 0`: see the indexes dead_letter_by_reason and dead_letter_by_account.
const NEXT_OF_REASON = `SELECT pk, ${SIZED}, true AS "isMeant" FROM dead_letter WHERE reason = $3::word AND pk + 0 > $1 ORDER BY pk + 0 LIMIT $2`;
const NEXT_OF_ACCOUNTS = `SELECT d.pk, d.bytes, ($3::text IS NULL OR d.reason = $3::text) AS "isMeant" FROM unnest($4::text[]) AS w (account)
  CROSS JOIN LATERAL (SELECT pk, ${SIZED}, reason FROM dead_letter WHERE account = w.account::word AND pk + 0 > $1 ORDER BY pk + 0 LIMIT $2) d
  ORDER BY d.pk LIMIT $2`;
const BY_KEYS = `SELECT ${LETTER} FROM dead_letter WHERE pk = ANY($1::bigint[]) ORDER BY pk`;
const BY_IDS = `SELECT ${LETTER} FROM dead_letter WHERE pk = ANY($1::bigint[]) AND ($2::text[] IS NULL OR account = ANY($2::text[]))`;
