import { MessageChannel, type Worker } from 'node:worker_threads';
import { AggregatorRegistry } from 'prom-client';
import type { Config } from '../../config/config.ts';
import type { Facts, Store } from '../../datasources/request-log/store.ts';
import { readStoreKeys } from '../../config/read-store-keys.ts';
import { openSqliteReader } from '../../datasources/request-log/sqlite/open-sqlite-reader.ts';
import { GatewayError } from '../../errors.ts';
import { RemoteCalls } from '../../lib/remote-calls.ts';
import { SharedTime } from '../../lib/shared-time.ts';
import { openSharedStore } from '../open-store.ts';
import type { SharedParts } from '../shared-parts.ts';
import { traceSending } from '../trace-sending.ts';
import { ERROR_FORM, readError, type writeError } from './error-form.ts';
import type { IntakeThreadData } from './intake-thread.ts';
import { nameOfPart, remoteStore } from './remote-store.ts';
import { serveIntake, type Intake, type IntakeListener } from './serve-intake.ts';

type OpenedStore = Omit<Store, typeof Symbol.asyncDispose>;

interface Parts extends Omit<SharedParts, 'store' | 'clock'> {
  /** See `GatewayOptions`. */
  readonly onFatal: (error: GatewayError) => void;
  readonly isStoreNew: boolean;
  /** See `GatewayOptions`. */
  readonly thread: Worker | null;
}

/** The intake, as the main thread uses it. */
export interface ConnectedIntake {
  readonly intake: Intake;
  /** Whether the callback paths are known before the store is open. */
  readonly knowsPaths: boolean;
  /** Facts of this machine alone. */
  readonly ownFacts: Facts;
  /**
   * The store of this thread. Where it is shared it is opened now, and closed when `undo` is: first of all the intake waits until the
   * database answers.
   *
   * @throws GatewayError STORE_UNUSABLE, or that the database is away again.
   */
  readonly openStore: (undo: AsyncDisposableStack) => Promise<OpenedStore>;
  /** Tells the intake what the time is now, after it has moved. */
  readonly tellTime: () => void;
  /** All metrics of both threads, as Prometheus reads them. */
  readonly writeMetrics: () => Promise<string>;
}

/** So often the intake is told what the time is. It moves when the wall clock is followed again after a jump. */
const TIME_TOLD_EVERY_MS = 100;
/** Facts that nobody keeps: a store that is shared by several machines has none of this one. */
const NOT_KEPT: Facts = { recall: () => Promise.resolve(null), remember: () => Promise.resolve() };

/**
 * Connects the intake, which is in a thread of its own, and opens the embedded store, or the journal of a shared one. When its thread
 * ends by itself, or its store fails, `onFatal` is called.
 *
 * @throws GatewayError STORE_UNUSABLE
 */
export async function connectIntake(config: Config, parts: Parts): Promise<ConnectedIntake> {
  const { hub, metrics, logger, now, undo, onFatal, isStoreNew, thread } = parts;
  const keys = readStoreKeys(config);
  const channel = new MessageChannel();
  const listener: IntakeListener = {
    wake: (topics) => {
      for (const topic of topics) hub.wake(topic);
    },
    log: (level, event, fields, error) =>
      logger[level](event, error === null ? fields : { ...fields, error: readError(error as ReturnType<typeof writeError>) }),
    fatal: (error) => onFatal(readError(error as ReturnType<typeof writeError>) as GatewayError),
  };
  const calls = undo.use(new RemoteCalls(channel.port1, ERROR_FORM, { main: listener }));
  const time = new SharedTime();
  const tellTime = () => time.set(now());
  tellTime();
  const telling = setInterval(tellTime, TIME_TOLD_EVERY_MS).unref();
  undo.defer(() => clearInterval(telling));
  const data: IntakeThreadData = { port: channel.port2, config, time: time.memory, isStoreNew, keys };
  if (thread) useThread(thread, data, { ...parts, calls });
  else serveIntake(channel.port2, config, { now, isStoreNew, keys });
  const intake = calls.object<Intake>('intake');
  const writeMetrics = async () => {
    const all = AggregatorRegistry.aggregate([await metrics.registry.getMetricsAsJSON(), (await intake.readMetrics()) as never[]]);
    return all.metrics();
  };
  const connected = { intake, tellTime, writeMetrics };
  const { storeUrl: url, storeConnections: connections } = config;
  if (url === null) {
    const opened = await intake.openStore();
    const store = connectEmbeddedStore(config, { ...parts, calls, keys, intake, opened });
    return { ...connected, knowsPaths: true, ownFacts: store.facts, openStore: () => Promise.resolve(store) };
  }
  undo.defer(() => intake.close());
  const { knowsPaths } = await intake.openJournal(url);
  let joined: Promise<void> | null = null;
  const openStore = async (own: AsyncDisposableStack) => {
    await (joined ??= intake.joinStore());
    const shared = await openSharedStore(config, { ...parts, undo: own, keys, url, connections });
    return { ...shared, sending: traceSending(shared.sending) };
  };
  return { ...connected, knowsPaths, ownFacts: NOT_KEPT, openStore };
}

/** The store of the intake's thread, with a reader of this thread. */
function connectEmbeddedStore(
  config: Config,
  {
    hub,
    undo,
    onFatal,
    calls,
    keys,
    intake,
    opened,
  }: Pick<Parts, 'hub' | 'undo' | 'onFatal'> & {
    readonly calls: RemoteCalls;
    readonly keys: readonly Uint8Array[];
    readonly intake: Intake;
    readonly opened: Pick<Store, 'epoch' | 'isNew'>;
  },
): OpenedStore {
  const upkeep = calls.object<Store['upkeep']>(nameOfPart('upkeep'));
  const indexAll = async () => {
    while (await upkeep.indexIdentifiers());
  };
  const reader = openSqliteReader({ path: config.storePath, keys, onFatal, indexAll });
  undo.defer(async () => {
    // Files that are not ours any more must not be removed when the last connection ends. So one is left to the end of the process.
    if (await intake.isStoreInPlace()) reader[Symbol.dispose]();
    await intake.close();
  });
  return remoteStore(calls, { ...opened, ...reader }, hub);
}

function useThread(
  thread: Worker,
  data: IntakeThreadData,
  { calls, logger, onFatal, undo }: Pick<Parts, 'logger' | 'onFatal' | 'undo'> & { readonly calls: RemoteCalls },
): void {
  thread.postMessage(data, [data.port]);
  let isExpected = false;
  const end = () => {
    const error = new GatewayError('STORE_FAILED', 'The thread that takes callbacks has ended: the gateway ends too. Restart it.');
    calls.end(error);
    if (!isExpected) onFatal(error);
  };
  thread.on('error', (error) => logger.error('uncaught', { error }));
  const exited = new Promise<void>((resolve) => {
    thread.once('exit', () => {
      end();
      resolve();
    });
  });
  undo.defer(async () => {
    isExpected = true;
    await thread.terminate();
    await exited;
  });
}
