import { Hub } from './datasources/request-log/hub.ts';
import { SqliteRequestLog } from './datasources/request-log/sqlite/sqlite.ts';
import type { CallbackService } from './datasources/thingspace/wire/callback-service.ts';
import type { Config } from './config/config.ts';
import type { GatewayError } from './errors.ts';
import { buildCallbackDoor } from './gateway/build-callback-door.ts';
import { callbackCredentials, connectCarrier, previousCallbackCredentials } from './gateway/connect-carrier.ts';
import { listen } from './lib/listen.ts';
import { startAuthentication } from './gateway/start-authentication.ts';
import { readStoreKeys } from './config/read-store-keys.ts';
import { refreshGauges } from './server/admin/refresh-gauges.ts';
import { repeat } from './lib/timers.ts';
import { startForwarding } from './gateway/start-forwarding.ts';
import { startPurging } from './gateway/start-purging.ts';
import { startSending } from './gateway/start-sending.ts';
import { createLogger, type Logger } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { FairScheduler } from './lib/fair-scheduler.ts';
import { DeadLetters } from './resolvers/callbacks/redrive-dead-letters.ts';
import { RequestFeed } from './resolvers/requests/follow-request.ts';
import { RequestManager } from './resolvers/requests/manage-request.ts';
import { StorePurge } from './resolvers/upkeep/purge-store.ts';
import { StoreReseal } from './resolvers/upkeep/reseal-store.ts';
import { CallbackReceiver } from './resolvers/callbacks/receive-callback.ts';
import { Reconciler } from './resolvers/requests/reconcile-requests.ts';
import { createAdminServer } from './server/admin/admin.ts';
import type { Readiness } from './server/admin/admin-routes.ts';
import { GraphiqlPage, type GraphiqlTab } from './server/graphql/graphiql-page.ts';
import { createGraphqlServer } from './server/graphql/graphql-http.ts';
import { createGraphql } from './server/graphql/graphql.ts';
import { Admission } from './server/limits/admission.ts';
import { createTrustedDocuments, readTrustedDocuments } from './server/limits/trusted-documents.ts';
import { Origins } from './server/graphql/origins.ts';
import { Overload } from './server/overload.ts';
import { WebsocketDoor } from './server/socket/websocket.ts';

export interface GatewayOptions {
  /** Called once when the store can no longer be trusted: the process must end, and not by answering anything. */
  readonly onFatal: (error: GatewayError) => void;
  readonly logger?: Logger;
  readonly graphiqlTabs?: readonly GraphiqlTab[];
  readonly now?: () => number;
  /** When the carrier is asked whether its callback registrations still name this gateway. */
  readonly registrationWatch?: { readonly firstAfterMs: number; readonly everyMs: number };
}

export interface Gateway extends AsyncDisposable {
  readonly urls: { readonly graphql: string; readonly websocket: string; readonly callbacks: string; readonly admin: string };
  readonly metrics: Metrics;
  /** The path the carrier posts to for an account and service, secret included. */
  callbackPath(account: string, service: CallbackService): string;
}

/** Of one caller, on average over as many sockets as it may have. */
const SUBSCRIPTIONS_PER_SOCKET = 100;
const STALLED_AFTER_MS = 15_000;
const KEEP_ALIVE_MS = 12_000;
/**
 * Messages, pings and pongs of one socket. At once: 100 subscriptions opened, completed and opened anew, as a page does
 * that changes its view.
 */
const SOCKET_PACE = { perSecond: 50, atOnce: 300 } as const;
const FOLLOWER_TICK_MS = 60;
/** Under overload followers are told less often, in larger batches. */
const OVERLOADED_TICK_MS = 500;
const OVERLOAD_LAG_MS = 150;
/** Not at the start itself: an orchestrator that starts a gateway again and again would ask as often. */
const REGISTRATION_WATCH = { firstAfterMs: 60_000, everyMs: 3_600_000 };
const TIDY_EVERY_MS = 5_000;
/** Of 500 devices or rows each; callbacks are stored in between. */
const INDEX_STEPS = 20;
/** Purging takes a fifth of the time at most, and less where the store is busy. */
const PURGE_REST_FACTOR = 4;
/** See `ListenOptions`. With the last answers of the carrier (10 s) a stop takes 20 s at most. */
const GRAPHQL = { variable: 'M2M_GRAPHQL_PORT', patienceMs: 2_000, sockets: 16 } as const;
const ADMIN = { variable: 'M2M_ADMIN_PORT', patienceMs: 1_000, sockets: 1 } as const;

