import '../require-node.js';
import { readConfig } from '../src/config.ts';
import { GatewayError } from '../src/errors.ts';
import { readEnvFile } from '../src/read-env-file.ts';
import { runCallbackCommand, type CallbackCommand } from './support/callback-command.ts';
import { renderTable } from './support/render-table.ts';

const HELP = `Usage: npm run callbacks -- <command>

  list                  Show which listener the carrier has for each account and service.
  register              Register this gateway where the carrier has no listener. Where another tool
                        has one, nothing is changed and that tool is named.
  register --replace    The same, and take over the listeners of other tools: they no longer receive.
  remove                Remove this gateway's listeners, and only those.
  --help                This text.

State: ours     delivers to this gateway
       former   delivers to this gateway under M2M_CALLBACK_PREVIOUS_SECRET; register renews it
       other    delivers to another tool
       none     delivers to nobody

The configuration is the gateway's own (M2M_… variables, or .env). A running gateway is asked over its admin
listener; when none runs, the command logs in to the carrier itself.

Exit code: 0 done, 1 not done, 2 wrong usage.
`;

class UsageError extends Error {}

function parseArguments(given: readonly string[]): CallbackCommand | 'help' {
  if (given.includes('--help') || given.includes('-h')) return 'help';
  const [name, ...flags] = given;
  if (name === 'register' && flags.every((flag) => flag === '--replace')) return { name, replace: flags.length > 0 };
  if ((name === 'list' || name === 'remove') && flags.length === 0) return { name };
  throw new UsageError(
    name === undefined ? 'Which command?' : `Not a command: ${given.join(' ')}. Commands: list, register, register --replace, remove.`,
  );
}

async function main(): Promise<void> {
  const command = parseArguments(process.argv.slice(2));
  if (command === 'help') {
    process.stdout.write(HELP);
    return;
  }
  readEnvFile();
  const reports = await runCallbackCommand(readConfig(process.env), command);
  const rows = reports.map(({ account, service, state, deliversTo, change }) => [
    account,
    service,
    state,
    deliversTo ?? '-',
    change ?? '-',
  ]);
  process.stdout.write(renderTable(['ACCOUNT', 'SERVICE', 'STATE', 'DELIVERS TO', 'CHANGE'], rows));
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    if (error instanceof UsageError) {
      process.stderr.write(`${error.message}\n\n${HELP}`);
      process.exit(2);
    }
    process.stderr.write(`${error instanceof GatewayError ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
    process.exit(1);
  },
);
