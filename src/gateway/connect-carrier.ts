import type { Config } from '../config/config.ts';
import { isLoopback } from '../config/config.ts';
import type { SqliteRequestLog } from '../datasources/request-log/sqlite/sqlite.ts';
import { AuthorizedCalls } from '../datasources/thingspace/authorized-calls.ts';
import { CarrierReads } from '../datasources/thingspace/carrier-reads.ts';
import { Session } from '../datasources/thingspace/session.ts';
import { ThingSpace } from '../datasources/thingspace/thing-space.ts';
import { Transport } from '../lib/http-exchange.ts';
import type { Metrics } from '../metrics.ts';
import type { CallbackGeneration } from '../resolvers/callbacks/callback-generation.ts';
import { CallbackRegistrations } from '../resolvers/callbacks/callback-registrations.ts';
import { callbackUrls } from './callback-urls.ts';

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
    calls: new AuthorizedCalls({ transport, session, apiUrl: config.apiUrl, timeoutMs: config.carrierTimeoutMs }),
    now,
    onCall: (call: string, result: string) => metrics.carrierCalls.inc({ call, result }),
  };
  return { thingSpace: new ThingSpace(client), reads: new CarrierReads(client), session };
}

const LATCH = 'login-latch';

/**
 * The listeners as the carrier has them, also for the command line when no gateway runs.
 *
 * @param doorUrl where the callback door is, when it is known: a carrier on this machine (the simulator) reaches it there.
 */
export function callbackRegistrations(
  config: Config,
  thingSpace: ThingSpace,
  doorUrl: string | null,
  generation: CallbackGeneration,
): CallbackRegistrations {
  const { accounts, callbackSecret: secret, callbackPreviousSecret: previousSecret } = config;
  const isOnLoopback = config.callbackFd === null && isLoopback(config.callbackHost);
  const publicUrl = config.callbackPublicUrl ?? (isOnLoopback ? doorUrl : null);
  const urls = publicUrl === null ? null : callbackUrls({ publicUrl, secret, previousSecret, generation });
  return new CallbackRegistrations({ thingSpace, accounts, urls, generation, credentials: callbackCredentials(config) });
}

export function callbackCredentials({ callbackUsername: username, callbackPassword: password }: Config) {
  return username !== null && password !== null ? { username, password } : null;
}

export function previousCallbackCredentials({ callbackPreviousUsername: username, callbackPreviousPassword: password }: Config) {
  return username !== null && password !== null ? { username, password } : null;
}
