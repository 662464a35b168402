import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { sandboxUrls, type SandboxUrls } from './sandbox-urls.ts';
import { spawnEnv } from './spawn-env.ts';

const SCRIPT = fileURLToPath(new URL('../../scripts/sandbox.ts', import.meta.url));

export interface SandboxProcess extends AsyncDisposable {
  /** Resolves when it says that it is ready; rejects with its output when it ends before. */
  readonly ready: Promise<SandboxUrls>;
  /** Everything it has printed so far. */
  readonly output: () => string;
  /** Resolves with the exit code, or the signal that killed it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
}

/** Starts what `npm run sandbox` starts, or another program, in an environment of its own, and in this folder. */
export function spawnSandbox(
  flags: readonly string[],
  env: Readonly<Record<string, string>> = {},
  folder?: string,
  [command, ...args]: readonly [string, ...string[]] = [process.execPath, SCRIPT],
): SandboxProcess {
  const child = spawn(command, [...args, ...flags], {
    cwd: folder,
    env: spawnEnv(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  const ready = Promise.withResolvers<SandboxUrls>();
  const heard = (chunk: Buffer): void => {
    output += chunk.toString();
    if (output.includes('Ready.')) ready.resolve(sandboxUrls(output));
  };
  child.stdout.on('data', heard);
  child.stderr.on('data', heard);
  const exited = once(child, 'close').then(([code, signal]) => (code ?? signal) as number | NodeJS.Signals);
  ready.promise.catch(() => undefined);
  void exited.then((how) => ready.reject(new Error(`the sandbox ended (${how}) before it was ready:\n${output}`)));
  return {
    ready: ready.promise,
    output: () => output,
    exited,
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}
