import { spawnGateway, type GatewayProcess } from '../../support/gateway-process.ts';
import type { TcpFaultProxy } from '../../support/tcp-fault-proxy.ts';

/** Orchestrators kill what has not ended by then. */
const STOPS_WITHIN_MS = 25_000;

export interface ReplicaOptions {
  readonly name: string;
  readonly env: Readonly<Record<string, string>>;
  /** The way to its database. */
  readonly database: TcpFaultProxy;
  /** See `SpawnOptions`. */
  readonly folder: string | undefined;
  readonly onProblem: (problem: string) => void;
}

/** One of several gateways. It comes back on the same ports, with the same journal. */
export class Replica implements AsyncDisposable {
  readonly #options: ReplicaOptions;
  #process: GatewayProcess | null = null;
  isFrozen = false;

  constructor(options: ReplicaOptions) {
    this.#options = options;
  }

  get name(): string {
    return this.#options.name;
  }

  get database(): TcpFaultProxy {
    return this.#options.database;
  }

  get process(): GatewayProcess | null {
    return this.#process;
  }

  /** Starts it, and waits until it listens. It is tried again while its database does not take it. */
  async start(env: Readonly<Record<string, string>> = {}): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      try {
        this.#process = await spawnGateway({ ...this.#options.env, ...env }, { folder: this.#options.folder });
        return;
      } catch (error) {
        if (attempt === 10) throw error;
      }
    }
  }

  async kill(): Promise<void> {
    const gateway = this.#process;
    this.#process = null;
    this.isFrozen = false;
    gateway?.kill('SIGKILL');
    await gateway?.exited;
  }

  freeze(): void {
    this.isFrozen = true;
    this.#process?.kill('SIGSTOP');
  }

  thaw(): void {
    this.isFrozen = false;
    this.#process?.kill('SIGCONT');
  }

  /** Sends SIGTERM. It must end with exit code 0, and in time. */
  async stop(): Promise<void> {
    const gateway = this.#process;
    if (!gateway) return;
    gateway.kill('SIGTERM');
    const timer = setTimeout(() => gateway.kill('SIGKILL'), STOPS_WITHIN_MS);
    const how = await gateway.exited;
    clearTimeout(timer);
    if (how !== 0) this.#options.onProblem(`${this.name}, stopped with SIGTERM, ended with ${how}: ${this.lastLines(6)}`);
    this.#process = null;
  }

  lastLines(count: number): string {
    return this.#process?.output().trim().split('\n').slice(-count).join('\n') ?? '';
  }

  /** How many messages wait in its journal; null when it cannot be told. */
  async journalled(): Promise<number | null> {
    const found = /^m2m_journal_messages (\d+)$/m.exec(await this.#metrics());
    return found ? Number(found[1]) : null;
  }

  /** How many calls it has made to the carrier. */
  async calls(): Promise<number> {
    const found = (await this.#metrics()).matchAll(/^m2m_carrier_calls_total\{.*\} (\d+)$/gm);
    return [...found].reduce((sum, [, count]) => sum + Number(count), 0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }

  #metrics(): Promise<string> {
    return fetch(`${this.#process?.admin}/metrics`, { signal: AbortSignal.timeout(2_000) }).then(
      (response) => response.text(),
      () => '',
    );
  }
}
