import type { Config } from '../../config/config.ts';
import { Hub } from '../../datasources/request-log/hub.ts';
import { JournaledIntake, type JournalState } from '../../datasources/request-log/journaled-intake.ts';
import { JOURNAL_LIMITS } from '../../datasources/request-log/log-limits.ts';
import { openSqliteStore } from '../../datasources/request-log/sqlite/open-sqlite-store.ts';
import { CALLBACK_GENERATION_FACT } from '../../resolvers/callbacks/callback-generation.ts';
import { isStoreAway, type GatewayError } from '../../errors.ts';
import { LogThrottle } from '../../lib/log-throttle.ts';
import { openSharedStore } from '../open-store.ts';
import type { SharedParts } from '../shared-parts.ts';
import { untilAnswered } from '../until-answered.ts';
import { KeptFacts } from './kept-facts.ts';
import { LateStore } from './late-store.ts';
import type { DoorStore } from './open-callback-door.ts';

interface Parts extends Omit<SharedParts, 'store' | 'clock'> {
  readonly url: string;
  readonly onFatal: (error: GatewayError) => void;
  readonly isStoreNew: boolean;
  readonly keys: readonly Uint8Array[];
}

/** The callback door's store where PostgreSQL is shared: what it does not take in time waits in a journal of this gateway. */
export interface JournaledStore {
  readonly store: DoorStore;
  /** Whether the callback paths are known without the shared store. */
  readonly knowsPaths: boolean;
  /**
   * Waits until the shared store answers, and opens it.
   *
   * @throws GatewayError STORE_UNUSABLE
   */
  readonly join: () => Promise<void>;
  /** @throws when the journal cannot be written. */
  readonly journalState: () => Promise<StoredJournalState>;
}

export interface StoredJournalState extends JournalState {
  /** Callbacks and dead letters that wait to be moved. */
  readonly messages: number;
}

/** Connections of the callback door: one transaction runs at a time, and others claim what has waited. */
const CONNECTIONS = 4;

/** Opens the journal. Until the shared store is joined, everything goes into it. */
export async function openJournaledStore(config: Config, parts: Parts): Promise<JournaledStore> {
  const { hub, logger, now, undo, keys, onFatal } = parts;
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
  const below = undo.use(new AsyncDisposableStack());
  const shared = new LateStore();
  const intake = new JournaledIntake({
    shared: shared.parts,
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
  const facts = new KeptFacts({
    shared,
    journal: journal.facts,
    onNotKept: (error) => logger.warn('callback_generation_not_kept', { error }),
  });
  const knowsPaths = await facts.isKnown(CALLBACK_GENERATION_FACT);
  const join = async () => {
    const open = (attempt: AsyncDisposableStack) => openSharedStore(config, { ...parts, undo: attempt, connections: CONNECTIONS });
    shared.open(await untilAnswered(open, { logger, undo: below, meanwhile: knowsPaths ? TAKEN : NOT_TAKEN }));
    // What was read from the journal may be out of date.
    hub.wakeAll();
  };
  return { store: { ...shared.parts, intake, facts, hub }, knowsPaths, join, journalState };
}

const TAKEN = 'Callbacks are kept in the journal (M2M_STORE_JOURNAL) meanwhile, and acknowledged.';
const NOT_TAKEN =
  'Callbacks are refused meanwhile: the journal (M2M_STORE_JOURNAL) is new, and does not know the callback paths before the database has answered once.';

const BEHIND =
  'The database does not take callbacks in time. They are kept in the journal (M2M_STORE_JOURNAL) and acknowledged, and moved when it answers.';
const STUCK =
  'Messages of the journal cannot be moved to the database: it has no room for them, or fails because of them. They stay in the journal. Look at /health/ready/callbacks, and purge or raise what is full.';
