import { monitorEventLoopDelay } from 'node:perf_hooks';
import type { Worker } from 'node:worker_threads';
import type { Config } from './config/config.ts';
import { Hub } from './datasources/request-log/hub.ts';
import type { Lease } from './datasources/request-log/leases.ts';
import type { CallbackService } from './datasources/thingspace/wire/callback-service.ts';
import type { GatewayError } from './errors.ts';
import { buildCarrierReads } from './gateway/build-carrier-reads.ts';
import type { WatchTimes } from './gateway/build-registrations.ts';
import { buildReceiver } from './gateway/intake/build-receiver.ts';
import { connectIntake } from './gateway/intake/connect-intake.ts';
import { CALLBACK_LISTENING as CALLBACKS } from './gateway/intake/open-callback-door.ts';
import { openParts, type OpenedParts } from './gateway/open-parts.ts';
import { startClock, tellClockChange } from './gateway/start-clock.ts';
import { buildReconciler, followUp } from './gateway/follow-up.ts';
import { forwardCallbacks } from './gateway/forward-callbacks.ts';
import { startPurging } from './gateway/start-purging.ts';
import { shareDescriptors } from './gateway/share-descriptors.ts';
import { buildSending } from './gateway/build-sending.ts';
import { startWork } from './gateway/start-work.ts';
import { orStopped, untilAnswered } from './gateway/until-answered.ts';
import { FairScheduler } from './lib/fair-scheduler.ts';
import { listen } from './lib/listen.ts';
import { machineClocks, SteadyClock } from './lib/steady-clock.ts';
import { createLogger, type Logger } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { ForwardTargets } from './resolvers/callbacks/forward-targets.ts';
import { DeadLetters } from './resolvers/callbacks/redrive-dead-letters.ts';
import { ChangesFeed } from './resolvers/requests/follow-changes.ts';
import { RequestFeed } from './resolvers/requests/follow-request.ts';
import { RequestManager } from './resolvers/requests/manage-request.ts';
import { Timelines } from './resolvers/requests/timeline.ts';
import { DoorConnections } from './server/door-connections.ts';
import { createAdminServer } from './server/admin/admin.ts';
import { checkReadiness, type Stage } from './server/admin/check-readiness.ts';
import { LAG_RESOLUTION_MS } from './server/admin/refresh-gauges.ts';
import { GraphiqlPage, type GraphiqlTab } from './server/graphql/graphiql-page.ts';
import { createGraphqlServer } from './server/graphql/graphql-http.ts';
import { createGraphql } from './server/graphql/graphql.ts';
import { Origins } from './server/graphql/origins.ts';
import { Health } from './server/health.ts';
import type { Neighbours } from './server/host.ts';
import { Admission } from './server/limits/admission.ts';
import { OutgoingBytes } from './server/limits/outgoing-bytes.ts';
import { createTrustedDocuments, readTrustedDocuments } from './server/limits/trusted-documents.ts';
import { WebsocketDoor } from './server/socket/websocket.ts';

export interface GatewayOptions {
  /** Called once, when the store can no longer be trusted. The process must then end, without another answer to anybody. */
  readonly onFatal: (error: GatewayError) => void;
  /** Called once, when the store is open: from then on its files survive any end of the process. */
  readonly onStoreOpen?: () => void;
  /** Ends a start that waits for the store: it undoes everything, and rejects with SHUTTING_DOWN. */
  readonly stop?: AbortSignal;
  /** Called for each listener that is open. */
  readonly onListening?: (listener: keyof Gateway['urls'], url: string) => void;
  readonly logger?: Logger;
  /** How many lines of the log could not be written. */
  readonly linesDropped?: () => number;
  /** The thread of the intake (`startIntakeThread`). Without it the intake is in this thread, so that it has the clock of a test. */
  readonly intakeThread?: Worker;
  /** The store is made for this run, so that an empty place is no reason to warn. */
  readonly isStoreNew?: boolean;
  readonly graphiqlTabs?: readonly GraphiqlTab[];
  /** Names and origins that GraphQL takes beside those of the configuration. */
  readonly neighbours?: Neighbours;
  /** The wall clock, which may be wrong and jump. */
  readonly now?: () => number;
  /** A clock that does not jump, from any beginning that restarts share. By default the uptime of the machine. */
  readonly uptime?: () => number;
  readonly registrationWatch?: WatchTimes;
}

export interface Gateway extends AsyncDisposable {
  readonly urls: { readonly graphql: string; readonly websocket: string; readonly callbacks: string; readonly admin: string };
  readonly metrics: Metrics;
  /** The path that the carrier posts to for an account and service. It holds the secret. */
  callbackPath(account: string, service: CallbackService): string;
}

