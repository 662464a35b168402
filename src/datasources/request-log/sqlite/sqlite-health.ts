import type { GatewayError } from '../../../errors.ts';
import type { Facts } from '../store.ts';
import type { LogCounts, StoreHealth } from '../store-health.ts';
import type { GroupCommit } from './group-commit.ts';
import { readCounts } from './read-counts.ts';
import type { Statements } from './sqlite-statements.ts';
import type { LogKeeper } from './write-ahead-log/log-keeper.ts';

interface Parts {
  readonly sql: Statements;
  readonly commits: GroupCommit;
  readonly facts: Facts;
  /** Null for `:memory:`. */
  readonly keeper: LogKeeper | null;
  readonly now: () => number;
}

/** `StoreHealth` of the SQLite store. */
export class SqliteHealth implements StoreHealth {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  probe(): Promise<void> {
    return this.#parts.facts.remember('probe', String(this.#parts.now()));
  }

  counts(): Promise<LogCounts> {
    return readCounts(this.#parts.sql, this.#parts.commits);
  }

  findChange(): string | null {
    return this.#parts.keeper?.files.findChange() ?? null;
  }

  halt(error: GatewayError): void {
    this.#parts.commits.halt(error);
  }

  isFolderSame(): boolean {
    return this.#parts.keeper?.files.isFolderSame() ?? true;
  }
}
