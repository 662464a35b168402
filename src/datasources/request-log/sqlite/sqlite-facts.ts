import type { Hub } from '../hub.ts';
import { factTopic, type Facts } from '../store.ts';
import type { GroupCommit } from './group-commit.ts';
import { readFact, type Statements } from './sqlite-statements.ts';

/** `Facts` of the SQLite store. */
export class SqliteFacts implements Facts {
  readonly #sql: Statements;
  readonly #commits: GroupCommit;
  readonly #hub: Hub;

  constructor(sql: Statements, commits: GroupCommit, hub: Hub) {
    this.#sql = sql;
    this.#commits = commits;
    this.#hub = hub;
  }

  async remember(key: string, value: string | null): Promise<void> {
    await this.#commits.run(() => {
      if (value === null) this.#sql.deleteFact.run(key);
      else this.#sql.setFact.run(key, value);
    });
    this.#hub.wake(factTopic(key));
  }

  recall(key: string): Promise<string | null> {
    return this.#commits.read(() => readFact(this.#sql, key));
  }
}
