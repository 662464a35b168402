import type { Config } from '../config/config.ts';
import { isLoopback } from '../config/config.ts';
import type { SqliteRequestLog } from '../datasources/request-log/sqlite/sqlite.ts';
import { AuthorizedCalls } from '../datasources/thingspace/authorized-calls.ts';
import { CarrierReads } from '../datasources/thingspace/carrier-reads.ts';
import { Session } from '../datasources/thingspace/session.ts';
import { ThingSpace } from '../datasources/thingspace/thing-space.ts';
import { Transport } from '../lib/http-exchange.ts';
import type { Metrics } from '../metrics.ts';
import { CallbackGeneration } from '../resolvers/callbacks/callback-generation.ts';
import { CallbackPaths } from '../resolvers/callbacks/callback-paths.ts';
import { CallbackRegistrations } from '../resolvers/callbacks/callback-registrations.ts';

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
  const client = {
    calls: new AuthorizedCalls({ transport, session, apiUrl: config.apiUrl, timeoutMs: config.carrierTimeoutMs, now }),
    onCall: (call: string, result: string) => metrics.carrierCalls.inc({ call, result }),
  };
  return { thingSpace: new ThingSpace(client), reads: new CarrierReads(client), session };
}

const LATCH = 'login-latch';

/**
 * Our callback paths and the carrier's registrations of them, also for the command line when no gateway runs.
 *
 * @param listenerUrl where the callback listener is, once that is known: a carrier on this machine (the simulator) reaches it there.
 */
export async function loadRegistrations(
  config: Config,
  parts: {
    readonly requestLog: SqliteRequestLog;
    readonly thingSpace: ThingSpace;
    readonly now: () => number;
    readonly listenerUrl: () => string | null;
  },
) {
  const { requestLog, thingSpace, now, listenerUrl } = parts;
  const { accounts, callbackSecret: secret, callbackPreviousSecret: previousSecret } = config;
  const generation = await CallbackGeneration.load(requestLog, now);
  const paths = new CallbackPaths({ accounts, secret, previousSecret, generation });
  const isOnLoopback = config.callbackFd === null && isLoopback(config.callbackHost);
  const publicUrl = () => config.callbackPublicUrl ?? (isOnLoopback ? listenerUrl() : null);
  const credentials = callbackCredentials(config);
  return { paths, registrations: new CallbackRegistrations({ thingSpace, accounts, paths, publicUrl, generation, credentials }) };
}

export function callbackCredentials({ callbackUsername: username, callbackPassword: password }: Config) {
  return username !== null && password !== null ? { username, password } : null;
}

export function previousCallbackCredentials({ callbackPreviousUsername: username, callbackPreviousPassword: password }: Config) {
  return username !== null && password !== null ? { username, password } : null;
}
