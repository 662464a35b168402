import { isLoopback, type Config } from '../config/config.ts';
import { AuthorizedCalls } from '../datasources/thingspace/authorized-calls.ts';
import { CarrierReads } from '../datasources/thingspace/carrier-reads.ts';
import { SharedSession } from '../datasources/thingspace/shared-session.ts';
import { Session, type TokenTrouble } from '../datasources/thingspace/session.ts';
import { ThingSpace } from '../datasources/thingspace/thing-space.ts';
import { readAnswer } from '../datasources/thingspace/wire/read-answer.ts';
import { Transport } from '../lib/http-exchange.ts';
import { LogThrottle } from '../lib/log-throttle.ts';
import type { Logger } from '../logger.ts';
import { CallbackRegistrations } from '../resolvers/callbacks/callback-registrations.ts';
import { credentialsOf, loadCallbackPaths } from './load-callback-paths.ts';
import type { SharedParts } from './shared-parts.ts';
import { traceExchanges } from './trace-sending.ts';

/** The client of the carrier. The command line uses it too, when no gateway runs. */
export function connectCarrier(
  config: Config,
  {
    store,
    metrics,
    now,
    undo,
    logger,
    clock,
  }: Pick<SharedParts, 'store' | 'metrics' | 'now' | 'undo'> & Partial<Pick<SharedParts, 'logger' | 'clock'>>,
) {
  const { apiUrl, oauthUrl, carrierTimeoutMs: timeoutMs, clientId, clientSecret, username, password } = config;
  const transport = undo.use(
    new Transport({
      connectTimeoutMs: Math.min(10_000, timeoutMs),
      maxAnswerBytes: 16 * 1_048_576,
      read: readAnswer,
      onDate: clock?.hear,
    }),
  );
  const onCall = (call: string, result: string) => metrics.carrierCalls.inc({ call, result });
  const traced = traceExchanges(transport);
  const session = new Session({
    transport: traced,
    apiUrl,
    oauthUrl: oauthUrl ?? `${apiUrl}/ts/v1`,
    credentials: { clientId, clientSecret, username, password },
    latchKey: config.callbackSecret,
    facts: store.facts,
    shared: config.storeUrl === null ? null : new SharedSession(store.facts, config),
    oneAtATime: (login) => store.leases.during('login', login),
    timeoutMs,
    now,
    onCall,
    ...(logger && { onTrouble: logTroubles(logger, now) }),
  });
  const calls = new AuthorizedCalls({ transport: traced, session, apiUrl, timeoutMs, now, onCall });
  return { thingSpace: new ThingSpace({ calls, onCall }), reads: new CarrierReads({ calls }), calls, session };
}

/** A login that was refused before the start is not tried again, so nothing else would tell of it. */
export async function reportRefusedLogin(session: Session, logger: Logger): Promise<void> {
  const trouble = await session.trouble();
  if (trouble) logger.error('carrier_login_refused', { operation: trouble.call, reason: trouble.reason });
}

/** A refusal stops everything until somebody acts, so each one has its line. The others come again and again while the carrier is down. */
function logTroubles(logger: Logger, now: () => number): (trouble: TokenTrouble) => void {
  const throttle = new LogThrottle(now);
  return ({ call, kind, status, reason }) => {
    if (kind === 'REFUSED') return logger.error('carrier_login_refused', { operation: call, status, reason });
    const count = throttle.count(`${call} ${status}`);
    if (count !== null) logger.warn('carrier_login_unanswered', { operation: call, status, reason, count });
  };
}

export type Carrier = ReturnType<typeof connectCarrier>;

/**
 * Our callback paths, and the carrier's registrations of them. The command line uses them too, when no gateway runs.
 *
 * @param parts.listenerUrl the URL of the callback listener, null while it is not known. A carrier on this machine (the
 * simulator) delivers to it.
 */
export async function loadRegistrations(
  config: Config,
  parts: Pick<SharedParts, 'store' | 'now' | 'undo'> &
    Partial<Pick<SharedParts, 'logger'>> & { readonly thingSpace: ThingSpace; readonly listenerUrl: () => string | null },
) {
  const { thingSpace, listenerUrl } = parts;
  const { accounts } = config;
  const { generation, paths } = await loadCallbackPaths(config, parts);
  const isOnLoopback = config.callbackFd === null && isLoopback(config.callbackHost);
  const publicUrl = () => config.callbackPublicUrl ?? (isOnLoopback ? listenerUrl() : null);
  const credentials = credentialsOf(config.callbackUsername, config.callbackPassword);
  return { paths, registrations: new CallbackRegistrations({ thingSpace, accounts, paths, publicUrl, generation, credentials }) };
}
