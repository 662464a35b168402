import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Hub } from './datasources/request-log/hub.ts';
import { SqliteRequestLog } from './datasources/request-log/sqlite.ts';
import { Session } from './datasources/thingspace/session.ts';
import { ThingSpace } from './datasources/thingspace/thing-space.ts';
import { Transport } from './datasources/thingspace/transport.ts';
import type { CallbackService } from './datasources/thingspace/wire/callback-service.ts';
import { isLoopback, type Config } from './config.ts';
import { GatewayError } from './errors.ts';
import { createLogger, pseudonym, type Logger } from './logger.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { CallbackListeners } from './resolvers/callback-listeners.ts';
import { RequestFollowing } from './resolvers/follow-request.ts';
import { CallbackReceiver } from './resolvers/receive-callback.ts';
import { RequestSender } from './resolvers/request-sender.ts';
import { SendWindow } from './resolvers/send-window.ts';
import { RequestSubmitter } from './resolvers/submit-request.ts';
import { createAdminServer, type Readiness } from './server/admin.ts';
import { CALLBACK_PREFIX, CallbackPaths, callbackToken } from './server/callback-paths.ts';
import { createCallbackServer } from './server/callbacks.ts';
import { LOCAL_CALLER } from './server/caller.ts';
import { GraphiqlPage, type GraphiqlTab } from './server/graphiql-page.ts';
import { createGraphqlServer } from './server/graphql-http.ts';
import { createGraphql } from './server/graphql.ts';
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
const TIDY_EVERY_MS = 5_000;
/** Of 500 devices or rows each; callbacks are stored in between. */
const INDEX_STEPS = 20;

/** Builds every part and hands it to the others; what was built is undone in reverse, also when a later part fails. */
export async function startGateway(config: Config, options: GatewayOptions): Promise<Gateway> {
  const logger = options.logger ?? createLogger({ level: config.logLevel });
  const now = options.now ?? Date.now;
  const metrics = createMetrics();
  await using undo = new AsyncDisposableStack();

  const hub = new Hub({ tickMs: FOLLOWER_TICK_MS });
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

  const { thingSpace, session } = connectCarrier(config, { requestLog, metrics, now, undo });
  const sender = undo.use(
    new RequestSender({
      requestLog,
      thingSpace,
      window: new SendWindow({
        perMinute: config.activationsPerMinute,
        now,
        sentSince: (operation, since) => requestLog.sentSince(operation, since),
      }),
      firstPauseMs: 1_000,
      maxPauseMs: 60_000,
      onFailure: (requestId, error) => logger.error('send_failed', { requestId, error }),
    }),
  );
  const submitter = new RequestSubmitter({
    requestLog,
    sender,
    session,
    accounts: new Set(config.accounts),
    waitMs: config.submitWaitMs,
    maxQueued: config.maxQueued,
    now,
  });
  const following = new RequestFollowing(requestLog, hub);
  const receiver = new CallbackReceiver({
    requestLog,
    credentials: callbackCredentials(config),
    requireCredentials: config.callbackStrict,
    keptPerReason: 10_000,
    now,
  });

  const waiting = await requestLog.recover();

  const callbackServer = createCallbackServer({
    receiver,
    paths: new CallbackPaths(config.accounts, config.callbackSecret, config.callbackPreviousSecret),
    maxBodyBytes: 1_048_576,
    pseudonym: (account) => pseudonym(account, config.callbackSecret),
    logger,
    metrics,
  });
  const callbacksUrl = await listen(undo, callbackServer, config.callbackHost, config.callbackPort, 'M2M_CALLBACK_PORT');
  const listeners = callbackListeners(config, thingSpace, callbacksUrl);
  // The door is open before the carrier is told of it.
  if (config.callbackRegister) {
    const reports = await listeners.register({ replace: false });
    logger.info('callback_listeners_registered', { count: reports.filter(({ change }) => change === 'registered').length });
  }

  let draining = false;
  const readiness = async (): Promise<Readiness> => {
    const store = await requestLog.probe().then(
      () => 'ok',
      () => 'failing',
    );
    const login = (await session.isLatched()) ? 'refused by the carrier' : 'ok';
    return { ready: store === 'ok' && login === 'ok' && !draining, checks: { store, login, ...(draining && { draining: 'yes' }) } };
  };
  const admin = createAdminServer({
    metrics,
    readiness,
    listeners,
    unlatch: () => session.unlatch(),
    refreshGauges: () => refreshGauges(metrics, requestLog, session),
  });
  const adminUrl = await listen(undo, admin, config.adminHost, config.adminPort, 'M2M_ADMIN_PORT');

  const graphql = createGraphql({
    parts: { requestLog, submitter, following },
    caller: () => LOCAL_CALLER,
    logger,
    metrics,
  });
  const graphqlServer = createGraphqlServer({
    graphql,
    maxBodyBytes: config.maxBodyBytes,
    hosts: config.graphqlHosts,
    graphiql: config.graphiql ? new GraphiqlPage(options.graphiqlTabs ?? []) : null,
  });
  const websockets = new WebsocketDoor({
    graphql,
    hosts: config.graphqlHosts,
    stalledAfterMs: STALLED_AFTER_MS,
    keepAliveMs: KEEP_ALIVE_MS,
    logger,
    metrics,
  });
  websockets.attach(graphqlServer);
  const graphqlUrl = await listen(undo, graphqlServer, config.graphqlHost, config.graphqlPort, 'M2M_GRAPHQL_PORT');
  undo.use(websockets);

  const tidying = setInterval(
    () => {
      tidy(requestLog, now() - config.adoptAfterMs, logger).catch((error: unknown) => logger.error('tidy_failed', { error }));
    },
    Math.min(TIDY_EVERY_MS, config.adoptAfterMs),
  );
  undo.defer(() => clearInterval(tidying));

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
      await built.disposeAsync();
    },
  };
}

