import type { Config } from '../config/config.ts';
import { openSqliteStore } from '../datasources/request-log/sqlite/open-sqlite-store.ts';
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

export function openStore(config: Config, { hub, metrics, logger, now, undo, onFatal, isStoreNew, keys }: Parts): Store {
  const throttle = new LogThrottle(now);
  let wasLow = false;
  const store = undo.use(
    openSqliteStore({
      path: config.storePath,
      keys,
      hub,
      now,
      onCommit: (jobs, seconds) => {
        metrics.commitRows.observe(jobs);
        metrics.commitSeconds.observe(seconds);
      },
      onAuditFailed: (records, error) => {
        metrics.auditFailed.inc(records.length);
        for (const { action, outcome } of records) logger.error('audit_failed', { operation: action, outcome, error });
      },
      onFatal,
      diskFloorBytes: config.storeMinFreeMb === null ? null : config.storeMinFreeMb * 1_048_576,
      onDisk: ({ isLow, freeBytes }) => {
        if (isLow && throttle.count('disk_low') !== null) logger.error('disk_low', { reason: DISK_LOW, freeBytes });
        if (wasLow && !isLow) logger.info('disk_has_room', { freeBytes });
        wasLow = isLow;
      },
      onNoRoomToForward: ({ account, service }, copies) => {
        metrics.callbacksForwarded.inc({ result: 'no_room' }, copies);
        const count = throttle.count(`forward ${account} ${service}`);
        if (count !== null) logger.warn('forward_without_room', { service, account: pseudonym(account, config.callbackSecret), count });
      },
    }),
  );
  if (config.storePlaintext && keys.length === 0)
    logger.info('store_not_encrypted', { reason: 'M2M_STORE_PLAINTEXT=on: names, addresses and codes are readable in the file' });
  if (store.isNew)
    logger[isStoreNew ? 'info' : 'warn']('store_created', {
      reason: `There was no store at ${config.storePath}: this gateway begins with an empty one`,
    });
  else logger.info('store_opened', { reason: `epoch ${store.epoch}` });
  watchStore({ store, path: config.storePath, logger, now, undo });
  return store;
}

const DISK_LOW = 'Only results of requests that are known are taken. Make room: see "A low disk" in docs/operations.md.';
