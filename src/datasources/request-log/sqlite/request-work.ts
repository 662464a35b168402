import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Finding, SilentDevice } from '../follow-up-log.ts';
import type { GroupCommit } from './group-commit.ts';
import { readFact, type Statements } from './sqlite-statements.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

/** Fact: all Requests up to here are in the present shape, so that a start need not look at them again. */
const TAKEN_OVER = 'taken-over';

/** What was found among some devices, and the device from which to go on; null at the end. */
export interface DevicePart {
  readonly devices: readonly SilentDevice[];
  readonly next: number | null;
}

/** How many were found, and the findings that wait for another step. */
export interface Found {
  readonly count: number;
  readonly rest: readonly Finding[];
}

/** Work on Requests that takes several jobs, so that none of them holds up callbacks. */
export class RequestWork {
  readonly #sql: Statements;
  readonly #writer: SqliteWriter;
  readonly #commits: GroupCommit;
  /** All Requests up to here are in the present shape. */
  #takenOver: number | null = null;
  #isGoingOn = false;

  constructor(sql: Statements, writer: SqliteWriter, commits: GroupCommit) {
    this.#sql = sql;
    this.#writer = writer;
    this.#commits = commits;
  }

  /** Takes over a part of a Request that an earlier version made. False when none is left. */
  async takeOver(): Promise<boolean> {
    this.#takenOver ??= Number(readFact(this.#sql, TAKEN_OVER) ?? 0);
    const part = await this.#commits.read(
      () => this.#sql.notTakenOver.get(this.#takenOver) as { last: number | null; next: number | null },
    );
    const { last, next } = part;
    if (next !== null) {
      if (await this.#commits.run(() => this.#writer.changes.prepare(next))) this.#takenOver = next;
      return true;
    }
    if (last !== null) await this.#commits.run(() => void this.#sql.setFact.run(TAKEN_OVER, String(last)));
    this.#takenOver = last ?? this.#takenOver;
    return last !== null;
  }

  /**
   * Goes on with claims, and with steps that have not reached all their devices: one bounded job at a time, beside whatever else is
   * written. A job that fails is tried again after the next commit, or when the disk is looked at.
   */
  goOn(): void {
    const { changes, unclaimed } = this.#writer;
    if (this.#isGoingOn || (unclaimed.next() === null && !changes.mayOwe)) return;
    this.#isGoingOn = true;
    const end = () => {
      this.#isGoingOn = false;
    };
    this.#commits
      .run(() => {
        if (changes.mayOwe) changes.payOwed();
        else this.#writer.claimMore();
      })
      .then(() => {
        end();
        this.goOn();
      }, end);
  }

  /** A change of one Request. A Request that an earlier version made is taken over first, in steps. */
  change<Result>(requestId: string, work: () => Result): Promise<Result> {
    return this.#isWhole(requestId) ? this.#commits.run(work) : this.prepare(requestId).then(() => this.#commits.run(work));
  }

  /** One that is not there yet may be there when the change runs: it may be among the jobs that wait. */
  #isWhole(requestId: string): boolean {
    const row = this.#sql.pkOfRequest.get(requestId) as { pk: number } | undefined;
    return !row || this.#writer.changes.isWhole(row.pk);
  }

  async prepare(requestId: string): Promise<void> {
    if (this.#isWhole(requestId)) return;
    while (!(await this.#commits.run(() => this.#writer.changes.prepare(this.#writer.pkOf(requestId)))));
  }

  /** Waits until all devices have reached the end of a step. Each part is a job of its own, because callbacks are stored in between. */
  async settling<Result>(changed: Promise<Result>): Promise<Result> {
    const result = await changed;
    while (this.#sql.firstOwed.get()) await this.#commits.run(() => this.#writer.changes.payOwed());
    return result;
  }

  /** What must wait for another step is tried again in a job of its own. */
  async find(findings: readonly Finding[], find: (rest: readonly Finding[]) => Found): Promise<number> {
    for (const { requestId } of findings) if (!this.#isWhole(requestId)) await this.prepare(requestId);
    const { count, rest } = await this.#commits.run(() => find(findings));
    return rest.length === 0 ? count : count + (await this.find(rest, find));
  }

  /** Reads all devices of a carrier request in parts. */
  async listDevices(requestId: string, read: (from: number) => DevicePart): Promise<SilentDevice[]> {
    await this.prepare(requestId);
    while (!(await this.#commits.run(() => this.#catchUp(requestId))));
    const devices: SilentDevice[] = [];
    for (let from: number | null = 0; from !== null;) {
      const at: number = from;
      const part = await this.#commits.read(() => read(at));
      devices.push(...part.devices);
      from = part.next;
      if (from !== null) await nextTurn();
    }
    return devices;
  }

  /** Puts the identifiers that messages have told into the index, up to a bounded number of rows. True when all are in. */
  #catchUp(requestId: string): boolean {
    return this.#writer.changes.apply(this.#writer.pkOf(requestId), { type: 'CATCH_UP' }).result === 'APPLIED';
  }
}
