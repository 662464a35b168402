import type { Config } from '../../config/config.ts';
import { Hub } from '../../datasources/request-log/hub.ts';
import { JournaledIntake, type JournalState } from '../../datasources/request-log/journaled-intake.ts';
import { JOURNAL_LIMITS } from '../../datasources/request-log/log-limits.ts';
import { openSqliteStore } from '../../datasources/request-log/sqlite/open-sqlite-store.ts';
import type { Store } from '../../datasources/request-log/store.ts';
import { isStoreAway, type GatewayError } from '../../errors.ts';
import { LogThrottle } from '../../lib/log-throttle.ts';
import { openSharedStore } from '../open-store.ts';
import type { SharedParts } from '../shared-parts.ts';

interface Parts extends Omit<SharedParts, 'store' | 'clock'> {
  readonly url: string;
  readonly onFatal: (error: GatewayError) => void;
  readonly isStoreNew: boolean;
  readonly keys: readonly Uint8Array[];
}

/** The callback door's store where PostgreSQL is shared: what it does not take in time waits in a journal of this gateway. */
export interface JournaledStore {
  readonly store: Store;
  /** @throws when the journal cannot be written. */
  readonly journalState: () => Promise<StoredJournalState>;
}

export interface StoredJournalState extends JournalState {
  /** Callbacks and dead letters that wait to be moved. */
  readonly messages: number;
}

/** Connections of the callback door: one transaction runs at a time, and others claim what has waited. */
const CONNECTIONS = 4;

export async function openJournaledStore(config: Config, parts: Parts): Promise<JournaledStore> {
  const { logger, now, undo, keys, onFatal } = parts;
  const throttle = new LogThrottle(now);
  const journal = undo.use(
    openSqliteStore({
      path: config.storeJournalPath,
      keys,
      hub: new Hub({ tickMs: () => 0 }),
      now,
      onFatal,
      limits: JOURNAL_LIMITS,
      diskFloorBytes: 0,
    }),
  );
  const shared = await openSharedStore(config, { ...parts, connections: CONNECTIONS });
  const intake = new JournaledIntake({
    shared,
    journal,
    isUnavailable: isStoreAway,
    now,
    onChange: (state) => {
      if (state === 'BEHIND') logger.warn('journal_behind', { reason: BEHIND });
      else logger.info('journal_emptied', {});
    },
    onStuck: (why) => {
      if (throttle.count('journal_stuck') !== null)
        logger.error('journal_stuck', { reason: STUCK, ...(why instanceof Error && { error: why }) });
    },
  });
  const journalState = async () => {
    await journal.health.probe();
    const { unclaimed, deadLettersByReason } = await journal.health.counts();
    return { ...intake.state, messages: unclaimed + Object.values(deadLettersByReason).reduce((sum, count) => sum + count, 0) };
  };
  undo.defer(() => intake.close());
  intake.start();
  return { store: { ...shared, intake }, journalState };
}

const BEHIND =
  'The database does not take callbacks in time. They are kept in the journal (M2M_STORE_JOURNAL) and acknowledged, and moved when it answers.';
const STUCK =
  'Messages of the journal cannot be moved to the database: it has no room for them, or fails because of them. They stay in the journal. Look at /health/ready/callbacks, and purge or raise what is full.';
