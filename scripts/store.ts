import '../require-node.js';
import { resolve } from 'node:path';
import { readConfig } from '../src/config/config.ts';
import { acceptDamage } from '../src/datasources/request-log/sqlite/write-ahead-log/accept-damage.ts';
import { GatewayError } from '../src/errors.ts';
import { copyToDatabase, noteRestored } from './store/database-commands.ts';
import {
  renderAcceptedDamage,
  renderBackup,
  renderCopy,
  renderPurge,
  renderReseal,
  renderStats,
  renderVerification,
} from './store/render-store.ts';
import { storeCommands } from './store/store-commands.ts';
import { verifyBackup, verifyStore } from './store/verify-store.ts';
import { runCommandLine, UsageError, type CommandLine, type Environment, type Output } from './support/command-line.ts';
import { perform, type GatewayCommand } from './support/gateway-command.ts';

const HELP = `Usage: npm run store -- <command> [--json]

  backup FILE                   Write a copy of the store to FILE, which must be new.
  verify                        Check the store from end to end. Nothing is changed.
  verify FILE                   Check a backup (needs no configuration).
                                Sealed values are read with M2M_STORE_KEYS or M2M_STORE_KEYS_FILE.
  purge [--older-than-days N]   Delete what has been complete for N days, 1 at least
                                (M2M_RETENTION_DAYS when left out). Open requests are kept.
  reseal                        Encrypt everything with the first of M2M_STORE_KEYS, whatever it
                                was encrypted with; then the other keys can go.
  accept-damage                 Use a store that is refused because its write-ahead log is lost or
                                damaged, with what is whole. What was acknowledged last may be gone.
                                No gateway may run.
  copy                          Move the embedded store (M2M_STORE_PATH) to the empty database of
                                M2M_STORE_URL. No gateway may run. An interrupted copy goes on.
  restored                      Tell that the database was restored from a backup. No gateway may run.
                                The next one begins a new epoch, and sends nothing that was queued.
  stats                         What is in the store, and how large it is.
  --json                        Print the result as JSON.
  --help                        This text.

The configuration is the gateway's own (M2M_… variables, or .env). All but accept-damage, copy
and restored works beside a running gateway, which is asked over its admin listener, and without one.
A database (M2M_STORE_URL) is backed up with pg_dump, or by whoever runs it.

Exit code: 0 done, 1 not done or faults found, 2 wrong usage.
`;

async function run(given: readonly string[], env: Environment): Promise<Output> {
  const done = async <Result>(command: GatewayCommand<Result>, render: (result: Result) => string): Promise<Output> => {
    const result = await perform(command, readConfig(env));
    return { result, text: render(result) };
  };
  const [name, ...rest] = given;
  switch (name) {
    case 'backup':
      return await done(storeCommands.backup(readPath(rest, env)), renderBackup);
    case 'verify': {
      const result = rest.length === 0 ? await verifyStore(readConfig(env)) : verifyBackup(readPath(rest, env), env);
      return { result, text: renderVerification(result), code: result.totalFaults === 0 ? 0 : 1 };
    }
    case 'purge':
      return await done(storeCommands.purge(readDays(rest)), renderPurge);
    case 'reseal':
      takeArguments(0, rest);
      return await done(storeCommands.reseal(), renderReseal);
    case 'accept-damage': {
      takeArguments(0, rest);
      const { storeUrl, storePath } = readConfig(env);
      if (storeUrl !== null) throw new GatewayError('BAD_USER_INPUT', NO_DAMAGE);
      const result = acceptDamage(storePath, Date.now());
      return { result, text: renderAcceptedDamage(result) };
    }
    case 'copy': {
      takeArguments(0, rest);
      const result = await copyToDatabase(readConfig(env), (sentence) => process.stderr.write(`${sentence}\n`));
      return { result, text: renderCopy(result) };
    }
    case 'restored':
      takeArguments(0, rest);
      return { result: await noteRestored(readConfig(env)), text: RESTORED };
    case 'stats':
      takeArguments(0, rest);
      return await done(storeCommands.stats(), renderStats);
    default:
      throw new UsageError(name === undefined ? 'Which command?' : `Not a command: ${given.join(' ')}.`);
  }
}

const RESTORED = 'Marked: the next gateway begins a new epoch, and what was queued is UNKNOWN and not sent again.\n';
const NO_DAMAGE =
  'Nothing was done: accept-damage mends the write-ahead log of an embedded store, and M2M_STORE_URL names a database. PostgreSQL mends its own log when it starts. If it cannot, restore the database from a backup (pg_restore, or the provider), and run `npm run store -- restored`.';

/** npm runs a script in the project's folder. The file's name is relative to the folder in which npm was called. */
function readPath(given: readonly string[], env: Environment): string {
  const [file = ''] = takeArguments(1, given);
  return resolve(env['INIT_CWD'] ?? process.cwd(), file);
}

function readDays(given: readonly string[]): number | null {
  if (given.length === 0) return null;
  const [flag, days = ''] = takeArguments(2, given);
  if (flag !== '--older-than-days' || !/^\d{1,4}$/.test(days) || Number(days) < 1 || Number(days) > 3_650)
    throw new UsageError(`purge takes --older-than-days with a number from 1 to 3650, not ${given.join(' ')}.`);
  return Number(days);
}

function takeArguments(count: number, given: readonly string[]): readonly string[] {
  const file = given[0] ?? '';
  if (given.length !== count || (count === 1 && (file === '' || file.startsWith('-'))))
    throw new UsageError(count === 1 ? 'It takes one FILE.' : `Not understood: ${given.join(' ')}`);
  return given;
}

export const storeCommandLine: CommandLine = { help: HELP, takesJson: true, run };

if (import.meta.main) await runCommandLine(storeCommandLine);
