import { isLoopback, type Config } from '../config/config.ts';
import { AuthorizedCalls } from '../datasources/thingspace/authorized-calls.ts';
import { CarrierReads } from '../datasources/thingspace/carrier-reads.ts';
import { Session } from '../datasources/thingspace/session.ts';
import { ThingSpace } from '../datasources/thingspace/thing-space.ts';
import { Transport } from '../lib/http-exchange.ts';
import { CallbackGeneration } from '../resolvers/callbacks/callback-generation.ts';
import { CallbackPaths } from '../resolvers/callbacks/callback-paths.ts';
import { CallbackRegistrations } from '../resolvers/callbacks/callback-registrations.ts';
import type { SharedParts } from './shared-parts.ts';

/** The client of the carrier. The command line uses it too, when no gateway runs. */
export function connectCarrier(
  config: Config,
  { requestLog, metrics, now, undo }: Pick<SharedParts, 'requestLog' | 'metrics' | 'now' | 'undo'>,
) {
  const { apiUrl, oauthUrl, carrierTimeoutMs: timeoutMs, clientId, clientSecret, username, password } = config;
  const transport = undo.use(new Transport({ connectTimeoutMs: Math.min(10_000, timeoutMs), maxAnswerBytes: 16 * 1_048_576 }));
  const onCall = (call: string, result: string) => metrics.carrierCalls.inc({ call, result });
  const session = new Session({
    transport,
    apiUrl,
    oauthUrl: oauthUrl ?? `${apiUrl}/ts/v1`,
    credentials: { clientId, clientSecret, username, password },
    latchKey: config.callbackSecret,
    latch: { recall: () => requestLog.recall(LATCH), remember: (fingerprint) => requestLog.remember(LATCH, fingerprint) },
    timeoutMs,
    now,
    onCall,
  });
  const client = { calls: new AuthorizedCalls({ transport, session, apiUrl, timeoutMs, now }), onCall };
  return { thingSpace: new ThingSpace(client), reads: new CarrierReads(client), session };
}

export type Carrier = ReturnType<typeof connectCarrier>;

const LATCH = 'login-latch';

/**
 * Our callback paths, and the carrier's registrations of them. The command line uses them too, when no gateway runs.
 *
 * @param parts.listenerUrl the URL of the callback listener, null while it is not known. A carrier on this machine (the
 * simulator) delivers to it.
 */
export async function loadRegistrations(
  config: Config,
  parts: Pick<SharedParts, 'requestLog' | 'now'> & { readonly thingSpace: ThingSpace; readonly listenerUrl: () => string | null },
) {
  const { requestLog, thingSpace, now, listenerUrl } = parts;
  const { accounts, callbackSecret: secret, callbackPreviousSecret: previousSecret } = config;
  const generation = await CallbackGeneration.load(requestLog, now);
  const paths = new CallbackPaths({ accounts, secret, previousSecret, generation });
  const isOnLoopback = config.callbackFd === null && isLoopback(config.callbackHost);
  const publicUrl = () => config.callbackPublicUrl ?? (isOnLoopback ? listenerUrl() : null);
  const credentials = credentialsOf(config.callbackUsername, config.callbackPassword);
  return { paths, registrations: new CallbackRegistrations({ thingSpace, accounts, paths, publicUrl, generation, credentials }) };
}

/** Both or none: the configuration refuses one without the other. */
export function credentialsOf(username: string | null, password: string | null) {
  return username !== null && password !== null ? { username, password } : null;
}
