import { PreviousListener } from '../../../src/datasources/thingspace/previous-listener.ts';
import type { ForwardLane, ForwardQueue } from '../../../src/datasources/request-log/forward-queue.ts';
import { Hub } from '../../../src/datasources/request-log/hub.ts';
import { openSqliteStore } from '../../../src/datasources/request-log/sqlite/open-sqlite-store.ts';
import { createLogger } from '../../../src/logger.ts';
import { CallbackForwarder, type ForwardResult } from '../../../src/resolvers/callbacks/forward-callbacks.ts';
import { ForwardTargets } from '../../../src/resolvers/callbacks/forward-targets.ts';
import { CallbackReceiver } from '../../../src/resolvers/callbacks/receive-callback.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { ACCOUNT, callback, OTHER_ACCOUNT } from './open-door.ts';
import { flatten, storeOf, type FlatStore } from '../../support/flat-store.ts';

export const LANE: ForwardLane = { account: ACCOUNT, service: 'CarrierService' };

export interface Forwarding extends AsyncDisposable {
  readonly log: FlatStore;
  /** How often each result was reported. */
  readonly results: Readonly<Record<ForwardResult, number>>;
  /** The written log lines. */
  readonly lines: readonly string[];
  readonly receiver: CallbackReceiver;
  /** Starts a forwarder of everything to `url` (of nothing without it), with pauses of milliseconds. */
  start(url: string | null, more?: { readonly queue?: ForwardQueue; readonly timeoutMs?: number }): CallbackForwarder;
  /** Receives callbacks with these comments, in order. */
  receive(comments: readonly string[], lane?: ForwardLane): Promise<void>;
  /** Sets the clock ahead. */
  pass(milliseconds: number): void;
}

/** A request log with forwarders to start and stop, as in a gateway but with short pauses. */
export async function openForwarding(): Promise<Forwarding> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  let passed = 0;
  const now = () => Date.now() + passed;
  const hub = new Hub({ tickMs: () => 1 });
  const log = undo.use(
    flatten(
      openSqliteStore({
        path: `${folder.path}/gateway.sqlite`,
        hub,
        now,
        onFatal: (error) => {
          throw error;
        },
      }),
    ),
  );
  const receiver = new CallbackReceiver({
    store: storeOf(log),
    credentials: { username: 'our-user', password: 'our-password' },
    requireCredentials: false,
    deadLettersPerReason: 10,
    now,
    isForwarded: () => true,
  });
  const results = { delivered: 0, refused: 0, unreachable: 0, dropped: 0 };
  const lines: string[] = [];
  const logger = createLogger({ level: 'info', destination: { write: (line) => void lines.push(line) } });
  const forwarders = undo.use(new AsyncDisposableStack());
  const built = undo.move();
  return {
    log,
    results,
    lines,
    receiver,
    start(url, { queue = log, timeoutMs = 10_000 } = {}) {
      const forwarder = new CallbackForwarder({
        queue,
        hub,
        listener: new PreviousListener({ timeoutMs }),
        targets: new ForwardTargets(url === null ? [] : [{ account: null, service: null, url }]),
        accounts: [ACCOUNT, OTHER_ACCOUNT],
        credentials: null,
        firstPauseMs: 5,
        maxPauseMs: 20,
        maxAgeMs: 60_000,
        now,
        onResult: (result, count) => (results[result] += count),
        pseudonym: (account) => `pseudonym of ${account.length} letters`,
        logger,
      });
      forwarders.use(forwarder);
      forwarder.start();
      return forwarder;
    },
    async receive(comments, { account, service } = LANE) {
      for (const comment of comments) {
        const bytes = Buffer.from(JSON.stringify(callback({ username: '', password: '', comment })));
        await receiver.receive({ account, service, bytes, contentType: 'application/json' });
      }
    },
    pass: (milliseconds) => void (passed += milliseconds),
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