/** The carrier's client, also for the command line when no gateway runs. */
export function connectCarrier(
  config: Config,
  parts: {
    readonly requestLog: SqliteRequestLog;
    readonly metrics: Metrics;
    readonly now: () => number;
    readonly undo: AsyncDisposableStack;
  },
) {
  const { requestLog, metrics, now, undo } = parts;
  const transport = undo.use(
    new Transport({ connectTimeoutMs: Math.min(10_000, config.carrierTimeoutMs), maxAnswerBytes: 16 * 1_048_576 }),
  );
  const session = new Session({
    transport,
    apiUrl: config.apiUrl,
    oauthUrl: config.oauthUrl ?? `${config.apiUrl}/ts/v1`,
    credentials: { clientId: config.clientId, clientSecret: config.clientSecret, username: config.username, password: config.password },
    latchKey: config.callbackSecret,
    latch: { recall: () => requestLog.recall(LATCH), remember: (fingerprint) => requestLog.remember(LATCH, fingerprint) },
    timeoutMs: config.carrierTimeoutMs,
    now,
    onCall: (call, result) => metrics.carrierCalls.inc({ call, result }),
  });
  const thingSpace = new ThingSpace({
    transport,
    session,
    apiUrl: config.apiUrl,
    timeoutMs: config.carrierTimeoutMs,
    now,
    onCall: (call, result) => metrics.carrierCalls.inc({ call, result }),
  });
  return { thingSpace, session };
}

const LATCH = 'login-latch';

/**
 * The listeners as the carrier has them, also for the command line when no gateway runs.
 *
 * @param doorUrl where the callback door is, when it is known: a carrier on this machine (the simulator) reaches it there.
 */
export function callbackListeners(config: Config, thingSpace: ThingSpace, doorUrl: string | null): CallbackListeners {
  const publicUrl = config.callbackPublicUrl ?? (isLoopback(config.callbackHost) ? doorUrl : null);
  const urlUnder = (secret: string | null) =>
    publicUrl === null || secret === null
      ? null
      : (account: string, service: CallbackService) => `${publicUrl}${CALLBACK_PREFIX}${callbackToken(secret, { account, service })}`;
  return new CallbackListeners({
    thingSpace,
    accounts: config.accounts,
    urlFor: urlUnder(config.callbackSecret),
    formerUrlFor: urlUnder(config.callbackPreviousSecret),
    credentials: callbackCredentials(config),
  });
}

function callbackCredentials({ callbackUsername: username, callbackPassword: password }: Config) {
  return username !== null && password !== null ? { username, password } : null;
}

/** Starts a server; undoing stops it: no new connections, those at work finish, idle ones close. */
async function listen(undo: AsyncDisposableStack, server: Server, host: string, port: number, variable: string): Promise<string> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new GatewayError('CONFIG_INVALID', `Cannot listen on ${host}:${port} (${cause.message}). Set ${variable} to a free port.`, {
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  undo.defer(async () => {
    const patience = setTimeout(() => server.closeAllConnections(), 5_000);
    // A kept-alive connection that is at work now is idle later, and nothing else would end it then.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    await new Promise((resolve) => server.close(resolve));
    clearInterval(idle);
    clearTimeout(patience);
  });
  const { port: bound } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host}:${bound}`;
}

async function tidy(requestLog: SqliteRequestLog, before: number, logger: Logger): Promise<void> {
  const { resolved, adopted } = await requestLog.settleUnclaimed(before);
  for (const requestId of resolved) logger.info('unknown_request_resolved', { requestId });
  if (adopted.length > 0) logger.info('external_requests_adopted', { count: adopted.length });
  for (let step = 0; step < INDEX_STEPS && (await requestLog.indexIdentifiers()); step++);
}

async function refreshGauges(metrics: Metrics, requestLog: SqliteRequestLog, session: Session): Promise<void> {
  const { unclaimed, openByStatus } = await requestLog.counts();
  metrics.unclaimed.set(unclaimed);
  metrics.openRequests.reset();
  for (const [status, count] of Object.entries(openByStatus)) metrics.openRequests.set({ status }, count);
  metrics.loginLatched.set((await session.isLatched()) ? 1 : 0);
}
