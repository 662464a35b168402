#!/usr/bin/env node
import '../require-node.js';
import { fileURLToPath } from 'node:url';
import type { CommandLine } from './support/command-line.ts';

/**
 * The command of the package: `m2m-gateway <command> [arguments]`. A command runs in this process, so that signals, the exit code and
 * the descriptors of a supervisor are its own. Only modules of Node are imported before the version of Node is known to fit.
 */

/** The command line has no such command, or the command takes no arguments. */
const WRONG_USAGE = 2;
/** As `npm start` has it. V8 reads it once, before any module. */
const START_FLAG = '--max-semi-space-size=32';

interface Command {
  readonly does: string;
  /** Whether it reads arguments. One that does not refuses them, instead of starting as if they were not there. */
  readonly takesArguments: boolean;
  readonly run: () => Promise<unknown>;
}

const COMMANDS: Readonly<Record<string, Command>> = {
  start: { does: 'run the gateway; its configuration is M2M_… variables, or .env', takesArguments: false, run: start },
  demo: {
    does: 'show mutations against a simulated carrier; `lifecycle` shows more',
    takesArguments: true,
    run: () => import('./demo.ts'),
  },
  sandbox: { does: 'run the gateway on a simulated carrier, with GraphiQL', takesArguments: true, run: () => import('./sandbox.ts') },
  simulator: { does: 'run the simulated carrier alone', takesArguments: true, run: () => import('../simulator/main.ts') },
  store: { does: 'back up, verify, purge or reseal the store', takesArguments: true, run: store },
  keys: { does: 'create, list, change and revoke API keys', takesArguments: true, run: keys },
  callbacks: { does: "list and change the carrier's registrations", takesArguments: true, run: callbacks },
};

const HELP = `Usage: m2m-gateway <command> [arguments]

${Object.entries(COMMANDS)
  .map(([name, { does }]) => `  ${name.padEnd(11)}${does}\n`)
  .join('')}
demo, sandbox, simulator, store, keys and callbacks tell of their arguments with --help.
`;

async function main(): Promise<unknown> {
  const [name = '', ...given] = process.argv.slice(2);
  if (name === '--help' || name === '-h' || name === 'help') return process.stdout.write(HELP);
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (!command) return refuse(name === '' ? 'Which command?' : `Not a command: ${name}.`);
  if (!command.takesArguments && given.length > 0) {
    if (given.includes('--help') || given.includes('-h')) return process.stdout.write(HELP);
    return refuse(`${name} takes no arguments, but was given: ${given.join(' ')}`);
  }
  // npm sets it to the folder in which npm was called. Names of files are relative to the folder of this process.
  delete process.env['INIT_CWD'];
  if (name !== 'start') process.argv.splice(2, 1);
  return await command.run();
}

function refuse(message: string): void {
  process.stderr.write(`${message}\n\n${HELP}`);
  process.exitCode = WRONG_USAGE;
}

/** Runs the gateway, with `START_FLAG` where that is possible: then this process becomes a Node with the flag, and gets here again. */
async function start(): Promise<void> {
  if (!isSizeGiven() && process.platform !== 'win32' && !(await hasDescriptors())) {
    process.execve?.(process.execPath, [process.execPath, START_FLAG, ...process.execArgv, fileURLToPath(import.meta.url), 'start']);
  }
  await import('../src/main.ts');
}

function isSizeGiven(): boolean {
  return /--max[-_]semi[-_]space[-_]size/.test([...process.execArgv, process.env['NODE_OPTIONS']].join(' '));
}

/** Node marks the descriptors that it is given so that they are closed when the process becomes another program. */
async function hasDescriptors(): Promise<boolean> {
  const { readEnvFile } = await import('../src/config/read-env-file.ts');
  const env: Record<string, string | undefined> = { ...process.env };
  readEnvFile(env);
  return Boolean(env['M2M_CALLBACK_FD'] || env['M2M_GRAPHQL_FD']);
}

async function store(): Promise<void> {
  await runCommandLine((await import('./store.ts')).storeCommandLine);
}

async function keys(): Promise<void> {
  await runCommandLine((await import('./keys.ts')).keysCommandLine);
}

async function callbacks(): Promise<void> {
  await runCommandLine((await import('./callbacks.ts')).callbacksCommandLine);
}

async function runCommandLine(commandLine: CommandLine): Promise<void> {
  const support = await import('./support/command-line.ts');
  await support.runCommandLine(commandLine);
}

await main();
