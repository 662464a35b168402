import { setTimeout as delay } from 'node:timers/promises';
import type { Simulator } from '../../../simulator/simulator.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import type { ReplicaGroup } from './replica-group.ts';
import type { Replica } from './replica.ts';

export const REPLICA_FAULTS = [
  /** kill -9. It comes back soon. */
  'kill',
  /** SIGSTOP for longer than a lease lasts, and SIGCONT. The other faults go on meanwhile. */
  'freeze',
  /** All connections to the database are reset, several times. */
  'cut',
  /** Nothing goes through to the database and back, and no end is told. */
  'half-open',
  /** The database cannot be reached. */
  'refuse',
  /** The database ends like in a crash, and starts again on what is on its disk. */
  'database',
  /** The carrier ends all sessions. */
  'session',
  /** The standby takes the place of a database that has crashed. */
  'failover',
] as const;

export type ReplicaFault = (typeof REPLICA_FAULTS)[number];

export interface ReplicaFaultsOptions {
  readonly group: ReplicaGroup;
  readonly simulator: Simulator;
  readonly random: SeededRandom;
  readonly freezeMs: number;
  readonly say: (line: string) => void;
}

/** Does to the replicas what may happen to them. */
export class ReplicaFaults {
  readonly #parts: ReplicaFaultsOptions;
  #freezing: Promise<void> = Promise.resolve();
  readonly done = new Map<ReplicaFault | 'rolling restart', number>();
  /** When the database was away for all, from and to. */
  readonly outages: { readonly from: number; to: number }[] = [];
  /** The most messages that were seen in all journals together. */
  mostJournalled = 0;

  constructor(parts: ReplicaFaultsOptions) {
    this.#parts = parts;
  }

  count(fault: ReplicaFault | 'rolling restart'): number {
    return this.done.get(fault) ?? 0;
  }

  /** How often something was broken off that may have been a login. */
  get interruptions(): number {
    const breaking: readonly ReplicaFault[] = ['kill', 'freeze', 'cut', 'half-open', 'refuse', 'database', 'failover'];
    return breaking.reduce((sum, fault) => sum + this.count(fault), 0);
  }

  /** One round: each of these once, in a drawn order. A freeze comes first, so that others come while it lasts. */
  async round(faults: readonly ReplicaFault[], signal: AbortSignal): Promise<void> {
    const { random } = this.#parts;
    const drawn = faults.map((fault) => ({ fault, key: fault === 'freeze' ? -1 : random.between(0, 0x7fff_ffff) }));
    for (const { fault } of drawn.toSorted((one, other) => one.key - other.key)) {
      if (signal.aborted) return;
      await this.#cause(fault);
      await delay(random.between(200, 1_000));
    }
  }

  /** Waits until nobody is stopped any more. */
  thawed(): Promise<void> {
    return this.#freezing;
  }

  /** Restarts one replica after the other with SIGTERM, each when the one before listens again. Gives back when that was. */
  async restartAll(): Promise<{ readonly from: number; readonly to: number }> {
    const from = performance.now();
    for (const replica of this.#parts.group.replicas) {
      this.#parts.say(`stops: ${replica.name}`);
      await replica.stop();
      await replica.start();
      this.#parts.say(`is back: ${replica.name}`);
    }
    this.#note('rolling restart', 'one by one');
    return { from, to: performance.now() };
  }

  /** True when the database was away for all at some time between these. */
  wasAway(from: number, to: number): boolean {
    return this.outages.some((outage) => outage.from <= to && from <= outage.to);
  }

  async #cause(fault: ReplicaFault): Promise<void> {
    const { random, simulator } = this.#parts;
    if (fault === 'database' || fault === 'failover') return this.#endDatabase(fault);
    if (fault === 'session') {
      this.#note(fault, 'all');
      return simulator.faults.expireSessions();
    }
    const victim = await this.#victim(fault);
    this.#note(fault, victim.name);
    const { database } = victim;
    switch (fault) {
      case 'kill':
        await victim.kill();
        await delay(random.between(0, 1_000));
        await victim.start();
        return this.#parts.say(`is back: ${victim.name}`);
      case 'freeze':
        this.#freezing = this.#freeze(victim);
        return;
      case 'cut':
        for (let times = random.between(1, 4); times > 0; times--) {
          database.cut();
          await delay(random.between(20, 400));
        }
        return;
      case 'half-open':
        database.freeze();
        break;
      default:
        await database.refuse();
        database.cut();
    }
    await delay(random.between(1_500, 5_000));
    await this.#countJournals();
    // What was frozen is reset, or delivered late.
    if (random.between(0, 1) === 1) database.cut();
    await database.heal();
  }

  async #freeze(victim: Replica): Promise<void> {
    victim.freeze();
    await delay(this.#parts.freezeMs);
    victim.thaw();
    this.#parts.say(`goes on: ${victim.name}`);
  }

  async #endDatabase(fault: 'database' | 'failover'): Promise<void> {
    const { group, random } = this.#parts;
    if (fault === 'failover' && !group.database.hasStandby) return;
    this.#note(fault, 'the database');
    const outage = { from: performance.now(), to: Number.POSITIVE_INFINITY };
    this.outages.push(outage);
    if (fault === 'failover') {
      await group.failOver();
    } else {
      await group.database.crash();
      await delay(random.between(500, 4_000));
      await this.#countJournals();
      await group.database.comeBack();
    }
    outage.to = performance.now();
  }

  /** Drawn among those that are not stopped. A kill or a freeze rather meets one that talks to the carrier. */
  async #victim(fault: ReplicaFault): Promise<Replica> {
    const { group, random } = this.#parts;
    const able = group.replicas.filter(({ isFrozen }) => !isFrozen);
    const drawn = random.pick(able as [Replica, ...Replica[]]);
    if ((fault !== 'freeze' && fault !== 'kill') || random.between(0, 3) === 0) return drawn;
    const calls = await Promise.all(able.map(async (replica) => ({ replica, calls: await replica.calls() })));
    return calls.toSorted((one, other) => other.calls - one.calls)[0]?.replica ?? drawn;
  }

  async #countJournals(): Promise<void> {
    const waiting = await Promise.all(this.#parts.group.replicas.map((replica) => (replica.isFrozen ? 0 : replica.journalled())));
    this.mostJournalled = Math.max(
      this.mostJournalled,
      waiting.reduce<number>((sum, count) => sum + (count ?? 0), 0),
    );
  }

  #note(fault: ReplicaFault | 'rolling restart', whom: string): void {
    this.done.set(fault, this.count(fault) + 1);
    this.#parts.say(`${fault}: ${whom}`);
  }
}
