import '../require-node.js';
import { resolve } from 'node:path';
import { readConfig } from '../src/config/config.ts';
import { verifySqlite } from '../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import { readEnvFile } from '../src/config/read-env-file.ts';
import { keysOf } from './store/verify-store.ts';
import { renderBackup, renderPurge, renderReseal, renderStats, renderVerification } from './store/render-store.ts';
import { backupStore, purgeStore, readStoreStats, resealStore, verifyStore } from './store/store-commands.ts';
import { runCommand, UsageError } from './support/command-line.ts';

const HELP = `Usage: npm run store -- <command> [--json]

  backup FILE                   Write a copy of the store to FILE, which must be new.
  verify                        Check the store from end to end. Nothing is changed.
  verify FILE                   Check a backup (needs no configuration).
                                Sealed values are read with M2M_STORE_KEYS or M2M_STORE_KEYS_FILE.
  purge [--older-than-days N]   Delete what has been complete for N days, 1 at least
                                (M2M_RETENTION_DAYS when left out). Open requests are kept.
  reseal                        Encrypt everything with the first of M2M_STORE_KEYS, whatever it
                                was encrypted with; then the other keys can go.
  stats                         What is in the store, and how large it is.
  --json                        Print the result as JSON.
  --help                        This text.

The configuration is the gateway's own (M2M_… variables, or .env). All of it works beside a running
gateway, which is asked over its admin listener, and without one.

Exit code: 0 done, 1 not done or faults found, 2 wrong usage.
`;

interface Output {
  readonly result: unknown;
  readonly text: string;
  readonly code?: number;
}

async function run(given: readonly string[]): Promise<Output> {
  const [command, ...rest] = given;
  switch (command) {
    case 'backup': {
      const [file] = exactly(1, rest);
      const result = await backupStore(config(), fileAt(file ?? ''));
      return { result, text: renderBackup(result) };
    }
    case 'verify': {
      const [file] = rest.length === 0 ? [] : exactly(1, rest);
      if (file !== undefined) readEnvFile();
      const result = file === undefined ? await verifyStore(config()) : verifySqlite(fileAt(file), keysOf(process.env));
      return { result, text: renderVerification(result), code: result.totalFaults === 0 ? 0 : 1 };
    }
    case 'purge': {
      const days = daysIn(rest);
      const result = await purgeStore(config(), days);
      return { result, text: renderPurge(result) };
    }
    case 'reseal': {
      exactly(0, rest);
      const result = await resealStore(config());
      return { result, text: renderReseal(result) };
    }
    case 'stats': {
      exactly(0, rest);
      const result = await readStoreStats(config());
      return { result, text: renderStats(result) };
    }
    default:
      throw new UsageError(command === undefined ? 'Which command?' : `Not a command: ${given.join(' ')}.`);
  }
}

function config() {
  readEnvFile();
  return readConfig(process.env);
}

/** npm runs a script in the project's folder; a file is meant where it was called. */
function fileAt(file: string): string {
  return resolve(process.env['INIT_CWD'] ?? process.cwd(), file);
}

function daysIn(given: readonly string[]): number | null {
  if (given.length === 0) return null;
  const [flag, days = ''] = exactly(2, given);
  if (flag !== '--older-than-days' || !/^\d{1,4}$/.test(days) || Number(days) < 1 || Number(days) > 3_650)
    throw new UsageError(`purge takes --older-than-days with a number from 1 to 3650, not ${given.join(' ')}.`);
  return Number(days);
}

function exactly(count: number, given: readonly string[]): readonly string[] {
  const file = given[0] ?? '';
  if (given.length !== count || (count === 1 && (file === '' || file.startsWith('-'))))
    throw new UsageError(count === 1 ? 'It takes one FILE.' : `Not understood: ${given.join(' ')}`);
  return given;
}

runCommand(HELP, async (given) => {
  const { result, text, code } = await run(given.filter((argument) => argument !== '--json'));
  process.stdout.write(given.includes('--json') ? `${JSON.stringify(result, null, 2)}\n` : text);
  return code;
});
