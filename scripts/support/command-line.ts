import { readConfig, type Config } from '../../src/config/config.ts';
import { readEnvFile } from '../../src/config/read-env-file.ts';
import { GatewayError } from '../../src/errors.ts';

/** A command line that cannot be understood; its message says which part. */
export class UsageError extends Error {}

export interface Output {
  readonly text: string;
  /** What `--json` prints in place of the text. */
  readonly result?: unknown;
  /** For the person, beside what a script reads. */
  readonly note?: string;
  /** The exit code, 0 when left out. */
  readonly code?: number;
}

export interface CommandLine {
  readonly help: string;
  readonly takesJson: boolean;
  readonly run: (given: readonly string[]) => Promise<Output>;
}

/**
 * Runs a command and ends the process: with its exit code, with 2 and the usage for a UsageError, with 1 and a sentence when
 * it could not be done. It answers `--help` by itself.
 */
export function runCommandLine({ help, takesJson, run }: CommandLine): void {
  const given = process.argv.slice(2);
  const asksForHelp = given.includes('--help') || given.includes('-h');
  const asksForJson = takesJson && given.includes('--json');
  const work = asksForHelp ? Promise.resolve<Output>({ text: help }) : run(asksForJson ? given.filter((one) => one !== '--json') : given);
  work.then(
    ({ text, result, note, code = 0 }) => {
      process.stdout.write(asksForJson && !asksForHelp ? `${JSON.stringify(result, null, 2)}\n` : text);
      if (note) process.stderr.write(note);
      process.exit(code);
    },
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

/** The gateway's own configuration: of the environment and `.env`. */
export function configOfProcess(): Config {
  readEnvFile();
  return readConfig(process.env);
}

/** Rows under a head, each column as wide as its widest cell. */
export function renderTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}
