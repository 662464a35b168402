import { helpText, readFlags } from './read-flags.ts';
import type { Simulator } from './simulator.ts';
import { startSimulator } from './start-simulator.ts';

/** The command line of the simulator. The first SIGINT or SIGTERM closes it; a second ends the process at once. */
async function main(): Promise<void> {
  const options = readFlags(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(helpText);
    return;
  }
  const simulator = await startSimulator(options);
  const close = (): void => void simulator[Symbol.asyncDispose]();
  process.once('SIGINT', close);
  process.once('SIGTERM', close);
  process.stdout.write(describe(simulator, options.magicIdentifiers ?? true));
}

function describe(simulator: Simulator, magic: boolean): string {
  const { clientId, clientSecret, username, password } = simulator.credentials;
  const lines = [
    `API       ${simulator.url}`,
    `OAuth     ${simulator.oauthUrl}`,
    `Admin     ${simulator.adminUrl}`,
    `Key       ${clientId}  secret ${clientSecret}`,
    `UWS user  ${username}  password ${password}`,
    `Accounts  ${simulator.accounts.join('  ')}`,
  ];
  if (magic) {
    lines.push('Magic identifiers are on: the last four digits of an ICCID choose what becomes of a device (--help lists them).');
  }
  return `${lines.join('\n')}\n`;
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
