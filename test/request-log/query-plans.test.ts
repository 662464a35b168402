import type { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import type { RequestFilter } from '../../src/datasources/request-log/request-log.ts';
import { listConditions, namedRequestsSql, walkRequestsSql } from '../../src/datasources/request-log/sqlite/list-requests.ts';
import { openSqlite } from '../../src/datasources/request-log/sqlite/sqlite-open.ts';
import { prepareStatements } from '../../src/datasources/request-log/sqlite/sqlite-statements.ts';
import { Vault } from '../../src/datasources/request-log/sqlite/sealing/vault.ts';
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
  notTakenOver: 'goes on where it ended, and finds nothing once all are taken over',
  oldUnclaimed: 'ends at its limit, oldest first',
  oldDeadLetters: 'ends at its limit, oldest first',
  unclaimedAfter: 'ends at its limit, in the order of its key',
  unclaimedPage: 'one page, in the order of its key',
  deadLetterPage: 'one page, in the order of its key',
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

test.each(['unclaimedPageOf', 'deadLetterPageOf', 'auditPageOf'])('%s reads nothing of other accounts', async (wanted) => {
  await using folder = await tempFolder();
  const { db } = openSqlite(`${folder.path}/gateway.sqlite`);
  const plans = plansOf(db, new Vault([]));
  db.close();
  const [, , steps = []] = plans.find(([name]) => name === wanted) ?? [];
  expect(steps[0]).toMatch(/ USING (?:COVERING )?INDEX \w+_by_account \(account=\? AND (?:pk|rowid)[<>]\?\)$/);
});

test('no list of requests reads a big table in full, whatever it is filtered by', async () => {
  await using folder = await tempFolder();
  const { db } = openSqlite(`${folder.path}/gateway.sqlite`);
  const sql = prepareStatements(db, new Vault([]));
  const search = { deviceKeys: [], requestId: 'x', carrierRequestId: 'x', clientReference: 'x' };
  const all: RequestFilter = {
    accounts: ['a'],
    statuses: ['FAILED'],
    operation: 'X',
    clientReference: 'x',
    deviceKeys: ['ICCID:1'],
    search,
    since: 1,
    until: 2,
  };
  const names = Object.keys(all) as (keyof RequestFilter)[];
  let plans = 0;
  for (let combination = 0; combination < 2 ** names.length; combination++) {
    const chosen = names.filter((_name, at) => (combination & (1 << at)) !== 0);
    const filter: RequestFilter = { accounts: null, ...Object.fromEntries(chosen.map((name) => [name, all[name]])) };
    const conditions = listConditions(sql, filter);
    for (const text of [walkRequestsSql(conditions, filter.accounts !== null), namedRequestsSql(conditions)]) {
      const steps = db.prepare(`EXPLAIN QUERY PLAN ${text}`).all() as { detail: string }[];
      expect(steps.filter(({ detail }) => readsTooMuch(detail, text))).toEqual([]);
      const [first = ''] = steps.map(({ detail }) => detail).filter((detail) => detail.startsWith('SEARCH request '));
      expect(first).toMatch(
        /INTEGER PRIMARY KEY \(rowid=\?|INTEGER PRIMARY KEY \(rowid>\? AND rowid<\?\)|request_by_account \(account=\? AND pk>\? AND pk<\?\)/,
      );
      plans++;
    }
  }
  db.close();
  expect(plans).toBe(2 ** (names.length + 1));
});

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
    const plan = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all() as { detail: string }[];
    return [name, sql, plan.map(({ detail }) => detail)];
  });
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
