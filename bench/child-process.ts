import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import type { MemoryReading, ProbeReading } from './probe.ts';

const PRELOADS = ['../require-node.js', './probe.ts'] as const;

export interface ChildOptions {
  /** Flags of Node. */
  readonly flags?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** Called with every line of standard output. */
  readonly onLine?: (line: string) => void;
}

/** A process of the benchmark: it is asked over IPC, and its processor time and event loop are read by a preload. */
export class BenchProcess implements AsyncDisposable {
  readonly #child: ChildProcess;
  readonly #waiting = new Map<number, PromiseWithResolvers<unknown>>();
  #lastId = 0;
  /** Rejects when the process ends. */
  readonly ended: Promise<never>;

  constructor(module: string, options: ChildOptions = {}) {
    this.#child = fork(fileURLToPath(new URL(module, import.meta.url)), [], {
      execArgv: [...(options.flags ?? []), ...PRELOADS.flatMap((preload) => ['--import', new URL(preload, import.meta.url).href])],
      env: { ...process.env, NODE_ENV: 'production', ...options.env },
      serialization: 'advanced',
      stdio: ['ignore', options.onLine ? 'pipe' : 'inherit', 'inherit', 'ipc'],
    });
    if (this.#child.stdout && options.onLine) createInterface({ input: this.#child.stdout }).on('line', options.onLine);
    this.#child.on('message', (message) => {
      const { id, value, error } = message as { id: number; value?: unknown; error?: string };
      const waiting = this.#waiting.get(id);
      this.#waiting.delete(id);
      if (error === undefined) waiting?.resolve(value);
      else waiting?.reject(new Error(`${module}: ${error}`));
    });
    const ended = Promise.withResolvers<never>();
    this.ended = ended.promise;
    this.ended.catch(() => undefined);
    this.#child.once('exit', (code, signal) => {
      ended.reject(new Error(`${module} ended (${signal ?? code})`));
      for (const { reject } of this.#waiting.values()) reject(new Error(`${module} ended (${signal ?? code})`));
      this.#waiting.clear();
    });
  }

  ask<Answer>(command: string, argument: unknown = null): Promise<Answer> {
    const id = ++this.#lastId;
    const answer = Promise.withResolvers<unknown>();
    this.#waiting.set(id, answer);
    if (this.#child.exitCode !== null || !this.#child.connected) answer.reject(new Error('the process has ended'));
    else this.#child.send({ id, command, argument });
    return answer.promise as Promise<Answer>;
  }

  /** Begins or ends a measured time: processor time since the last reading, and the longest time the event loop was held up. */
  probe(at: 'begin' | 'end'): Promise<ProbeReading> {
    return this.ask<ProbeReading>('probe', at);
  }

  /** Collects its garbage first, so this is for the time between two measured ones. */
  memory(): Promise<MemoryReading> {
    return this.ask<MemoryReading>('memory');
  }

  /** Ends it as a power cut would, and waits until it is gone. */
  async kill(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.kill('SIGKILL');
    await ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null || this.#child.signalCode !== null) return;
    const ended = once(this.#child, 'exit');
    const patience = setTimeout(() => this.#child.kill('SIGKILL'), 20_000);
    this.#child.kill('SIGTERM');
    await ended;
    clearTimeout(patience);
  }
}
