import { Hub } from './datasources/request-log/hub.ts';
import { SqliteRequestLog } from './datasources/request-log/sqlite.ts';
import type { CallbackService } from './datasources/thingspace/wire/callback-service.ts';
import type { Config } from './config.ts';
import type { GatewayError } from './errors.ts';
import { callbackCredentials, callbackListeners, connectCarrier } from './gateway/connect-carrier.ts';
import { listen } from './gateway/listen.ts';
import { refreshGauges } from './gateway/refresh-gauges.ts';
import { refreshStoreGauges } from './gateway/refresh-store-gauges.ts';
import { repeat } from './gateway/repeat.ts';
import { startForwarding } from './gateway/start-forwarding.ts';
import { startPurging } from './gateway/start-purging.ts';
import { startSending } from './gateway/start-sending.ts';
import { createLogger, pseudonym, type Logger } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { DeadLetters } from './resolvers/dead-letters.ts';
import { RequestFollowing } from './resolvers/follow-request.ts';
import { RequestManager } from './resolvers/manage-request.ts';
import { StorePurge } from './resolvers/purge-store.ts';
import { CallbackReceiver } from './resolvers/receive-callback.ts';
import { Reconciler } from './resolvers/reconcile-requests.ts';
import { createAdminServer, type Readiness } from './server/admin.ts';
import { CALLBACK_PREFIX, CallbackPaths, callbackToken } from './server/callback-paths.ts';
import { createCallbackServer } from './server/callbacks.ts';
import { LOCAL_CALLER } from './server/caller.ts';
import { GraphiqlPage, type GraphiqlTab } from './server/graphiql-page.ts';
import { createGraphqlServer } from './server/graphql-http.ts';
import { createGraphql } from './server/graphql.ts';
import { Overload } from './server/overload.ts';
import { WebsocketDoor } from './server/websocket.ts';

export interface GatewayOptions {
  /** Called once when the store can no longer be trusted: the process must end, and not by answering anything. */
  readonly onFatal: (error: GatewayError) => void;
  readonly logger?: Logger;
  readonly graphiqlTabs?: readonly GraphiqlTab[];
  readonly now?: () => number;
}

export interface Gateway extends AsyncDisposable {
  readonly urls: { readonly graphql: string; readonly websocket: string; readonly callbacks: string; readonly admin: string };
  readonly metrics: Metrics;
  /** The path the carrier posts to for an account and service, secret included. */
  callbackPath(account: string, service: CallbackService): string;
}

const STALLED_AFTER_MS = 15_000;
const KEEP_ALIVE_MS = 12_000;
const FOLLOWER_TICK_MS = 60;
/** Under overload followers are told less often, in larger batches. */
const OVERLOADED_TICK_MS = 500;
const OVERLOAD_LAG_MS = 150;
const TIDY_EVERY_MS = 5_000;
/** Of 500 devices or rows each; callbacks are stored in between. */
const INDEX_STEPS = 20;
/** Purging takes a fifth of the time at most, and less where the store is busy. */
const PURGE_REST_FACTOR = 4;
/** Listening on the one port of a door: see `ListenOptions`. */
const SOCKETS = { graphql: 16, callbacks: 64, admin: 1 } as const;
/** How long a stopping door lets requests at work finish. With the last answers of the carrier (10 s) a stop takes 20 s at most. */
const PATIENCE_MS = { graphql: 2_000, callbacks: 3_000, admin: 1_000 } as const;

/**
 * Builds every part and hands it to the others; what was built is undone in reverse, also when a later part fails. A stop
 * therefore closes GraphQL first, waits for the carrier's last answers while callbacks are still taken, then closes the
 * callback door, and last the admin door, which tells that we are not ready, and the store.
 */
