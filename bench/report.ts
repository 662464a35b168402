import { cpus, totalmem, type as osType, release } from 'node:os';
import { createRequire } from 'node:module';
import { readFileSync } from 'node:fs';

/** One line of a result: what was measured, the figures, and each figure's ratio to its floor or peer. */
export interface Row {
  readonly name: string;
  readonly figures: Readonly<Record<string, string | number>>;
}

export interface Section {
  readonly title: string;
  readonly notes: readonly string[];
  readonly rows: readonly Row[];
}

export interface Environment {
  readonly machine: string;
  readonly node: string;
  readonly sqlite: string;
  readonly packages: Readonly<Record<string, string>>;
  readonly date: string;
}

const PACKAGES = ['graphql', 'graphql-yoga', 'graphql-ws', 'ws', 'undici', 'zod', '@pothos/core'];

export function readEnvironment(): Environment {
  const { resolve } = createRequire(import.meta.url);
  const version = (name: string): string => {
    const entry = resolve(name);
    const folder = entry.slice(0, entry.lastIndexOf(`node_modules/${name}/`) + `node_modules/${name}/`.length);
    return (JSON.parse(readFileSync(`${folder}package.json`, 'utf8')) as { version: string }).version;
  };
  const [first] = cpus();
  return {
    machine: `${cpus().length} × ${first?.model ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GB, ${osType()} ${release()}`,
    node: process.versions.node,
    sqlite: process.versions['sqlite'] ?? 'unknown',
    packages: Object.fromEntries(PACKAGES.map((name) => [name, version(name)])),
    date: new Date().toISOString(),
  };
}

export function printEnvironment({ machine, node, sqlite, packages, date }: Environment): void {
  console.log(`${date}  ${machine}`);
  console.log(
    `node ${node}, SQLite ${sqlite}, ${Object.entries(packages)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ')}\n`,
  );
}

export function printSection({ title, notes, rows }: Section): void {
  console.log(`## ${title}`);
  for (const note of notes) console.log(note);
  const columns = [...new Set(rows.flatMap(({ figures }) => Object.keys(figures)))];
  const cells = [['', ...columns], ...rows.map(({ name, figures }) => [name, ...columns.map((column) => format(figures[column]))])];
  const widths = cells[0]?.map((_, at) => Math.max(...cells.map((line) => line[at]?.length ?? 0))) ?? [];
  for (const line of cells) {
    console.log(line.map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0))).join('  '));
  }
  console.log('');
}

function format(value: string | number | undefined): string {
  if (value === undefined) return '';
  if (typeof value === 'string') return value;
  if (Number.isInteger(value)) return value.toLocaleString('en-US');
  return Math.abs(value) >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(Math.abs(value) >= 10 ? 1 : 2);
}
