import { DatabaseSync } from 'node:sqlite';
import { GatewayError } from '../../../errors.ts';
import type { OutcomeReads } from '../outcome-reads.ts';
import type { RequestReads } from '../request-reads.ts';
import type { Reads } from './group-commit.ts';
import { RequestedDevices } from './requested-devices.ts';
import { Vault } from '../vault.ts';
import { SqliteOutcomes } from './sqlite-outcomes.ts';
import { SqliteRequests } from './sqlite-requests.ts';
import { prepareStatements } from './sqlite-statements.ts';
import { storeFailureOf } from './store-failure.ts';
import { KeyWalker } from './walk-keys.ts';

export interface SqliteReaderOptions {
  /** The file of a store that is open, in this process. */
  readonly path: string;
  /** See `SqliteStoreOptions`. */
  readonly keys: readonly Uint8Array[];
  /** Has the writer bring the index of identifiers up to date. */
  readonly indexAll: () => Promise<void>;
  readonly onFatal: (error: GatewayError) => void;
}

/** What callers ask for most, read over a connection of its own: so no read holds the writer up. */
export interface SqliteReader extends Disposable {
  readonly requests: RequestReads;
  readonly outcomes: OutcomeReads;
}

/** Each read is a transaction of its own, and ends before its promise is awaited. Only so long does the writer wait for it when it moves its log. */
export function openSqliteReader({ path, keys, indexAll, onFatal }: SqliteReaderOptions): SqliteReader {
  const db = new DatabaseSync(path, { readOnly: true, timeout: 500 });
  db.exec('PRAGMA cache_size = -65536; PRAGMA temp_store = MEMORY');
  const sql = prepareStatements(db, new Vault(keys));
  const reads: Reads = {
    read(work) {
      try {
        db.exec('BEGIN');
        try {
          return Promise.resolve(work());
        } finally {
          // An error of the disk has ended it already.
          if (db.isTransaction) db.exec('COMMIT');
        }
      } catch (cause) {
        const failure = storeFailureOf(cause);
        if (failure?.fatal) onFatal(failure.error);
        return Promise.reject((failure?.error ?? cause) as Error);
      }
    },
  };
  const pkOf = (requestId: string): number => {
    const row = sql.pkOfRequest.get(requestId) as { pk: number } | undefined;
    if (!row) throw new GatewayError('NOT_FOUND', 'The request is not in the store: its time was over, and it was purged.');
    return row.pk;
  };
  return {
    requests: new SqliteRequests({ sql, reads, walker: new KeyWalker(db, (work) => reads.read(work)), indexAll }),
    outcomes: new SqliteOutcomes({ sql, reads, devices: new RequestedDevices(sql), pkOf }),
    [Symbol.dispose]: () => db.close(),
  };
}
