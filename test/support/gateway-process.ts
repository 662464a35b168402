import { spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { spawnEnv } from './spawn-env.ts';

type Listener = 'graphql' | 'websocket' | 'callbacks' | 'admin';

/** The URL of a listener that is not open yet is empty. */
export interface GatewayProcess extends AsyncDisposable {
  readonly pid: number;
  readonly graphql: string;
  readonly websocket: string;
  readonly callbacks: string;
  readonly admin: string;
  /** Everything it has printed so far, standard error included. */
  readonly output: () => string;
  /** Ends with the exit code, or the signal that killed it. */
  readonly exited: Promise<number | NodeJS.Signals>;
  kill(signal: NodeJS.Signals): void;
}

export interface SpawnOptions {
  /** The folder whose `src/main.ts` runs; this project when left out. */
  readonly folder?: string | undefined;
  /** A program that is started in place of `src/main.ts`: its path and arguments. */
  readonly program?: readonly [string, ...string[]] | undefined;
  /** The command that runs it, for instance `strace` and its arguments. It must become the process itself (`-DD`). */
  readonly under?: readonly string[] | undefined;
  /** `info` when left out: less would not tell when it listens. */
  readonly logLevel?: 'debug' | 'info' | undefined;
  /** Descriptors of ours that it has as 3, 4, …. */
  readonly descriptors?: readonly number[] | undefined;
  /** Those that are waited for; all when left out. */
  readonly listeners?: readonly Listener[] | undefined;
  /** When it resolves, the process is sent this signal, also before it listens. */
  readonly signalled?: Promise<NodeJS.Signals> | undefined;
}

/**
 * Starts `src/main.ts` as a process of its own and waits until its listeners are open; rejects with its output when it
 * ends before, and with its pid and how it ended as the error's cause.
 */
export async function spawnGateway(env: Readonly<Record<string, string>>, options: SpawnOptions = {}): Promise<GatewayProcess> {
  const own = options.program ?? [process.execPath, '--import', './require-node.js', 'src/main.ts'];
  const [command = process.execPath, ...args] = [...(options.under ?? []), ...own];
  const child = spawn(command, args, {
    cwd: options.folder,
    env: spawnEnv({ ...env, M2M_LOG_LEVEL: options.logLevel ?? 'info' }, options.folder),
    stdio: ['ignore', 'pipe', 'pipe', ...(options.descriptors ?? [])],
  }) as ChildProcessByStdio<null, Readable, Readable>;
  void options.signalled?.then((signal) => child.kill(signal));
  let output = '';
  const exited = once(child, 'exit').then(
    ([code, signal]: (number | NodeJS.Signals | null)[]) => (code ?? signal) as number | NodeJS.Signals,
  );
  // A test that is interrupted leaves no process behind.
  const orphaned = () => void child.kill('SIGKILL');
  process.once('exit', orphaned);
  void exited.then(() => process.off('exit', orphaned));
  child.stderr.on('data', (chunk: Buffer) => (output += chunk.toString()));
  const urls = new Map<string, string>();
  const listening = Promise.withResolvers<void>();
  const awaited = options.listeners ?? ['graphql', 'websocket', 'callbacks', 'admin'];
  createInterface({ input: child.stdout }).on('line', (line) => {
    output += `${line}\n`;
    // A process that is killed in the middle of a line leaves half of it.
    if (!line.includes('"listening"') || !line.endsWith('}')) return;
    const entry = JSON.parse(line) as { event?: string; listener?: string; url?: string };
    if (entry.event === 'listening' && entry.listener && entry.url) urls.set(entry.listener, entry.url);
    if (awaited.every((each) => urls.has(each))) listening.resolve();
  });
  const early = exited.then((how) =>
    Promise.reject(new Error(`the gateway ended (${how}) before it listened:\n${output}`, { cause: { pid: child.pid, how } })),
  );
  await Promise.race([listening.promise, early]);
  early.catch(() => undefined);
  const url = (name: Listener) => urls.get(name) ?? '';
  return {
    pid: child.pid ?? 0,
    get graphql() {
      return url('graphql');
    },
    get websocket() {
      return url('websocket');
    },
    get callbacks() {
      return url('callbacks');
    },
    get admin() {
      return url('admin');
    },
    output: () => output,
    exited,
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
      await exited;
    },
  };
}