/**
 * Builds every part and hands it to the others; what was built is undone in reverse, also when a later part fails. A stop
 * therefore closes GraphQL first, waits for the carrier's last answers while callbacks are still taken, then closes the
 * callback door, and last the admin door, which tells that we are not ready, and the store.
 */
export async function startGateway(config: Config, options: GatewayOptions): Promise<Gateway> {
  const logger = options.logger ?? createLogger({ level: config.logLevel });
  const now = options.now ?? Date.now;
  const metrics = createMetrics();
  const documents = await readTrustedDocuments(config.trustedDocumentsFiles ?? []);
  await using undo = new AsyncDisposableStack();

  const scheduler = new FairScheduler();
  metrics.callerTurns(() => scheduler.waiting);
  const overload = undo.use(
    new Overload({ callbacks: config.overloadCallbacks, lagMs: OVERLOAD_LAG_MS, callersMs: () => scheduler.servedMs }),
  );
  const hub = new Hub({ tickMs: () => (overload.active ? OVERLOADED_TICK_MS : FOLLOWER_TICK_MS) });
  const keysOfStore = readStoreKeys(config);
  const requestLog = undo.use(
    new SqliteRequestLog({
      path: config.storePath,
      keys: keysOfStore,
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
      onFatal: options.onFatal,
    }),
  );
  if (config.storePlaintext && keysOfStore.length === 0)
    logger.info('store_not_encrypted', { reason: 'M2M_STORE_PLAINTEXT=on: names, addresses and codes lie readable in the file' });
  const carrier = connectCarrier(config, { requestLog, metrics, now, undo });
  const { thingSpace, session } = carrier;
  const feed = new RequestFeed(requestLog, hub, scheduler);
  const forwardTargets = startForwarding(config, { requestLog, hub, metrics, logger, now, undo });
  const receiver = new CallbackReceiver({
    requestLog,
    credentials: callbackCredentials(config),
    previousCredentials: previousCallbackCredentials(config),
    requireCredentials: config.callbackStrict,
    deadLettersPerReason: 10_000,
    now,
    ...(forwardTargets.any && { isForwarded: (lane) => forwardTargets.find(lane) !== null }),
  });
  const waiting = await requestLog.recover();
  const { keys, authenticator } = await startAuthentication(config, { requestLog, hub, metrics, logger, now, undo });

  let draining = false;
  const watch = options.registrationWatch ?? REGISTRATION_WATCH;
  const door = await buildCallbackDoor(config, { requestLog, receiver, thingSpace, session, overload, metrics, logger, now, undo, watch });
  const readiness = async (): Promise<Readiness> => {
    const store = await requestLog.probe().then(
      () => 'ok',
      () => 'failing',
    );
    const login = (await session.isLatched()) ? 'refused by the carrier' : 'ok';
    return {
      ready: store === 'ok' && login === 'ok' && !draining,
      checks: { store, login, ...door.keeper.checks, ...(draining && { draining: 'yes' }) },
    };
  };
  const { upkeep } = requestLog;
  const purge = new StorePurge({
    upkeep,
    retentionDays: config.retentionDays,
    now,
    restFactor: PURGE_REST_FACTOR,
    onStep: ({ requests, rows }) => {
      metrics.purgedRequests.inc(requests);
      metrics.purgeRows.observe(rows);
    },
    onPurged: ({ requests }) => logger.info('store_purged', { count: requests }),
  });
  const reseal = new StoreReseal({ upkeep, restFactor: PURGE_REST_FACTOR });
  const admin = createAdminServer({
    metrics,
    keys,
    audit: requestLog,
    readiness,
    registrations: door.keeper,
    unlatch: () => session.unlatch(),
    store: {
      backup: (path) => upkeep.backup(path),
      copy: (path) => upkeep.backup(path, { isKept: false }),
      purge: (olderThanDays) => purge.run(olderThanDays),
      reseal: () => reseal.run(),
      stats: () => upkeep.stats(),
    },
    refreshGauges: () => refreshGauges(metrics, { requestLog, upkeep, session, overload, now }),
  });
  const adminUrl = await listen(undo, admin, { ...ADMIN, host: config.adminHost, port: config.adminPort });

  const callbacksUrl = await door.open();
  const { sender, submitter } = await startSending(config, { ...carrier, requestLog, metrics, logger, now, undo });
  const reconciler = new Reconciler({
    requestLog,
    reads: carrier.reads,
    overdueAfterMs: config.overdueAfterMs,
    expireAfterMs: config.expireAfterMs,
    callsPerMinute: config.reconcileCallsPerMinute,
    now,
    onLapsed: (into, devices) => metrics.devicesLapsed.inc({ into: into.toLowerCase() }, devices),
    onReconciled: (devices) => {
      metrics.devicesReconciled.inc(devices);
      logger.info('devices_reconciled', { count: devices });
    },
    onFailure: (error) => logger.warn('reconcile_failed', { error }),
  });
  const tidy = async () => {
    const { resolved, adopted } = await requestLog.settleUnclaimed(now() - config.adoptAfterMs);
    for (const requestId of resolved) logger.info('unknown_request_resolved', { requestId });
    if (adopted.length > 0) logger.info('external_requests_adopted', { count: adopted.length });
    for (let step = 0; step < INDEX_STEPS && (await requestLog.indexIdentifiers()); step++);
  };
  const logFailure = (what: string) => (error: unknown) => logger.error(what, { error });
  repeat(undo, Math.min(TIDY_EVERY_MS, config.adoptAfterMs), tidy, logFailure('tidy_failed'));
  repeat(
    undo,
    Math.min(TIDY_EVERY_MS, config.overdueAfterMs, config.expireAfterMs),
    () => reconciler.tick(),
    logFailure('reconcile_failed'),
  );
  // Undone before the repeat is: a tick under way is told to end before it is waited for.
  undo.use(reconciler);

  const trusted = createTrustedDocuments({ mode: config.trustedDocuments, documents });
  const graphql = createGraphql({
    trusted,
    parts: {
      requestLog,
      submitter,
      sender,
      feed,
      manager: new RequestManager({ requestLog, submitter, sender }),
      deadLetters: new DeadLetters({ requestLog, receiver }),
    },
    openPerCaller: config.socketsPerCaller * SUBSCRIPTIONS_PER_SOCKET,
    scheduler,
    maxBodyBytes: config.maxBodyBytes,
    admission: new Admission({
      maxCost: config.maxCost,
      operationsPerMinute: config.operationsPerMinute,
      mutationsPerMinute: config.mutationsPerMinute,
      requestLog,
      logger,
      onRefused: (code) => metrics.operationsRefused.inc({ code: code.toLowerCase() }),
    }),
    logger,
    metrics,
  });
  const origins = new Origins(config.graphqlOrigins ?? []);
  const graphqlServer = createGraphqlServer({
    graphql,
    authenticator,
    origins,
    overload,
    logger,
    maxBodyBytes: config.maxBodyBytes,
    hosts: config.graphqlHosts,
    graphiql: config.graphiql ? new GraphiqlPage({ tabs: options.graphiqlTabs ?? [], authenticated: config.auth }) : null,
    metrics,
  });
  const websockets = new WebsocketDoor({
    graphql,
    resolveDocument: trusted.resolveDocument,
    authenticator,
    origins,
    maxMessageBytes: config.maxBodyBytes,
    socketsPerCaller: config.socketsPerCaller,
    pace: SOCKET_PACE,
    scheduler,
    overload,
    hosts: config.graphqlHosts,
    stalledAfterMs: STALLED_AFTER_MS,
    keepAliveMs: KEEP_ALIVE_MS,
    logger,
    metrics,
  });
  websockets.attach(graphqlServer);
  const graphqlUrl = await listen(undo, graphqlServer, {
    ...GRAPHQL,
    host: config.graphqlHost,
    port: config.graphqlPort,
    inherited: config.graphqlFd && { descriptors: config.graphqlFd, variable: 'M2M_GRAPHQL_FD' },
  });
  undo.use(websockets);

  undo.use(reseal);
  startPurging({ purge, upkeep, logger, undo });
  submitter.resume(waiting);
  if (waiting.length > 0) logger.info('resuming_queued_requests', { count: waiting.length });
  const built = undo.move();
  return {
    urls: {
      graphql: `${graphqlUrl}/graphql`,
      websocket: `${graphqlUrl.replace('http', 'ws')}/graphql`,
      callbacks: callbacksUrl,
      admin: adminUrl,
    },
    metrics,
    callbackPath: (account, service) => door.paths.pathOf({ account, service }),
    async [Symbol.asyncDispose]() {
      draining = true;
      submitter.stopWaiting();
      await built.disposeAsync();
    },
  };
}
