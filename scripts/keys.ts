import '../require-node.js';
import { readConfig, type Config } from '../src/config/config.ts';
import { keyCommands } from './keys/key-commands.ts';
import { readKeyCommand, type KeyCommand } from './keys/read-key-command.ts';
import { renderKeys } from './keys/render-keys.ts';
import { runCommandLine, UsageError, type CommandLine, type Output } from './support/command-line.ts';
import { perform } from './support/gateway-command.ts';

const HELP = `Usage: npm run keys -- <command> [--json]

  create NAME --account ACCOUNT:SCOPES [--grant GRANT] [--expires 90d]
                        Make an API key for the caller NAME (letters, digits, dots, dashes, underscores)
                        and print it. It is not shown again, and not kept: only a hash of it is.
  create --like ID [--expires 90d]
                        Make another with the name and rights of key ID. Two of one name may be valid at a
                        time, and they are one caller: hand out the new one, then revoke the old one.
  list                  Show every key.
  revoke ID             End a key at once and for good.
  change ID [--account ACCOUNT:SCOPES] [--grant GRANT]
                        Give a key other accounts, or other grants, at once: what is given replaces what was.

  --account ACCOUNT:read,write         For each account one; '*:read' is for every account of the gateway.
                                       read: see requests. write: change lines, which costs money.
                                       terminate: end lines for good. admin: see and settle what is
                                       unclear. No scope contains another.
  --grant GRANT                        deviceCredential, activationCode: see them in plain text.
                                       introspection: read the schema. For each one, or none to take them.
  --expires 90d                        Days, 1 to 3650; 90 when left out.
  --json                               Print the result as JSON.
  --help                               This text.

The configuration is the gateway's own (M2M_… variables, or .env). A running gateway is asked over its admin
listener; when none runs, the command works on the store itself.

Exit code: 0 done, 1 not done, 2 wrong usage.
`;

async function run(command: KeyCommand, config: Config): Promise<Output> {
  switch (command.name) {
    case 'list': {
      const result = await perform(keyCommands.list(), config);
      return { result, text: renderKeys(result) };
    }
    case 'create': {
      const result = await perform(keyCommands.create(command.wanted), config);
      const until = new Date(result.expiresAt).toISOString().slice(0, 10);
      const note = `Key ${result.id} of ${result.name}, valid until ${until}. It is not shown again: keep it where only its caller can read it.\n`;
      return { result, text: `${result.key}\n`, note };
    }
    case 'revoke': {
      const result = await perform(keyCommands.revoke(command.id), config);
      return { result, text: `Key ${result.id} of ${result.name} is revoked.\n` };
    }
    case 'change': {
      const result = await perform(keyCommands.change(command.id, command.rights), config);
      return { result, text: renderKeys([result]) };
    }
  }
}

function parse(given: readonly string[]): KeyCommand {
  try {
    return readKeyCommand(given, Date.now());
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

export const keysCommandLine: CommandLine = {
  help: HELP,
  takesJson: true,
  run: async (given, env) => await run(parse(given), readConfig(env)),
};

if (import.meta.main) await runCommandLine(keysCommandLine);
