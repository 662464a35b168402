import { existsSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { OPERATION_CASES, type PageRow, type Tie } from '../support/operation-fixtures.ts';
import { atCoordinate } from '../support/schema-coordinate.ts';

const rows = OPERATION_CASES.flatMap(({ page, pageRows }) => pageRows.map((row) => ({ ...row, page })));

/** The fault of a tie. Null for a tie that holds. */
function findFault(tie: Tie): string | null {
  if ('field' in tie) return atCoordinate(schema, tie.field) ? null : `the graph has no ${tie.field}`;
  if ('description' in tie) {
    const found = atCoordinate(schema, tie.description);
    if (!found) return `the graph has no ${tie.description}`;
    return found.description?.includes(tie.says) ? null : `the description of ${tie.description} does not say "${tie.says}"`;
  }
  const place = new URL(`../../${tie.file}`, import.meta.url);
  if (!existsSync(place)) return `there is no ${tie.file}`;
  return readTitles(place).has(tie.test) ? null : `${tie.file} has no test "${tie.test}"`;
}

const titlesByFile = new Map<string, ReadonlySet<string>>();

/**
 * The titles of a test file: the first argument of each test, and the first text of each row of a table, which replaces `%s`. Both
 * are whole string literals of the source.
 */
function readTitles(place: URL): ReadonlySet<string> {
  const known = titlesByFile.get(place.href);
  if (known) return known;
  const source = readFileSync(place, 'utf8');
  const found = new Set<string>();
  for (const [, quote, text = ''] of source.matchAll(/(?<=[([]\s*)(['"])((?:\\.|(?!\1).)+)\1,/g)) {
    found.add(quote === '"' ? (JSON.parse(`"${text}"`) as string) : text.replaceAll("\\'", "'"));
  }
  titlesByFile.set(place.href, found);
  return found;
}

test.each(rows)('$page: $id is tied', ({ ties }) => {
  expect(ties.length).toBeGreaterThan(0);
  expect(ties.map(findFault).filter((each) => each !== null)).toEqual([]);
});

test('every row is named once, after its page', () => {
  expect(new Set(rows.map(({ id }) => id)).size).toBe(rows.length);
  for (const { id, page, text } of rows) {
    expect(id.startsWith(`${page}.`)).toBe(true);
    expect(text).toMatch(/\S/);
  }
});

test('a rule is shown by a test, a parameter by a field and a request, a callback field by its arrival', () => {
  const has = ({ ties }: PageRow, what: 'field' | 'test') => ties.some((tie) => what in tie);
  const lacking = rows.filter((row) => {
    switch (row.kind) {
      case 'rule':
      case 'legacy':
      case 'path':
      case 'header':
      case 'example':
        return !has(row, 'test');
      case 'request':
      case 'nidd':
        return !has(row, 'field') || !has(row, 'test');
      case 'callback':
        return !has(row, 'test');
      case 'response':
        return !has(row, 'field');
      case 'note':
        return false;
    }
  });
  expect(lacking.map(({ id }) => id)).toEqual([]);
});

test('every field of an operation’s input comes from a page, but for the gateway’s own', () => {
  const own = new Set([
    'target',
    'clientReference',
    'idempotencyKey',
    'validateOnly',
    'waitMs',
    'confirmAccountName',
    'confirmDeviceCount',
  ]);
  const tied = new Set(rows.flatMap(({ ties }) => ties.flatMap((tie) => ('field' in tie ? [tie.field] : []))));
  const untied: string[] = [];
  const visit = (name: string) => {
    const type = schema.getType(name);
    if (!type || !('getFields' in type)) return;
    for (const field of Object.values(type.getFields())) {
      if (!own.has(field.name) && !tied.has(`${name}.${field.name}`)) untied.push(`${name}.${field.name}`);
      visit(String(field.type).replaceAll(/[[\]!]/g, ''));
    }
  };
  for (const { operation } of OPERATION_CASES) visit(`${operation.typeName}Input`);
  expect(untied).toEqual([]);
});
