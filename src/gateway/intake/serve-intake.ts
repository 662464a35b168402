import type { MessagePort } from 'node:worker_threads';
import type { Config } from '../../config/config.ts';
import { Hub } from '../../datasources/request-log/hub.ts';
import type { Store } from '../../datasources/request-log/store.ts';
import type { GatewayError } from '../../errors.ts';
import { RemoteCalls } from '../../lib/remote-calls.ts';
import { flushSpans } from '../../lib/trace.ts';
import type { LogFields, Logger } from '../../logger.ts';
import { createMetrics } from '../../metrics.ts';
import { RefusedMessages } from '../../resolvers/callbacks/refused-messages.ts';
import { openEmbeddedStore } from '../open-store.ts';
import type { SharedParts } from '../shared-parts.ts';
import { ERROR_FORM, writeError } from './error-form.ts';
import { openCallbackDoor, type DoorStore } from './open-callback-door.ts';
import { openJournaledStore, type JournaledStore, type StoredJournalState } from './open-journaled-store.ts';
import { nameOfPart, STORE_PARTS } from './remote-store.ts';

export interface IntakeParts extends Pick<SharedParts, 'now'> {
  /** An empty place is meant: the store is made for this run. */
  readonly isStoreNew: boolean;
  /** Keys of the store (`readStoreKeys`). */
  readonly keys: readonly Uint8Array[];
  /** The main thread was told that the process must end. */
  readonly onEnd?: () => void;
}

/** What the main thread asks the intake for, beside the parts of the store. */
export interface Intake {
  /**
   * Opens the embedded store, whose parts are then called from the other thread.
   *
   * @throws GatewayError STORE_UNUSABLE
   */
  openStore(): Promise<Pick<Store, 'epoch' | 'isNew'>>;
  /** Opens the journal instead, where the store is shared. @param url `M2M_STORE_URL` */
  openJournal(url: string): Promise<Pick<JournaledStore, 'knowsPaths'>>;
  /** See `JournaledStore.join`. */
  joinStore(): Promise<void>;
  /**
   * Opens the callback door, for so many connections at most. Gives back its URL. It waits for the shared store when the journal does not
   * know the callback paths.
   */
  openDoor(most: number): Promise<string>;
  /** Waits for the messages that are on their way. */
  closeDoor(): Promise<void>;
  /** Does nothing. It is answered when the thread has a turn. */
  beat(): Promise<void>;
  /** See `RefusedMessages.checks`. */
  refusedLately(): Promise<Readonly<Record<string, string>>>;
  /** How the journal stands; null where the store is embedded. @throws when it cannot be written. */
  journal(): Promise<StoredJournalState | null>;
  /** The metrics of this thread, as prom-client writes them. */
  readMetrics(): Promise<object>;
  /** Whether the files of the store are still those that were opened. */
  isStoreInPlace(): Promise<boolean>;
  /** Closes the store. */
  close(): Promise<void>;
}

/** What the intake tells the main thread. */
export interface IntakeListener {
  wake(topics: readonly string[]): void;
  /** @param error written by `writeError`. */
  log(level: keyof Logger, event: string, fields: LogFields, error: unknown): void;
  /** The store can no longer be trusted. @param error written by `writeError`. */
  fatal(error: unknown): void;
}

interface ServedIntake {
  readonly logger: Logger;
  /** Nothing more can be taken: the process must end. */
  readonly fail: (error: GatewayError) => void;
}

/**
 * The intake: the callback door and the store, with its one writer. It answers the calls that come over the port, in a thread of its
 * own, so that nothing of what GraphQL does holds a callback up.
 */
export function serveIntake(
  port: MessagePort,
  config: Config,
  { now, isStoreNew, keys, onEnd = () => undefined }: IntakeParts,
): ServedIntake {
  const objects: Record<string, object> = {};
  const calls = new RemoteCalls(port, ERROR_FORM, objects);
  const logger = tellLines(calls);
  const metrics = createMetrics();
  const refused = new RefusedMessages();
  const whole = new AsyncDisposableStack();
  const door = new AsyncDisposableStack();
  let store: DoorStore;
  let embedded: Store | null = null;
  let journaled: JournaledStore | null = null;
  const journalState = async () => (await journaled?.journalState()) ?? null;
  const fail = (error: GatewayError) => {
    calls.tell('main', 'fatal', writeError(error));
    onEnd();
  };
  const parts = { metrics, logger, now, undo: whole, onFatal: fail, isStoreNew, keys };
  const intake: Intake = {
    openStore() {
      const hub = new ToldHub((topics) => calls.tell('main', 'wake', topics));
      store = embedded = openEmbeddedStore(config, { ...parts, hub });
      for (const part of STORE_PARTS) objects[nameOfPart(part)] = embedded[part];
      return Promise.resolve({ epoch: embedded.epoch, isNew: embedded.isNew });
    },
    async openJournal(url) {
      journaled = await openJournaledStore(config, { ...parts, url, hub: new Hub({ tickMs: () => 0 }) });
      ({ store } = journaled);
      return { knowsPaths: journaled.knowsPaths };
    },
    joinStore: async () => journaled?.join(),
    openDoor: (most) => openCallbackDoor(config, { store, refused, most, metrics, logger, now, undo: door }),
    closeDoor: () => door.disposeAsync(),
    beat: () => Promise.resolve(),
    refusedLately: () => Promise.resolve(refused.checks),
    journal: journalState,
    async readMetrics() {
      const journal = await journalState().catch(() => null);
      metrics.journalMessages.set(journal?.messages ?? 0);
      metrics.journalStuck.set(journal?.stuck ? 1 : 0);
      return metrics.registry.getMetricsAsJSON();
    },
    isStoreInPlace: () => Promise.resolve(embedded?.health.findChange() === null),
    async close() {
      await door.disposeAsync();
      await whole.disposeAsync();
      await flushSpans();
    },
  };
  objects['intake'] = intake;
  return { logger, fail };
}

/** The main thread writes the log. */
function tellLines(calls: RemoteCalls): Logger {
  const at =
    (level: keyof Logger): Logger[keyof Logger] =>
    (event, { error, ...fields } = {}) =>
      calls.tell('main', 'log', level, event, fields, error === undefined ? null : writeError(error));
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') };
}

/** Wakes the followers of this thread, and tells the main thread of all topics of a commit at once. */
class ToldHub extends Hub {
  readonly #tell: (topics: readonly string[]) => void;
  #topics: string[] = [];

  constructor(tell: (topics: readonly string[]) => void) {
    super({ tickMs: () => 0 });
    this.#tell = tell;
  }

  override wake(name: string): void {
    super.wake(name);
    if (this.#topics.push(name) > 1) return;
    queueMicrotask(() => {
      const topics = this.#topics;
      this.#topics = [];
      this.#tell(topics);
    });
  }
}