export async function startGateway(config: Config, options: GatewayOptions): Promise<Gateway> {
  const logger = options.logger ?? createLogger({ level: config.logLevel });
  const now = options.now ?? Date.now;
  const metrics = createMetrics();
  await using undo = new AsyncDisposableStack();

  const overload = undo.use(new Overload({ callbacks: config.overloadCallbacks, lagMs: OVERLOAD_LAG_MS }));
  const hub = new Hub({ tickMs: () => (overload.active ? OVERLOADED_TICK_MS : FOLLOWER_TICK_MS) });
  const requestLog = undo.use(
    new SqliteRequestLog({
      path: config.storePath,
      hub,
      now,
      onCommit: (jobs, seconds) => {
        metrics.commitRows.observe(jobs);
        metrics.commitSeconds.observe(seconds);
      },
      onFatal: options.onFatal,
    }),
  );
  const carrier = connectCarrier(config, { requestLog, metrics, now, undo });
  const { thingSpace, session } = carrier;
  const following = new RequestFollowing(requestLog, hub);
  const forwardTargets = startForwarding(config, { requestLog, hub, metrics, logger, now, undo });
  const receiver = new CallbackReceiver({
    requestLog,
    credentials: callbackCredentials(config),
    requireCredentials: config.callbackStrict,
    keptPerReason: 10_000,
    now,
    ...(forwardTargets.any && { isForwarded: (lane) => forwardTargets.find(lane) !== null }),
  });
  const waiting = await requestLog.recover();

  let draining = false;
  let doorUrl: string | null = null;
  const listeners = () => callbackListeners(config, thingSpace, doorUrl);
  const readiness = async (): Promise<Readiness> => {
    const store = await requestLog.probe().then(
      () => 'ok',
      () => 'failing',
    );
    const login = (await session.isLatched()) ? 'refused by the carrier' : 'ok';
    return { ready: store === 'ok' && login === 'ok' && !draining, checks: { store, login, ...(draining && { draining: 'yes' }) } };
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
  const admin = createAdminServer({
    metrics,
    readiness,
    listeners,
    unlatch: () => session.unlatch(),
    store: { backup: (path) => upkeep.backup(path), purge: (olderThanDays) => purge.run(olderThanDays), stats: () => upkeep.stats() },
    refreshGauges: async () => {
      await refreshGauges(metrics, requestLog, session, overload, now());
      await refreshStoreGauges(metrics, upkeep);
    },
  });
  const adminUrl = await listen(undo, admin, {
    host: config.adminHost,
    port: config.adminPort,
    variable: 'M2M_ADMIN_PORT',
    patienceMs: PATIENCE_MS.admin,
    sockets: SOCKETS.admin,
  });

  const callbackServer = createCallbackServer({
    receiver,
    paths: new CallbackPaths(config.accounts, config.callbackSecret, config.callbackPreviousSecret),
    maxBodyBytes: 1_048_576,
    pseudonym: (account) => pseudonym(account, config.callbackSecret),
    overload,
    logger,
    metrics,
  });
  const callbacksUrl = await listen(undo, callbackServer, {
    host: config.callbackHost,
    port: config.callbackPort,
    variable: 'M2M_CALLBACK_PORT',
    patienceMs: PATIENCE_MS.callbacks,
    sockets: SOCKETS.callbacks,
  });
  doorUrl = callbacksUrl;
  // The door is open before the carrier is told of it.
  if (config.callbackRegister) {
    const reports = await listeners().register({ replace: false });
    logger.info('callback_listeners_registered', { count: reports.filter(({ change }) => change === 'registered').length });
  }

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
  const failed = (what: string) => (error: unknown) => logger.error(what, { error });
  repeat(undo, Math.min(TIDY_EVERY_MS, config.adoptAfterMs), tidy, failed('tidy_failed'));
  repeat(undo, Math.min(TIDY_EVERY_MS, config.overdueAfterMs, config.expireAfterMs), () => reconciler.tick(), failed('reconcile_failed'));
  // Undone before the repeat is: a tick under way is told to end before it is waited for.
  undo.use(reconciler);

  const graphql = createGraphql({
    parts: {
      requestLog,
      submitter,
      sender,
      following,
      manager: new RequestManager({ requestLog, submitter, sender }),
      deadLetters: new DeadLetters({ requestLog, receiver }),
    },
    caller: () => LOCAL_CALLER,
    logger,
    metrics,
  });
  const graphqlServer = createGraphqlServer({
    graphql,
    overload,
    maxBodyBytes: config.maxBodyBytes,
    hosts: config.graphqlHosts,
    graphiql: config.graphiql ? new GraphiqlPage(options.graphiqlTabs ?? []) : null,
    metrics,
  });
  const websockets = new WebsocketDoor({
    graphql,
    overload,
    hosts: config.graphqlHosts,
    stalledAfterMs: STALLED_AFTER_MS,
    keepAliveMs: KEEP_ALIVE_MS,
    logger,
    metrics,
  });
  websockets.attach(graphqlServer);
  const graphqlUrl = await listen(undo, graphqlServer, {
    host: config.graphqlHost,
    port: config.graphqlPort,
    variable: 'M2M_GRAPHQL_PORT',
    patienceMs: PATIENCE_MS.graphql,
    sockets: SOCKETS.graphql,
  });
  undo.use(websockets);

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
    callbackPath: (account, service) => `${CALLBACK_PREFIX}${callbackToken(config.callbackSecret, { account, service })}`,
    async [Symbol.asyncDispose]() {
      draining = true;
      submitter.stopWaiting();
      await built.disposeAsync();
    },
  };
}
