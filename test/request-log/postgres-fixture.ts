import type { GatewayError } from '../../src/errors.ts';
import type { AuditRecord } from '../../src/datasources/request-log/audit-trail.ts';
import type { ForwardLane } from '../../src/datasources/request-log/forward-queue.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import type { LogLimits } from '../../src/datasources/request-log/log-limits.ts';
import type { Store } from '../../src/datasources/request-log/store.ts';
import { flatten } from '../support/flat-store.ts';
import { needPostgres } from '../support/need-postgres.ts';
import type { LogFixture } from './contract-support.ts';

/** What a test gives the store on PostgreSQL. */
export interface PostgresStoreOptions {
  readonly url: string;
  readonly keys?: readonly Uint8Array[];
  readonly hub: Hub;
  readonly now: () => number;
  readonly limits?: Partial<LogLimits>;
  readonly onFatal?: (error: GatewayError) => void;
  readonly onAuditFailed?: (records: readonly AuditRecord[], error: unknown) => void;
  readonly onNoRoomToForward?: (lane: ForwardLane, copies: number) => void;
}

export type OpenPostgresStore = (options: PostgresStoreOptions) => Promise<Store>;

/** A store in a fresh database of the run's PostgreSQL. Each `open` is another gateway on it. */
export async function postgresFixture(openStore: OpenPostgresStore, keys: readonly Uint8Array[] = []): Promise<LogFixture> {
  await using undo = new AsyncDisposableStack();
  const { url } = undo.use(await (await needPostgres()).openDatabase());
  const hub = new Hub({ tickMs: () => 5 });
  let now = 1_000;
  const onFatal = (error: GatewayError) => {
    throw error;
  };
  const built = undo.move();
  return {
    hub,
    open: async () => built.use(flatten(await openStore({ url, keys, hub, now: () => now++, onFatal }))),
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
