import { readFile, writeFile } from 'node:fs/promises';
import { plantedTree } from './planted-tree.ts';

const MIGRATIONS = 'src/datasources/request-log/postgres/migrations';
const FIRST = new URL(`../../${MIGRATIONS}/`, import.meta.url);

/** Everything that CONTRIBUTING.md ("A change of the tables") allows, in every table. */
export async function nextMigration(): Promise<string> {
  const tables = [...(await readFile(new URL('0001-postgres.sql', FIRST), 'utf8')).matchAll(/^CREATE TABLE (\w+)/gm)].map(
    ([, name]) => name,
  );
  return `${tables
    .map((table) => `ALTER TABLE ${table} ADD COLUMN next_note text, ADD COLUMN next_rank integer NOT NULL DEFAULT 7;`)
    .join('\n')}
CREATE TABLE next_table (pk bigint PRIMARY KEY);
CREATE INDEX request_by_next ON request (next_rank, pk)`;
}

export interface NextVersionOptions {
  /** The oldest schema whose gateways work on the one of the next version; 1 when left out. */
  readonly oldestBeside?: number;
}

/** A copy of this project as its next version might be: its tables have more columns, and there are more tables and indexes. */
export async function nextVersion({ oldestBeside = 1 }: NextVersionOptions = {}): Promise<AsyncDisposable & { readonly path: string }> {
  const file = 'datasources/request-log/postgres/prepare-database.ts';
  const tree = await plantedTree([
    {
      file,
      find: "-postgres.sql'] as const;",
      replace: "-postgres.sql', '9999-next.sql'] as const;",
    },
    { file, find: 'const OLDEST_BESIDE = 1;', replace: `const OLDEST_BESIDE: number = ${oldestBeside};` },
  ]);
  await writeFile(`${tree.path}/${MIGRATIONS}/9999-next.sql`, await nextMigration());
  return tree;
}
