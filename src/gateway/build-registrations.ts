import type { Config } from '../config/config.ts';
import { pseudonym } from '../lib/pseudonym.ts';
import { RegistrationKeeper } from '../resolvers/callbacks/keep-registrations.ts';
import { RegistrationWatch } from '../resolvers/callbacks/watch-registrations.ts';
import { loadRegistrations, type Carrier } from './connect-carrier.ts';
import type { SharedParts } from './shared-parts.ts';

/** When the gateway asks the carrier whether its registrations still name this gateway. */
export interface WatchTimes {
  readonly firstAfterMs: number;
  readonly everyMs: number;
}

interface Parts extends SharedParts, Carrier {
  readonly watchTimes: WatchTimes | undefined;
  /** The URL of the callback listener; null while it is not open. */
  readonly listenerUrl: () => string | null;
}

/** The first check is not at the start itself: an orchestrator that restarts a gateway in a loop would ask as often. */
const WATCH_TIMES: WatchTimes = { firstAfterMs: 60_000, everyMs: 3_600_000 };

/** Builds the keeper of the registrations at the carrier. It begins once the callback listener is open. */
export async function buildRegistrations(config: Config, parts: Parts) {
  const { store, session, metrics, logger, now, watchTimes = WATCH_TIMES } = parts;
  const { accounts, callbackPublicUrl: publicUrl, callbackRegister: registersMissing } = config;
  const { paths, registrations } = await loadRegistrations(config, parts);
  const isDelivered = registersMissing || publicUrl !== null;
  const watch = new RegistrationWatch({
    accounts,
    list: (some) => registrations.list(some),
    isLatched: () => session.isLatched(),
    onChecked: (lost, at) => {
      metrics.registrationsLost.set(lost);
      if (at !== null) metrics.registrationsChecked.set(at / 1_000);
    },
    pseudonym: (account) => pseudonym(account, config.callbackSecret),
    logger,
    now,
  });
  const keeper = new RegistrationKeeper({
    registrations,
    leases: store.leases,
    watch: isDelivered ? watch : null,
    registersMissing,
    ...watchTimes,
    logger,
  });
  return { paths, registrations, keeper };
}
