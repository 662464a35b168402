import { Hub } from '../../src/datasources/request-log/hub.ts';
import type { LogLimits } from '../../src/datasources/request-log/log-limits.ts';
import { SqliteRequestLog } from '../../src/datasources/request-log/sqlite/sqlite.ts';
import type { SqliteRequestLogOptions } from '../../src/datasources/request-log/sqlite/sqlite-options.ts';

export interface OpenLogOptions {
  readonly keys?: readonly Uint8Array[];
  readonly hub?: Hub;
  readonly now?: () => number;
  readonly limits?: Partial<LogLimits>;
  readonly diskFloorBytes?: number;
  readonly onNoRoomToForward?: NonNullable<SqliteRequestLogOptions['onNoRoomToForward']>;
}

/** The request log on a file, without a gateway around it; an error of the store fails the test. */
export function openLog(
  path: string,
  { keys = [], hub = new Hub({ tickMs: () => 1 }), now = Date.now, ...bounds }: OpenLogOptions = {},
): SqliteRequestLog {
  return new SqliteRequestLog({
    path,
    keys,
    hub,
    now,
    ...bounds,
    onFatal: (error) => {
      throw error;
    },
  });
}
