import type { GatewayError } from '../../src/errors.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import type { LogLimits } from '../../src/datasources/request-log/log-limits.ts';
import { openSqliteStore } from '../../src/datasources/request-log/sqlite/open-sqlite-store.ts';
import type { SqliteStoreOptions } from '../../src/datasources/request-log/sqlite/sqlite-store-options.ts';
import { flatten, type FlatStore } from './flat-store.ts';

export interface OpenLogOptions {
  readonly keys?: readonly Uint8Array[];
  readonly hub?: Hub;
  readonly now?: () => number;
  readonly limits?: Partial<LogLimits>;
  readonly diskFloorBytes?: number;
  /** Otherwise an error of the store fails the test. */
  readonly onFatal?: SqliteStoreOptions['onFatal'];
  readonly onNoRoomToForward?: NonNullable<SqliteStoreOptions['onNoRoomToForward']>;
}

/** The store on a file, without a gateway around it. */
export function openLog(
  path: string,
  { keys = [], hub = new Hub({ tickMs: () => 1 }), now = Date.now, onFatal = throwError, ...bounds }: OpenLogOptions = {},
): FlatStore {
  return flatten(
    openSqliteStore({
      path,
      keys,
      hub,
      now,
      ...bounds,
      onFatal,
    }),
  );
}

function throwError(error: GatewayError): never {
  throw error;
}