/** A caller may spread its subscriptions over its sockets as it likes. This is the average. */
const SUBSCRIPTIONS_PER_SOCKET = 100;
/** Under load a follower gets what happens in so long in one event. */
const FOLLOWER_TICK_MS = 60;
/** See `ListenOptions`. A stop takes 20 s at most, with 10 s for the last answers of the carrier. */
const GRAPHQL = { variable: 'M2M_GRAPHQL_PORT', patienceMs: 2_000, sockets: 16 } as const;
const ADMIN = { variable: 'M2M_ADMIN_PORT', patienceMs: 1_000, sockets: 1 } as const;

/**
 * Builds every part and hands it to the others. The admin door and the callback door come before whatever needs the store, because a
 * shared one may not answer yet: callbacks go into the journal then.
 *
 * The parts are undone in reverse order, also when building a later one fails. So a stop closes GraphQL first. It waits for the carrier's last answers while callbacks are still taken, and then closes the
 * callback door. Last come the admin door, which tells that we are not ready, and the store.
 */
export async function startGateway(config: Config, options: GatewayOptions): Promise<Gateway> {
  const logger = options.logger ?? createLogger({ level: config.logLevel });
  const metrics = createMetrics();
  metrics.logLinesDropped(options.linesDropped ?? (() => 0));
  const machine = machineClocks();
  const sources = { wallMs: options.now ?? machine.wallMs, uptimeMs: options.uptime ?? machine.uptimeMs };
  const clock = new SteadyClock(sources, tellClockChange({ logger, metrics }));
  const { now } = clock;
  const documents = await readTrustedDocuments(config.trustedDocumentsFiles ?? []);
  await using undo = new AsyncDisposableStack();

  const scheduler = new FairScheduler();
  metrics.callerTurns(() => scheduler.waiting);
  const outgoing = new OutgoingBytes();
  metrics.outgoingBytes(() => outgoing.total);
  const hub = new Hub({ tickMs: () => FOLLOWER_TICK_MS });
  const { intake, knowsPaths, ownFacts, openStore, tellTime, writeMetrics } = await connectIntake(config, {
    hub,
    metrics,
    logger,
    now,
    undo,
    onFatal: options.onFatal,
    isStoreNew: options.isStoreNew ?? false,
    thread: options.intakeThread ?? null,
  });
  await startClock(clock, { store: { facts: ownFacts }, metrics, logger, undo });
  tellTime();
  // The store, and what begins with what it says. It is opened after the doors, and undone after them too.
  const below = undo.use(new AsyncDisposableStack());
  const most = shareDescriptors(GRAPHQL.sockets + CALLBACKS.sockets + ADMIN.sockets);
  const isShared = config.storeUrl !== null;
  let opened: OpenedParts | null = null;
  let callbacksUrl: string | null = null;
  let stage: Stage = 'STARTING';
  const adminOptions = {
    metrics,
    clock,
    now,
    parts: () => opened,
    notYet: isShared ? 'The database has not answered yet.' : 'The store is not open yet.',
    refused: () => intake.refusedLately(),
    journal: () => intake.journal(),
    beat: () => intake.beat(),
    writeMetrics,
    lag: undo.adopt(monitorEventLoopDelay({ resolution: LAG_RESOLUTION_MS }), (each) => void each.disable()),
    stage: () => (options.stop?.aborted ? 'DRAINING' : stage),
    callbacksClosed: () => (callbacksUrl !== null ? null : knowsPaths ? NOT_OPEN : PATHS_NOT_KNOWN),
  };
  const adminServer = createAdminServer(
    adminOptions,
    undo.use(new DoorConnections({ listener: 'admin', most: most.admin, logger, metrics })),
  );
  const adminUrl = await listen(undo, adminServer, { ...ADMIN, host: config.adminHost, port: config.adminPort });
  options.onListening?.('admin', adminUrl);

  undo.defer(() => intake.closeDoor());
  const openDoor = async () => {
    callbacksUrl = await intake.openDoor(most.callbacks);
    options.onListening?.('callbacks', callbacksUrl);
    return callbacksUrl;
  };
  const open = async (own: AsyncDisposableStack) => {
    const shared = { store: await openStore(own), hub, metrics, logger, clock, now, undo: own };
    return openParts(config, { ...shared, listenerUrl: () => callbacksUrl, watchTimes: options.registrationWatch });
  };
  const waiting = { logger, meanwhile: 'GraphQL opens then.' };
  const [callbacks, built] = await orStopped(Promise.all([openDoor(), untilAnswered(open, { ...waiting, undo: below })]), options.stop);
  opened = built;
  options.onStoreOpen?.();
  const { store, carrier, authenticator, paths, registrations, callbackRegistrations, purge, reseal } = built;
  const parts = { store, hub, metrics, logger, clock, now, undo };
  undo.use(registrations);
  await registrations.start();
  const forwardTargets = new ForwardTargets(config.callbackForward ?? []);
  const { sender, submitter } = buildSending(config, { ...parts, ...carrier });
  const reconciler = buildReconciler(config, { ...parts, reads: carrier.reads });
  const work = async (lease: Lease, ended: AsyncDisposableStack) => {
    forwardCallbacks(config, { ...parts, undo: ended }, forwardTargets);
    const count = await sender.begin(lease, ended);
    if (count > 0) logger.info('resuming_queued_requests', { count });
    followUp(config, { ...parts, undo: ended }, reconciler);
  };
  // The database may have gone away again.
  await untilAnswered((own) => startWork({ ...parts, undo: own }, work), { ...waiting, undo });
  // This is undone before the work is: the reconciler tells the running tick to end, then the work waits for it.
  undo.use(reconciler);

  const subscriptions = config.socketsPerCaller * SUBSCRIPTIONS_PER_SOCKET;
  const trusted = createTrustedDocuments({ mode: config.trustedDocuments, documents });
  const graphql = createGraphql({
    trusted,
    parts: {
      store,
      submitter,
      sender,
      feed: new RequestFeed(store, hub, scheduler),
      changes: new ChangesFeed(store, hub, scheduler, config.accounts),
      manager: new RequestManager({ store, submitter, sender, reconciler, session: carrier.session }),
      timelines: new Timelines(store.requests),
      accounts: config.accounts,
      limits: {
        operationsPerMinute: config.operationsPerMinute,
        mutationsPerMinute: config.mutationsPerMinute,
        maxCost: config.maxCost,
        sockets: config.socketsPerCaller,
        subscriptions,
        queuedRequests: config.maxQueuedPerCaller,
        bodyBytes: config.maxBodyBytes,
      },
      ...buildCarrierReads(config, { ...parts, ...carrier, registrations: callbackRegistrations }),
      deadLetters: new DeadLetters({ store, receiver: buildReceiver(config, { store, now }) }),
    },
    openPerCaller: subscriptions,
    scheduler,
    outgoing,
    maxBodyBytes: config.maxBodyBytes,
    admission: new Admission({
      outgoing,
      maxCost: config.maxCost,
      operationsPerMinute: config.operationsPerMinute,
      mutationsPerMinute: config.mutationsPerMinute,
      audit: store.audit,
      logger,
      onRefused: (code) => metrics.operationsRefused.inc({ code: code.toLowerCase() }),
    }),
    logger,
    metrics,
  });
  const { neighbours = null } = options;
  const health = new Health({
    isLive: () => intake.beat().then(() => true),
    isReady: async () => (await checkReadiness(adminOptions)).ready,
  });
  const connections = undo.use(new DoorConnections({ listener: 'graphql', most: most.graphql, logger, metrics }));
  const doorOptions = {
    graphql,
    connections,
    outgoing,
    authenticator,
    origins: new Origins(config.graphqlOrigins ?? [], neighbours),
    hosts: config.graphqlHosts,
    neighbours,
    maxBodyBytes: config.maxBodyBytes,
    logger,
    metrics,
  };
  const graphiql = config.graphiql ? new GraphiqlPage({ tabs: options.graphiqlTabs ?? [], authenticated: config.auth }) : null;
  const graphqlServer = createGraphqlServer({ ...doorOptions, health, graphiql });
  const websockets = new WebsocketDoor({
    ...doorOptions,
    resolveDocument: trusted.resolveDocument,
    socketsPerCaller: config.socketsPerCaller,
    scheduler,
  });
  connections.attach(graphqlServer);
  websockets.attach(graphqlServer);
  const graphqlUrl = await listen(undo, graphqlServer, {
    ...GRAPHQL,
    host: config.graphqlHost,
    port: config.graphqlPort,
    inherited: config.graphqlFd && { descriptors: config.graphqlFd, variable: 'M2M_GRAPHQL_FD' },
  });
  undo.use(websockets);
  stage = 'OPEN';

  undo.use(reseal);
  startPurging({ purge, upkeep: store.upkeep, logger, undo });
  const urls = {
    graphql: `${graphqlUrl}/graphql`,
    websocket: `${graphqlUrl.replace('http', 'ws')}/graphql`,
    callbacks,
    admin: adminUrl,
  };
  options.onListening?.('graphql', urls.graphql);
  options.onListening?.('websocket', urls.websocket);
  const whole = undo.move();
  return {
    urls,
    metrics,
    callbackPath: (account, service) => paths.pathOf({ account, service }),
    async [Symbol.asyncDispose]() {
      stage = 'DRAINING';
      submitter.stopWaiting();
      await whole.disposeAsync();
    },
  };
}

const NOT_OPEN = 'the callback listener is not open yet';
const PATHS_NOT_KNOWN =
  'the callback listener waits for the database: the journal is new, and does not know the callback paths before the database has answered once';
