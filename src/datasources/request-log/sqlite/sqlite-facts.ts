import type { Facts } from '../store.ts';
import type { GroupCommit } from './group-commit.ts';
import { readFact, type Statements } from './sqlite-statements.ts';

/** `Facts` of the SQLite store. */
export class SqliteFacts implements Facts {
  readonly #sql: Statements;
  readonly #commits: GroupCommit;

  constructor(sql: Statements, commits: GroupCommit) {
    this.#sql = sql;
    this.#commits = commits;
  }

  remember(key: string, value: string | null): Promise<void> {
    return this.#commits.run(() => {
      if (value === null) this.#sql.deleteFact.run(key);
      else this.#sql.setFact.run(key, value);
    });
  }

  recall(key: string): Promise<string | null> {
    return this.#commits.read(() => readFact(this.#sql, key));
  }
}
