import type { AuditEntry, AuditFilter, AuditRecord, AuditTrail } from '../audit-trail.ts';
import { numberIn } from '../numbered-id.ts';
import type { NextTurn, Page } from '../stored-request.ts';
import type { Database, Queries } from './database.ts';
import { findKeys, type KeyWalk, type LookedAt } from './find-keys.ts';

/** Runs inside a transaction, so an action and its record are stored together. */
export async function insertAudit(tx: Queries, records: readonly AuditRecord[], at: number): Promise<void> {
  if (records.length === 0) return;
  await tx.run(INSERT, [
    at,
    records.map(({ caller }) => caller),
    records.map(({ action }) => action),
    records.map(({ account }) => account),
    records.map(({ devices }) => devices),
    records.map(({ subject }) => subject),
    records.map(({ outcome }) => outcome),
  ]);
}

interface Parts {
  readonly db: Database;
  readonly now: () => number;
  /** Told of records that could not be written. Without it `recordAudit` rejects. */
  readonly onFailed: ((records: readonly AuditRecord[], error: unknown) => void) | undefined;
}

type EntryRow = AuditEntry & { readonly pk: number };

/** `AuditTrail` of the PostgreSQL store. */
export class PostgresAudit implements AuditTrail {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  async recordAudit(records: readonly AuditRecord[]): Promise<void> {
    const { db, now, onFailed } = this.#parts;
    try {
      await db.transaction((tx) => insertAudit(tx, records, now()));
    } catch (error) {
      if (!onFailed) throw error;
      onFailed(records, error);
    }
  }

  async auditEntries(filter: AuditFilter, before: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<AuditEntry>> {
    const from = before === null ? Number.MAX_SAFE_INTEGER : numberIn('aud', before);
    if (from === null) return { rows: [], hasMore: false };
    const keys = await findKeys<LookedAt>(this.#parts.db, planAudit(filter, from, limit + 1), nextTurn);
    if (keys.length === 0) return { rows: [], hasMore: false };
    await nextTurn?.();
    const rows = await this.#parts.db.rows<EntryRow>(BY_KEYS, [keys.slice(0, limit).map(({ pk }) => pk)]);
    return { rows: rows.map(toEntry), hasMore: keys.length > limit };
  }

  async auditEntriesById(ids: readonly string[], accounts: readonly string[] | null): Promise<Map<string, AuditEntry>> {
    const rows = await this.#parts.db.rows<EntryRow>(BY_IDS, [ids.flatMap((id) => numberIn('aud', id) ?? []), accounts]);
    return new Map(rows.map((row) => [row.id, toEntry(row)]));
  }
}

function planAudit({ accounts, caller }: AuditFilter, from: number, limit: number): KeyWalk {
  const rest = { from, limit, isFiltered: caller !== null };
  if (accounts === null) return { ...rest, sql: NEXT, values: [caller], accounts: 1 };
  const some = [...new Set(accounts)];
  return { ...rest, sql: NEXT_OF_ACCOUNTS, values: [caller, some], accounts: some.length };
}

function toEntry({ pk: _pk, ...entry }: EntryRow): AuditEntry {
  return entry;
}

const ENTRY = "pk, 'aud_' || pk AS id, at, caller, action, account, devices, subject, outcome";
const INSERT = `INSERT INTO audit (at, caller, action, account, devices, subject, outcome)
  SELECT $1::bigint, caller, action, account, devices, subject, outcome
  FROM unnest($2::text[], $3::text[], $4::text[], $5::integer[], $6::text[], $7::text[])
    WITH ORDINALITY AS new (caller, action, account, devices, subject, outcome, place) ORDER BY place`;
const NEXT = `SELECT pk, ($3::text IS NULL OR caller = $3::text) AS "isMeant" FROM audit WHERE pk < $1 ORDER BY pk DESC LIMIT $2`;
// `pk + 0`: see the index audit_by_account.
const NEXT_OF_ACCOUNTS = `SELECT a.pk, ($3::text IS NULL OR a.caller = $3::text) AS "isMeant" FROM unnest($4::text[]) AS w (account)
  CROSS JOIN LATERAL (SELECT pk, caller FROM audit WHERE account = w.account::word AND pk + 0 < $1 ORDER BY pk + 0 DESC LIMIT $2) a
  ORDER BY a.pk DESC LIMIT $2`;
const BY_KEYS = `SELECT ${ENTRY} FROM audit WHERE pk = ANY($1::bigint[]) ORDER BY pk DESC`;
const BY_IDS = `SELECT ${ENTRY} FROM audit WHERE pk = ANY($1::bigint[]) AND ($2::text[] IS NULL OR account = ANY($2::text[]))`;
