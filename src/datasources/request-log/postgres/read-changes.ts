import { CHANGE_NOTED_EVERY_MS } from '../change-notes.ts';
import type { ChangePlace, ChangesPage } from '../changed-requests.ts';
import type { Queries } from './database.ts';
import { REQUEST, toRequest, type RequestRow } from './postgres-rows.ts';
import { SettledTime, type TransactionLook } from './settled-time.ts';

/** So far the clock of the database may go back: when it is set, or when a standby with another clock takes over. */
const CLOCK_NOISE_MS = 5_000;
/** After so long without a read, a look at the transactions goes ahead of it. */
const QUIET_MS = 1_000;

type Read = TransactionLook & ((RequestRow & { readonly changedAt: number }) | { readonly pk: null });

/** Reads what has changed after a place, for all accounts of a gateway. */
export class ChangesReader {
  readonly #db: Queries;
  readonly #settled = new SettledTime();
  #lastReadAt = -Infinity;

  constructor(db: Queries) {
    this.#db = db;
  }

  async read(account: string, { changedAt, id }: ChangePlace, limit: number): Promise<ChangesPage> {
    if (performance.now() - this.#lastReadAt > QUIET_MS) {
      const [look] = await this.#db.rows<TransactionLook>(`SELECT ${LOOK}`);
      if (look) this.#settled.settledAt(look);
    }
    this.#lastReadAt = performance.now();
    const found = await this.#db.rows<Read>(CHANGES, [account, changedAt, id ?? '', limit === 0 ? 0 : limit + 1]);
    const [look] = found;
    if (!look) throw new Error('The statement has given back no row.');
    const rows = found.flatMap(({ at: _at, oldestOpen: _oldestOpen, next: _next, ...row }) =>
      row.pk === null ? [] : [row as RequestRow & { readonly changedAt: number }],
    );
    return {
      rows: rows.slice(0, limit).map(({ changedAt: noted, ...row }) => ({ request: toRequest(row), changedAt: noted })),
      hasMore: rows.length > limit,
      goOnAt: Math.max(0, this.#settled.settledAt(look) - CLOCK_NOISE_MS - CHANGE_NOTED_EVERY_MS),
    };
  }
}

/** Of the statement: its beginning is before everything that it does not see. */
const LOOK = `(extract(epoch FROM statement_timestamp()) * 1000)::bigint AS at,
  pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS "oldestOpen", pg_snapshot_xmax(pg_current_snapshot())::text::bigint AS next`;
// All of this time come again when the Request at the place was purged.
const CHANGES = `SELECT ${LOOK}, r.* FROM (SELECT 1) one LEFT JOIN LATERAL (
    SELECT ${REQUEST}, changed_at AS "changedAt" FROM request WHERE account = $1::word AND changed_at > 0
      AND changed_at >= $2::bigint
      AND (changed_at, pk) > ($2::bigint, coalesce((SELECT pk FROM request WHERE id = $3::word), 0))
    ORDER BY changed_at, pk LIMIT $4) r ON true ORDER BY r."changedAt", r.pk`;
