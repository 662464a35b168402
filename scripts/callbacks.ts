import '../require-node.js';
import { readConfig } from '../src/config/config.ts';
import { callbackCommands, type CallbackAnswer } from './callbacks/callback-commands.ts';
import { renderTable, runCommandLine, UsageError, type CommandLine } from './support/command-line.ts';
import { perform, type GatewayCommand } from './support/gateway-command.ts';

const HELP = `Usage: npm run callbacks -- <command>

  list                  Show the carrier's registration for each account and service.
  register              Register this gateway where the carrier has no registration. Where another
                        tool has one, the command changes nothing and names that tool.
  register --replace    The same, and replace the registrations of other tools: they no longer receive.
  rotate                Register new URLs, with the username and password of the configuration. The
                        registrations of other tools stay. The gateway takes the former URLs for
                        another 24 hours. Within these only --force rotates again.
  rotate --force        The same at once. Callbacks to the URLs before the last ones are refused and lost.
  remove                Remove this gateway's registrations, and only those.
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

function readCommand(given: readonly string[]): GatewayCommand<CallbackAnswer> {
  const [name, ...flags] = given;
  if (name === 'list' && flags.length === 0) return callbackCommands.list();
  if (name === 'register' && flags.every((flag) => flag === '--replace')) return callbackCommands.register({ replace: flags.length > 0 });
  if (name === 'rotate' && flags.every((flag) => flag === '--force')) return callbackCommands.rotate({ force: flags.length > 0 });
  if (name === 'remove' && flags.length === 0) return callbackCommands.remove();
  throw new UsageError(
    name === undefined
      ? 'Which command?'
      : `Not a command: ${given.join(' ')}. Commands: list, register, register --replace, rotate, rotate --force, remove.`,
  );
}

export const callbacksCommandLine: CommandLine = {
  help: HELP,
  takesJson: false,
  run: async (given, env) => {
    const result = await perform(readCommand(given), readConfig(env));
    const { listeners, formerUntil } = 'listeners' in result ? result : { listeners: result, formerUntil: null };
    const rows = listeners.map(({ account, service, state, deliversTo, change }) => [
      account,
      service,
      state,
      deliversTo ?? '-',
      change ?? '-',
    ]);
    const until = formerUntil === null ? '' : `\nThe URLs of before are taken until ${new Date(formerUntil).toISOString()}.\n`;
    return { text: `${renderTable(['ACCOUNT', 'SERVICE', 'STATE', 'DELIVERS TO', 'CHANGE'], rows)}${until}` };
  },
};

if (import.meta.main) await runCommandLine(callbacksCommandLine);
