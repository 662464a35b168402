import type { StoreUpkeep } from '../datasources/request-log/store-upkeep.ts';
import { GatewayError } from '../errors.ts';
import type { StorePurge } from '../resolvers/upkeep/purge-store.ts';
import type { SharedParts } from './shared-parts.ts';

/** A start has more urgent work, and a gateway that keeps crashing must do more than purge. */
const FIRST_AFTER_MS = 5 * 60_000;
const EVERY_MS = 60 * 60_000;

type Parts = Pick<SharedParts, 'logger' | 'undo'> & { readonly purge: StorePurge; readonly upkeep: Pick<StoreUpkeep, 'abandonBackup'> };

/** Purges some minutes after the start, and every hour. A stop ends a running purge and a running backup before it closes any door. */
export function startPurging({ purge, upkeep, logger, undo }: Parts, { firstAfterMs = FIRST_AFTER_MS, everyMs = EVERY_MS } = {}): void {
  const work = () => {
    purge.run().catch((error: unknown) => {
      if (!(error instanceof GatewayError && error.code === 'SHUTTING_DOWN')) logger.error('purge_failed', { error });
    });
  };
  const first = setTimeout(work, firstAfterMs);
  const every = setInterval(work, everyMs);
  undo.defer(() => upkeep.abandonBackup());
  undo.use(purge);
  undo.defer(() => {
    clearTimeout(first);
    clearInterval(every);
  });
}
