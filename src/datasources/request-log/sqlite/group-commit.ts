import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { GatewayError } from '../../../errors.ts';
import { STRANGER, storeFailureOf } from './store-failure.ts';

/** Jobs in one transaction. Measured with rows of 800 bytes: 1 a commit 2.3k/s, 64 48k/s, 256 52k/s, 1,024 36k/s. */
const MAX_BATCH = 256;

/** Runs reads that see only what is committed, each of one moment. */
export interface Reads {
  read<Result>(work: () => Result): Promise<Result>;
}

export interface GroupCommitOptions {
  /** Runs inside each transaction after its jobs, before COMMIT. */
  readonly beforeCommit: () => void;
  /** `synced` is false for a transaction that has only jobs of `runUnsynced`. */
  readonly afterCommit: (jobs: number, seconds: number, synced: boolean) => void;
  /** Forgets what the jobs of a failed transaction changed in memory. */
  readonly onRollback: () => void;
  /** The store failed (a failed fsync, a corrupt file): nothing may be acknowledged any more. */
  readonly onFatal: (error: GatewayError) => void;
}

interface Job {
  readonly synced: boolean;
  readonly work: () => unknown;
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * Runs write jobs in the order they arrive. All that wait share one transaction and one fsync, and their promises settle after it.
 */
export class GroupCommit implements Reads {
  readonly #db: DatabaseSync;
  readonly #options: GroupCommitOptions;
  /** It changes when another connection writes. */
  readonly #dataVersion: StatementSync;
  readonly #knownVersion: unknown;
  #queue: Job[] = [];
  #scheduled = false;
  #fatal: GatewayError | null = null;

  constructor(db: DatabaseSync, options: GroupCommitOptions) {
    this.#db = db;
    this.#options = options;
    this.#dataVersion = db.prepare('PRAGMA data_version');
    this.#knownVersion = this.#readVersion();
  }

  run<Result>(work: () => Result): Promise<Result> {
    return this.#enqueue(work, true);
  }

  /**
   * For a write that a power cut may undo. It survives the end of the process, and is on disk with the next `run`. A batch that has
   * no other jobs needs no fsync (measured: 0.1 ms instead of 2 ms), which would hold up everything.
   */
  runUnsynced<Result>(work: () => Result): Promise<Result> {
    return this.#enqueue(work, false);
  }

  /** Runs a read at once. A store that cannot be read has failed like one that cannot be written. */
  read<Result>(work: () => Result): Promise<Result> {
    try {
      return Promise.resolve(work());
    } catch (cause) {
      const storeError = storeFailureOf(cause);
      if (storeError?.fatal) this.#giveUp(storeError.error);
      return Promise.reject((storeError?.error ?? cause) as Error);
    }
  }

  /** From here on nothing is written or acknowledged. What waits is refused too, and reads go on. */
  halt(error: GatewayError): void {
    this.#fatal ??= error;
  }

  /**
   * For work on the store between two transactions. It never throws: what was committed is answered, whatever becomes of the work. A
   * disk that cannot be written now does no harm, and any other error ends the use of the store.
   */
  maintain(work: () => void): void {
    if (this.#fatal) return;
    try {
      work();
    } catch (cause) {
      const { fatal, error } = storeFailureOf(cause) ?? { fatal: true, error: makeUnexpectedError(cause) };
      if (fatal) this.#giveUp(error);
    }
  }

  /** Commits the jobs that wait, and refuses all later ones. */
  close(): void {
    while (this.#queue.length > 0) this.#commitBatch();
    this.#fatal ??= new GatewayError('SHUTTING_DOWN', 'The store is closed.');
  }

  #readVersion(): unknown {
    return this.#dataVersion.get()?.['data_version'];
  }

  #enqueue<Result>(work: () => Result, synced: boolean): Promise<Result> {
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ work, synced, resolve: resolve as (value: unknown) => void, reject });
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    // It runs after the I/O callbacks of this turn, so every request that has arrived by then shares the commit.
    setImmediate(() => {
      this.#scheduled = false;
      this.#commitBatch();
      if (this.#queue.length > 0) this.#schedule();
    });
  }

  #commitBatch(): void {
    const batch = this.#queue.splice(0, MAX_BATCH);
    if (this.#fatal) {
      for (const job of batch) job.reject(this.#fatal);
      return;
    }
    if (this.#commit(batch) || this.#fatal) return;
    // One job of the batch is bad. Each runs alone now, which shows which one it is.
    for (const job of batch) {
      // After the store has failed, nothing more may be written or acknowledged.
      if (this.#fatal) job.reject(this.#fatal);
      else this.#commit([job], true);
    }
  }

  /** True when every job of the batch was answered. The failure of a lone job is its answer. */
  #commit(batch: readonly Job[], alone = batch.length === 1): boolean {
    const started = performance.now();
    const results: unknown[] = [];
    const synced = batch.some((job) => job.synced);
    try {
      if (!synced) this.#db.exec('PRAGMA synchronous = NORMAL');
      this.#db.exec('BEGIN IMMEDIATE');
      if (this.#readVersion() !== this.#knownVersion) throw STRANGER;
      for (const job of batch) results.push(job.work());
      this.#options.beforeCommit();
      this.#db.exec('COMMIT');
    } catch (cause) {
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
      this.#options.onRollback();
      const storeError = storeFailureOf(cause);
      if (!storeError && !alone) return false;
      for (const job of batch) job.reject(storeError?.error ?? cause);
      if (storeError?.fatal) this.#giveUp(storeError.error);
      return true;
    } finally {
      if (!synced) this.#db.exec('PRAGMA synchronous = FULL');
    }
    for (const [at, job] of batch.entries()) job.resolve(results[at]);
    this.#options.afterCommit(batch.length, (performance.now() - started) / 1000, synced);
    return true;
  }

  /** From here on nothing is written or acknowledged. */
  #giveUp(error: GatewayError): void {
    if (this.#fatal) return;
    this.#fatal = error;
    this.#options.onFatal(error);
  }
}

function makeUnexpectedError(cause: unknown): GatewayError {
  return new GatewayError('STORE_FAILED', 'The care of the store failed unexpectedly: the gateway stops acknowledging. Restart it.', {
    cause,
  });
}
