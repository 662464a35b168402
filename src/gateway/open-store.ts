import type { Config } from '../config/config.ts';
import { openPostgresStore } from '../datasources/request-log/postgres/open-postgres-store.ts';
import { openSqliteStore } from '../datasources/request-log/sqlite/open-sqlite-store.ts';
import type { AuditRecord } from '../datasources/request-log/audit-trail.ts';
import type { ForwardLane } from '../datasources/request-log/forward-queue.ts';
import type { Store } from '../datasources/request-log/store.ts';
import type { GatewayError } from '../errors.ts';
import { LogThrottle } from '../lib/log-throttle.ts';
import { pseudonym } from '../lib/pseudonym.ts';
import type { SharedParts } from './shared-parts.ts';
import { watchStore } from './watch-store.ts';

type Parts = Omit<SharedParts, 'store' | 'clock'> & {
  readonly onFatal: (error: GatewayError) => void;
  /** An empty place is meant: the store is made for this run. */
  readonly isStoreNew: boolean;
  /** See `SqliteStoreOptions`. */
  readonly keys: readonly Uint8Array[];
};

/** Opens the embedded store of this process. */
export function openEmbeddedStore(config: Config, parts: Parts): Store {
  const { hub, metrics, logger, now, undo, onFatal, keys } = parts;
  const throttle = new LogThrottle(now);
  let wasLow = false;
  const store = undo.use(
    openSqliteStore({
      path: config.storePath,
      keys,
      hub,
      now,
      ...tellTroubles(config, parts, throttle),
      onCommit: (jobs, seconds) => {
        metrics.commitRows.observe(jobs);
        metrics.commitSeconds.observe(seconds);
      },
      onFatal,
      diskFloorBytes: config.storeMinFreeMb === null ? null : config.storeMinFreeMb * 1_048_576,
      onDisk: ({ isLow, freeBytes }) => {
        if (isLow && throttle.count('disk_low') !== null) logger.error('disk_low', { reason: DISK_LOW, freeBytes });
        if (wasLow && !isLow) logger.info('disk_has_room', { freeBytes });
        wasLow = isLow;
      },
    }),
  );
  tellOpened(config, parts, store, `There was no store at ${config.storePath}: this gateway begins with an empty one`);
  watchStore({ store, path: config.storePath, logger, now, undo });
  return store;
}

/**
 * Opens the store that this gateway shares with others. Each thread has connections of its own.
 *
 * @param url `M2M_STORE_URL`
 */
export async function openSharedStore(
  config: Config,
  parts: Parts & { readonly url: string; readonly connections: number },
): Promise<Store> {
  const { hub, metrics, logger, now, undo, keys, url, connections } = parts;
  const throttle = new LogThrottle(now);
  let isListening = true;
  const store = undo.use(
    await openPostgresStore({
      url,
      connections,
      keys,
      hub,
      now,
      allowsUnsynced: config.storeUnsynced,
      ...tellTroubles(config, parts, throttle),
      onCommit: (seconds) => metrics.commitSeconds.observe(seconds),
      onListening: (isConnected) => {
        if (isListening !== isConnected) logger[isConnected ? 'info' : 'warn'](isConnected ? 'store_heard' : 'store_not_heard', {});
        isListening = isConnected;
      },
      onFailure: (error) => {
        if (throttle.count('claims') !== null) logger.warn('claims_failed', { error });
      },
    }),
  );
  tellOpened(config, parts, store, 'The database had no tables: this gateway begins with an empty store');
  return store;
}

function tellTroubles(config: Config, { metrics, logger }: Pick<Parts, 'metrics' | 'logger'>, throttle: LogThrottle) {
  return {
    onAuditFailed: (records: readonly AuditRecord[], error: unknown) => {
      metrics.auditFailed.inc(records.length);
      for (const { action, outcome } of records) logger.error('audit_failed', { operation: action, outcome, error });
    },
    onNoRoomToForward: ({ account, service }: ForwardLane, copies: number) => {
      metrics.callbacksForwarded.inc({ result: 'no_room' }, copies);
      const count = throttle.count(`forward ${account} ${service}`);
      if (count !== null) logger.warn('forward_without_room', { service, account: pseudonym(account, config.callbackSecret), count });
    },
  };
}

function tellOpened(
  config: Config,
  { logger, keys, isStoreNew }: Pick<Parts, 'logger' | 'keys' | 'isStoreNew'>,
  store: Store,
  isEmpty: string,
): void {
  if (config.storePlaintext && keys.length === 0)
    logger.info('store_not_encrypted', { reason: 'M2M_STORE_PLAINTEXT=on: names, addresses and codes are readable in the store' });
  if (store.isNew) logger[isStoreNew ? 'info' : 'warn']('store_created', { reason: isEmpty });
  else logger.info('store_opened', { reason: `epoch ${store.epoch}` });
}

const DISK_LOW = 'Only results of requests that are known are taken. Make room: see "A low disk" in docs/operations.md.';
