import type { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { RequestFilter } from '../../src/datasources/request-log/request-reads.ts';
import { listConditions, REQUESTS, sourcesOf } from '../../src/datasources/request-log/sqlite/list-requests.ts';
import { AUDIT_ENTRIES, planAudit } from '../../src/datasources/request-log/sqlite/sqlite-audit.ts';
import { DEAD_LETTERS, planDeadLetters } from '../../src/datasources/request-log/sqlite/sqlite-dead-letters.ts';
import { openSqlite } from '../../src/datasources/request-log/sqlite/sqlite-open.ts';
import { prepareStatements } from '../../src/datasources/request-log/sqlite/sqlite-statements.ts';
import { planUnclaimed, UNCLAIMED } from '../../src/datasources/request-log/sqlite/sqlite-unclaimed.ts';
import { statementsOf, type KeyedRows, type Walk } from '../../src/datasources/request-log/sqlite/walk-keys.ts';
import { Vault } from '../../src/datasources/request-log/vault.ts';
import { tempFolder } from '../support/temp-folder.ts';

/** Tables without a bound. Statements must find their rows through an index. */
const BIG: ReadonlySet<string> = new Set([
  'event',
  'request',
  'request_input',
  'carrier_request',
  'identifier',
  'unclaimed',
  'kept_message',
  'forward',
  'device_event',
  'device_key',
  'unmatched',
  'unmatched_key',
  'audit',
]);

/** Indexes of only a few rows of a big table. They may be read in full. */
const SMALL: ReadonlySet<string> = new Set(['request_open', 'request_to_index', 'carrier_request_open', 'carrier_request_without_id']);

/** Searches that may find a great part of a table although they use an index. */
const WIDE: ReadonlySet<string> = new Set([
  'request_by_account (account=?)',
  'request_completed (completed_at<?)',
  'unclaimed_by_carrier_request (carrier_request_id>?)',
  'unclaimed_by_age (received_at<?)',
  'kept_message_by_age (received_at<?)',
  'INTEGER PRIMARY KEY (rowid>?)',
]);

/** Statements that read more of a big table than they give back, with the reason why that is allowed. */
const ALLOWED: Readonly<Record<string, string>> = {
  hiddenRequest: 'only what is being purged has no account, and the first is enough',
  purgeableRequests: 'ends at its limit, oldest first',
  notTakenOver: 'ends at its limit, in the order of its key',
  oldUnclaimed: 'ends at its limit, oldest first',
  oldDeadLetters: 'ends at its limit, oldest first',
  unclaimedAfter: 'ends at its limit, in the order of its key',
};

test.each([
  ['without a key', []],
  ['with a key', [Buffer.alloc(32, 'k')]],
])('%s no statement reads a big table in full, except those with a reason', async (_with, keys) => {
  await using folder = await tempFolder();
  const { db } = openSqlite(`${folder.path}/gateway.sqlite`);
  const faults = faultsOf(db, new Vault(keys));
  db.close();
  expect(faults.filter(([name]) => !(name in ALLOWED))).toEqual([]);
  // A reason that is no longer needed must be removed.
  expect(Object.keys(ALLOWED).filter((name) => !faults.some(([faulty]) => faulty === name))).toEqual([]);
});

test('no list of requests sorts, or reads a big table in full, whatever it is filtered by', async () => {
  await using store = await openStore();
  const { db, sql } = store;
  const search = { deviceKeys: ['ICCID:1'], requestId: 'x', carrierRequestId: 'x', clientReference: 'x' };
  const all: RequestFilter = {
    accounts: ['a', 'b'],
    statuses: ['QUEUED', 'UNKNOWN'],
    operation: 'X',
    clientReference: 'x',
    deviceKeys: ['ICCID:1'],
    search,
    since: 1,
    until: 2,
  };
  const sources = new Set<string>();
  for (const filter of combinationsOf<RequestFilter>(all, { accounts: null })) {
    const walk = { ...listConditions(sql, filter), ranges: [] };
    for (const source of [null, ...sourcesOf(sql, filter)]) {
      for (const step of stepsThatReadTooMuch(db, REQUESTS, { ...walk, source })) expect.fail(`${JSON.stringify(filter)}: ${step}`);
      sources.add(source?.index.from ?? 'request');
    }
  }
  expect([...sources].toSorted()).toEqual([
    'identifier',
    'request',
    'request INDEXED BY request_by_account',
    'request INDEXED BY request_by_reference',
    'request INDEXED BY request_open',
  ]);
});

test('no other list sorts, or reads rows of other accounts', async () => {
  await using store = await openStore();
  const accounts = [null, ['a'], ['a', 'b']];
  const lists: [KeyedRows, Walk, isOfAccounts: boolean][] = accounts.flatMap((of): [KeyedRows, Walk, boolean][] => [
    [UNCLAIMED, planUnclaimed(of, 0), of !== null],
    [DEAD_LETTERS, planDeadLetters({ accounts: of, reason: null }, 0), of !== null],
    [DEAD_LETTERS, planDeadLetters({ accounts: of, reason: 'UNREADABLE' }, 0), of !== null],
    [AUDIT_ENTRIES, planAudit({ accounts: of, caller: null }, 9), of !== null],
    [AUDIT_ENTRIES, planAudit({ accounts: of, caller: 'x' }, 9), of !== null],
  ]);
  for (const [rows, walk, isOfAccounts] of lists) {
    expect(stepsThatReadTooMuch(store.db, rows, walk)).toEqual([]);
    if (!isOfAccounts) continue;
    for (const text of statementsOf(rows, walk))
      expect(planOf(store.db, text)).toContainEqual(
        expect.stringMatching(/_by_account \(account=\? AND (?:pk|rowid)>\? AND (?:pk|rowid)<\?\)$/),
      );
  }
});

/** Every choice of the fields of `all`, with those of `rest` where they are not chosen. */
function combinationsOf<Filter extends object>(all: Filter, rest: Filter): Filter[] {
  const fields = Object.entries(all);
  return Array.from({ length: 2 ** fields.length }, (_, choice) => ({
    ...rest,
    ...Object.fromEntries(fields.filter((_field, at) => (choice & (1 << at)) !== 0)),
  }));
}

/** Reading the keys of one part by a range of an index is bounded by the walk. To sort them, or to leave the range, is not. */
function stepsThatReadTooMuch(db: DatabaseSync, rows: KeyedRows, walk: Walk): string[] {
  return statementsOf(rows, walk).flatMap((text) =>
    planOf(db, text).filter((step) => step.startsWith('USE TEMP B-TREE') || readsTooMuch(step, text)),
  );
}

async function openStore() {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const { db } = openSqlite(`${folder.path}/gateway.sqlite`);
  undo.defer(() => db.close());
  const sql = prepareStatements(db, new Vault([]));
  const owned = undo.move();
  return { db, sql, [Symbol.asyncDispose]: () => owned.disposeAsync() };
}

/** Each statement beside the steps of its plan that read too much. */
function faultsOf(db: DatabaseSync, vault: Vault): (readonly [statement: string, step: string])[] {
  return plansOf(db, vault).flatMap(([name, sql, steps]) =>
    steps.filter((step) => readsTooMuch(step, sql)).map((step) => [name, step] as const),
  );
}

/** Every statement there is, by its name, with SQLite's plan for it. */
function plansOf(db: DatabaseSync, vault: Vault): (readonly [statement: string, sql: string, steps: readonly string[]])[] {
  const statements = Object.entries(prepareStatements(db, vault));
  expect(statements.length).toBeGreaterThan(50);
  return statements.map(([name, { sourceSQL: sql }]) => {
    return [name, sql, planOf(db, sql)];
  });
}

function planOf(db: DatabaseSync, text: string): string[] {
  return (db.prepare(`EXPLAIN QUERY PLAN ${text}`).all() as { detail: string }[]).map(({ detail }) => detail);
}

/** `SCAN r`, `SCAN request USING INDEX request_open`, `SEARCH c USING COVERING INDEX name (column=?)`. */
function readsTooMuch(step: string, sql: string): boolean {
  const [, how, named = '', by] = /^(SCAN|SEARCH) (\w+)(?: USING (?:COVERING )?(?:INDEX )?(.+))?$/.exec(step) ?? [];
  if (!how || !BIG.has(tableOf(named, sql))) return false;
  return how === 'SCAN' ? !SMALL.has(by ?? '') : WIDE.has(by ?? '');
}

/** A plan names tables by their alias. */
function tableOf(named: string, sql: string): string {
  const aliases = [
    ...sql.matchAll(/\b(?:FROM|JOIN|UPDATE|INTO)\s+(\w+)(?:\s+(?:AS\s+)?(?!ON\b|WHERE\b|SET\b|JOIN\b|ORDER\b|INDEXED\b)(\w+))?/gi),
  ];
  return aliases.find(([, , alias]) => alias === named)?.[1] ?? named;
}
