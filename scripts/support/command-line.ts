import { configError } from '../../src/config/config.ts';
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

export type Environment = Readonly<Record<string, string | undefined>>;

export interface CommandLine {
  readonly help: string;
  readonly takesJson: boolean;
  readonly run: (given: readonly string[], env: Environment) => Promise<Output>;
}

/** What a command prints, and its exit code. */
export interface Answer {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command. A UsageError becomes exit code 2 and the usage, any other error 1 and a sentence. `--help` needs no command. */
export async function answerCommand({ help, takesJson, run }: CommandLine, given: readonly string[], env: Environment): Promise<Answer> {
  if (given.includes('--help') || given.includes('-h')) return { code: 0, stdout: help, stderr: '' };
  const asksForJson = takesJson && given.includes('--json');
  try {
    const { text, result, note = '', code = 0 } = await run(asksForJson ? given.filter((one) => one !== '--json') : given, env);
    return { code, stdout: asksForJson ? `${JSON.stringify(result, null, 2)}\n` : text, stderr: note };
  } catch (error) {
    if (error instanceof UsageError) return { code: 2, stdout: '', stderr: `${error.message}\n\n${help}` };
    const message = error instanceof GatewayError ? error.message : String(error instanceof Error ? error.stack : error);
    return { code: 1, stdout: '', stderr: `${message}\n` };
  }
}

/** Answers the command line of this process with its environment and `.env`, and ends the process. */
export async function runCommandLine(commandLine: CommandLine): Promise<never> {
  const run: CommandLine['run'] = (given, env) => {
    const faults = readEnvFile(process.env);
    if (faults.length > 0) throw configError(faults);
    return commandLine.run(given, env);
  };
  const { code, stdout, stderr } = await answerCommand({ ...commandLine, run }, process.argv.slice(2), process.env);
  await Promise.all([written(process.stdout, stdout), written(process.stderr, stderr)]);
  process.exit(code);
}

/** Waits for whoever reads it, because the end of the process would cut it off. A reader that has left (`| head`) is no fault. */
function written(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve) => {
    stream.on('error', () => resolve());
    stream.write(text, () => resolve());
  });
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
