import type { Config } from '../config/config.ts';
import { StorePurge } from '../resolvers/upkeep/purge-store.ts';
import { StoreReseal } from '../resolvers/upkeep/reseal-store.ts';
import { buildRegistrations, type WatchTimes } from './build-registrations.ts';
import { connectCarrier, reportRefusedLogin } from './connect-carrier.ts';
import type { SharedParts } from './shared-parts.ts';
import { startAuthentication } from './start-authentication.ts';

interface Parts extends SharedParts {
  readonly listenerUrl: () => string | null;
  readonly watchTimes: WatchTimes | undefined;
}

/** Purging takes at most a fifth of the time, and less while the store is busy. */
const PURGE_REST_FACTOR = 4;

export type OpenedParts = Awaited<ReturnType<typeof openParts>>;

/** What begins with what the store says, and does nothing by itself yet. */
export async function openParts(config: Config, parts: Parts) {
  const { store, metrics, logger, now } = parts;
  const carrier = connectCarrier(config, parts);
  const { session } = carrier;
  await reportRefusedLogin(session, logger);
  const { keys, authenticator } = await startAuthentication(config, parts);
  const { paths, registrations: callbackRegistrations, keeper: registrations } = await buildRegistrations(config, { ...parts, ...carrier });
  const purge = new StorePurge({
    store,
    retentionDays: config.retentionDays,
    now,
    restFactor: PURGE_REST_FACTOR,
    onStep: ({ requests, rows }) => {
      metrics.purgedRequests.inc(requests);
      metrics.purgeRows.observe(rows);
    },
    onPurged: ({ requests }) => logger.info('store_purged', { count: requests }),
  });
  const reseal = new StoreReseal({ store, restFactor: PURGE_REST_FACTOR });
  return { store, carrier, session, keys, authenticator, paths, registrations, callbackRegistrations, purge, reseal };
}
