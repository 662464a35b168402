import { describeSandbox } from './sandbox/describe-sandbox.ts';
import { explainPort } from './sandbox/explain-port.ts';
import { readSandboxFlags, sandboxHelp } from './sandbox/read-sandbox-flags.ts';
import { startSandbox } from './sandbox/start-sandbox.ts';

/** The command line of the sandbox. SIGINT or SIGTERM ends it in good order; more of them change nothing. */
async function main(): Promise<void> {
  const options = readSandboxFlags(process.argv.slice(2));
  if (options === 'help') {
    process.stdout.write(sandboxHelp);
    return;
  }
  const stopped = Promise.withResolvers<void>();
  for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => stopped.resolve());
  try {
    await using sandbox = await startSandbox(options, fail, process.env);
    process.stdout.write(describeSandbox(sandbox, options));
    await stopped.promise;
  } catch (error) {
    throw new Error(explainPort(error, options) ?? (error instanceof Error ? error.message : String(error)), { cause: error });
  }
}

function fail(error: unknown): never {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}

main().then(() => process.exit(0), fail);
