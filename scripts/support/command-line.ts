import { GatewayError } from '../../src/errors.ts';

/** What was asked cannot be understood; its message says which part. */
export class UsageError extends Error {}

/**
 * Runs a command of the command line and ends the process: with what `work` gives back (0 for nothing), with 2 and the usage
 * for a UsageError, with 1 and a sentence for whatever could not be done. `--help` is answered here.
 *
 * @param work is given the arguments.
 */
export function runCommand(help: string, work: (given: readonly string[]) => Promise<number | undefined>): void {
  const given = process.argv.slice(2);
  const answerHelp = (): Promise<undefined> => {
    process.stdout.write(help);
    return Promise.resolve(undefined);
  };
  const asksForHelp = given.includes('--help') || given.includes('-h');
  (asksForHelp ? answerHelp() : work(given)).then(
    (code = 0) => process.exit(code),
    (error: unknown) => {
      if (error instanceof UsageError) {
        process.stderr.write(`${error.message}\n\n${help}`);
        process.exit(2);
      }
      process.stderr.write(`${error instanceof GatewayError ? error.message : String(error instanceof Error ? error.stack : error)}\n`);
      process.exit(1);
    },
  );
}
