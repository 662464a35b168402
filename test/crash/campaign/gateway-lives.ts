import type { Simulator } from '../../../simulator/simulator.ts';
import { spawnGateway, type GatewayProcess } from '../../support/gateway-process.ts';
import type { FakeClock } from '../../support/libfaketime.ts';
import type { CampaignOptions, Ending } from './campaign-options.ts';
import { ambush } from './ambush.ts';
import { describePlan, traceFor, type LifePlan } from './life-plan.ts';
import { losePower } from './lose-power.ts';
import { traceEnd } from '../../support/read-trace.ts';

export interface LivesOptions {
  readonly simulator: Simulator;
  readonly env: Readonly<Record<string, string>>;
  /** The folder of the store and of the traces. */
  readonly folder: string;
  readonly clock: FakeClock | null;
  readonly options: Pick<CampaignOptions, 'folder' | 'say'>;
  /** Called right after a life was killed. */
  readonly onKilled: () => void;
  /** Called with a line for the report when something happens that must not. */
  readonly onProblem: (problem: string) => void;
}

/** A life that ended before it listened. */
interface NotStarted {
  readonly pid: number;
  readonly how: number | NodeJS.Signals;
  readonly failed: string;
}

/** One gateway after another on the same ports and the same store. */
export class GatewayLives implements AsyncDisposable {
  readonly #parts: LivesOptions;
  #current: GatewayProcess | null = null;
  #up = Promise.withResolvers<GatewayProcess>();
  /** How many lives were killed, by their ending. */
  readonly killed = new Map<Ending, number>();
  #lives = 0;
  lostBytes = 0;

  constructor(parts: LivesOptions) {
    this.#parts = parts;
  }

  get kills(): number {
    return [...this.killed.values()].reduce((sum, count) => sum + count, 0);
  }

  /** The gateway that listens, once there is one. */
  up(): Promise<GatewayProcess> {
    return this.#up.promise;
  }

  get isUp(): boolean {
    return this.#current !== null;
  }

  /** Starts a gateway that lasts until `stop()`. Null when it does not start, which is reported as a problem. */
  async stay(): Promise<GatewayProcess | null> {
    const gateway = await this.#start(null);
    if (!('failed' in gateway)) return gateway;
    this.#parts.onProblem(`it did not start: ${gateway.failed}`);
    return null;
  }

  /** Sends SIGTERM. The exit code must be 0. */
  async stop(): Promise<void> {
    const gateway = this.#current;
    if (!gateway) return;
    gateway.kill('SIGTERM');
    const how = await gateway.exited;
    this.#down();
    if (how !== 0) this.#parts.onProblem(`stopped with SIGTERM it ended with ${how}: ${lastLines(gateway)}`);
  }

  /** One life, from its start to its planned end. */
  async live(plan: LifePlan, signal: AbortSignal): Promise<void> {
    const gateway = await this.#start(plan);
    if ('failed' in gateway) {
      // It may be killed before it listens, but it must not end by itself.
      if (gateway.how === 'SIGKILL') this.#count(plan);
      else this.#parts.onProblem(`it did not start: ${gateway.failed}`);
      return this.#afterwards(plan, gateway.pid);
    }
    await ambush(gateway, plan, this.#parts.simulator, signal);
    const how = await gateway.exited;
    this.#down();
    if (how === 'SIGKILL') this.#count(plan);
    else if (how !== 0 || plan.ending !== 'stop') this.#parts.onProblem(`it ended by itself with ${how}: ${lastLines(gateway)}`);
    await this.#afterwards(plan, gateway.pid);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#current?.[Symbol.asyncDispose]();
    this.#parts.clock?.tidyUp();
  }

  async #start(plan: LifePlan | null): Promise<GatewayProcess | NotStarted> {
    const { env, clock, options } = this.#parts;
    this.#lives++;
    const clockEnv = clock?.env ?? {};
    const under = plan && traceFor(plan, this.#traceFile, clockEnv);
    try {
      const gateway = await spawnGateway({ ...env, ...(!under && clockEnv) }, { folder: options.folder, under: under ?? [] });
      this.#current = gateway;
      this.#up.resolve(gateway);
      return gateway;
    } catch (error) {
      if (!(error instanceof Error) || typeof error.cause !== 'object') throw error;
      return { ...(error.cause as Omit<NotStarted, 'failed'>), failed: error.message };
    }
  }

  get #traceFile(): string {
    return `${this.#parts.folder}/life-${this.#lives}.trace`;
  }

  #down(): void {
    this.#current = null;
    this.#up = Promise.withResolvers();
  }

  #count(plan: LifePlan): void {
    this.killed.set(plan.ending, (this.killed.get(plan.ending) ?? 0) + 1);
    this.#parts.onKilled();
    this.#parts.options.say(`killed: ${describePlan(plan)}`);
  }

  async #afterwards({ ending }: LifePlan, pid: number): Promise<void> {
    if (ending !== 'power') return;
    await traceEnd(this.#traceFile, pid);
    this.lostBytes += losePower(this.#traceFile, this.#parts.folder);
  }
}

function lastLines(gateway: GatewayProcess): string {
  return gateway.output().trim().split('\n').slice(-3).join(' | ');
}
