import { Hub } from '../../src/datasources/request-log/hub.ts';
import { openSqliteStore } from '../../src/datasources/request-log/sqlite/open-sqlite-store.ts';
import { createLogger } from '../../src/logger.ts';
import { createMetrics } from '../../src/metrics.ts';
import { FairScheduler } from '../../src/lib/fair-scheduler.ts';
import { DeadLetters } from '../../src/resolvers/callbacks/redrive-dead-letters.ts';
import { ChangesFeed } from '../../src/resolvers/requests/follow-changes.ts';
import { RequestFeed } from '../../src/resolvers/requests/follow-request.ts';
import { Timelines } from '../../src/resolvers/requests/timeline.ts';
import { CallbackReceiver } from '../../src/resolvers/callbacks/receive-callback.ts';
import type { Identity } from '../../src/resolvers/access/caller.ts';
import { OutgoingBytes } from '../../src/server/limits/outgoing-bytes.ts';
import { createTrustedDocuments } from '../../src/server/limits/trusted-documents.ts';
import { DoorConnections } from '../../src/server/door-connections.ts';
import { Origins } from '../../src/server/graphql/origins.ts';
import { createLastingIdentity, LOCAL_CALLER } from '../../src/server/identity/local-caller.ts';
import { Health } from '../../src/server/health.ts';
import { createGraphqlServer } from '../../src/server/graphql/graphql-http.ts';
import type { HttpTimeouts } from '../../src/server/http-timeouts.ts';
import { createGraphql } from '../../src/server/graphql/graphql.ts';
import { WebsocketDoor } from '../../src/server/socket/websocket.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';
import { openAdmission } from './open-admission.ts';
import { tempFolder } from './temp-folder.ts';
import { flatten, storeOf, type FlatStore } from './flat-store.ts';

/** Both GraphQL doors over a store of their own, without a carrier: for tests that need the parts in their hands. */
export async function openGraphqlDoors({
  faulty = (log: FlatStore): FlatStore => log,
  stalledAfterMs = 15_000,
  keepAliveMs = 12_000,
  logLevel = 'error' as 'error' | 'warn',
  caller = LOCAL_CALLER,
  identity = createLastingIdentity(caller),
  identify = (_authorization: string | null): Promise<Identity> => Promise.resolve(identity),
  origins = [] as readonly string[],
  maxMessageBytes = 1_000_000,
  socketsPerCaller = 50,
  /** The most connections at a time. */
  mostConnections = Infinity,
  /** What an operation may produce. Admission lets every cost pass. */
  maxObjects = Number.MAX_SAFE_INTEGER,
  /** The most subscriptions of one caller. */
  openPerCaller = 5_000,
  pace = { perSecond: 50, atOnce: 300 },
  limits = {} as Partial<HttpTimeouts>,
  outgoing = new OutgoingBytes(),
} = {}) {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const hub = new Hub({ tickMs: () => 5 });
  const onFatal = (error: Error): never => {
    throw error;
  };
  const requestLog = undo.use(flatten(openSqliteStore({ path: `${folder.path}/gateway.sqlite`, hub, now: Date.now, onFatal })));
  const seen = faulty(requestLog);
  const logged: string[] = [];
  const logger = createLogger({ level: logLevel, destination: { write: (line) => void logged.push(line) } });
  const metrics = createMetrics();
  const receiver = new CallbackReceiver({
    store: storeOf(seen),
    credentials: null,
    requireCredentials: false,
    deadLettersPerReason: 10,
    now: Date.now,
  });
  const scheduler = new FairScheduler();
  const trusted = createTrustedDocuments({ mode: 'off', documents: new Map() });
  const graphql = createGraphql({
    parts: {
      store: storeOf(seen),
      submitter: null as never,
      sender: null as never,
      manager: null as never,
      carrier: null as never,
      deviceGroups: null as never,
      timelines: new Timelines(seen),
      accounts: [],
      limits: {
        operationsPerMinute: 1,
        mutationsPerMinute: 1,
        maxCost: maxObjects,
        sockets: socketsPerCaller,
        subscriptions: openPerCaller,
        queuedRequests: 1,
        bodyBytes: maxMessageBytes,
      },
      deadLetters: new DeadLetters({ store: storeOf(seen), receiver }),
      feed: new RequestFeed(storeOf(seen), hub, scheduler),
      changes: new ChangesFeed(storeOf(seen), hub, scheduler, []),
    },
    trusted,
    openPerCaller,
    scheduler,
    maxBodyBytes: maxMessageBytes,
    outgoing,
    admission: openAdmission({
      audit: requestLog,
      logger,
      outgoing,
      onRefused: (code) => metrics.operationsRefused.inc({ code: code.toLowerCase() }),
    }),
    logger,
    metrics,
  });
  const connections = undo.use(new DoorConnections({ listener: 'graphql', most: mostConnections, stalledAfterMs, logger, metrics }));
  const common = {
    graphql,
    connections,
    outgoing,
    authenticator: { identify },
    origins: new Origins(origins),
    hosts: ['127.0.0.1'],
    neighbours: null,
    maxBodyBytes: maxMessageBytes,
    logger,
    metrics,
  };
  const health = new Health({ isLive: () => Promise.resolve(true), isReady: () => Promise.resolve(true) });
  const server = createGraphqlServer({ ...common, health, graphiql: null, keepAliveMs, timeouts: limits });
  const door = new WebsocketDoor({
    ...common,
    resolveDocument: trusted.resolveDocument,
    socketsPerCaller,
    pace,
    scheduler,
    keepAliveMs,
  });
  connections.attach(server);
  door.attach(server);
  const listening = undo.use(await listenOnLoopback(server));
  undo.use(door);
  const url = `${listening.origin}/graphql`;
  const built = undo.move();
  return {
    requestLog,
    hub,
    metrics,
    outgoing,
    scheduler,
    /** What went to the log, from `logLevel` on. */
    logged,
    url,
    websocketUrl: url.replace('http', 'ws'),
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
