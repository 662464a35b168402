import '../require-node.js';
import { readConfig } from '../src/config/config.ts';
import { readEnvFile } from '../src/config/read-env-file.ts';
import { runCallbackCommand, type CallbackCommand } from './callbacks/callback-commands.ts';
import { renderTable } from './support/render-table.ts';
import { runCommand, UsageError } from './support/command-line.ts';

const HELP = `Usage: npm run callbacks -- <command>

  list                  Show which listener the carrier has for each account and service.
  register              Register this gateway where the carrier has no listener. Where another tool
                        has one, nothing is changed and that tool is named.
  register --replace    The same, and take over the listeners of other tools: they no longer receive.
  rotate                Give this gateway's listeners new URLs, and the username and password of the
                        configuration; those of other tools stay. The former URLs are taken for another
                        24 hours, and within these only --force rotates again.
  rotate --force        The same at once: what the carrier still sends to the URLs before the last ones
                        is refused, and lost.
  remove                Remove this gateway's listeners, and only those.
  --help                This text.

State: ours     delivers to this gateway
       former   delivers to this gateway under its URL before the last rotation, or under
                M2M_CALLBACK_PREVIOUS_SECRET; register renews it
       lapsed   a URL of this gateway that it no longer takes; register renews it
       other    delivers to another tool
       none     delivers to nobody

The configuration is the gateway's own (M2M_… variables, or .env). A running gateway is asked over its admin
listener; when none runs, the command logs in to the carrier itself.

Exit code: 0 done, 1 not done, 2 wrong usage.
`;

function parseArguments(given: readonly string[]): CallbackCommand {
  const [name, ...flags] = given;
  if (name === 'register' && flags.every((flag) => flag === '--replace')) return { name, replace: flags.length > 0 };
  if (name === 'rotate' && flags.every((flag) => flag === '--force')) return { name, force: flags.length > 0 };
  if ((name === 'list' || name === 'remove') && flags.length === 0) return { name };
  throw new UsageError(
    name === undefined
      ? 'Which command?'
      : `Not a command: ${given.join(' ')}. Commands: list, register, register --replace, rotate, rotate --force, remove.`,
  );
}

runCommand(HELP, async (given) => {
  const command = parseArguments(given);
  readEnvFile();
  const { listeners, formerUntil } = await runCallbackCommand(readConfig(process.env), command);
  const rows = listeners.map(({ account, service, state, deliversTo, change }) => [
    account,
    service,
    state,
    deliversTo ?? '-',
    change ?? '-',
  ]);
  process.stdout.write(renderTable(['ACCOUNT', 'SERVICE', 'STATE', 'DELIVERS TO', 'CHANGE'], rows));
  if (formerUntil !== null) process.stdout.write(`\nThe URLs of before are taken until ${new Date(formerUntil).toISOString()}.\n`);
  return undefined;
});
