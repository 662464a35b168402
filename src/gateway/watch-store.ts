import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { rescuedName } from '../datasources/request-log/sqlite/write-ahead-log/check-store-files.ts';
import { GatewayError } from '../errors.ts';
import { repeat } from '../lib/timers.ts';
import type { SharedParts } from './shared-parts.ts';

const EVERY_MS = 2_000;
/** A copy that could not be made is tried again, and the log tells again what has happened, after so many looks. */
const AGAIN_AFTER = 30;

type Parts = Pick<SharedParts, 'store' | 'logger' | 'now' | 'undo'> & { readonly path: string };

/**
 * Looks every two seconds whether the open store is still the one at its path. A file that was removed or moved can be written to for as
 * long as it is open, and is gone with the process. So once it is not at its path nothing more is acknowledged, and what is
 * open is copied beside. The gateway does not end by itself: the next start might find an empty place and begin with an empty store.
 */
export function watchStore({ store, path, logger, now, undo }: Parts, everyMs = EVERY_MS): void {
  let change: string | null = null;
  let saved: string | null = null;
  let looks = 0;
  const save = async () => {
    for (const folder of placesFor(path, store.health.isFolderSame())) {
      const copy = join(folder, rescuedName(resolve(path), folder) + new Date(now()).toISOString().replaceAll(':', ''));
      try {
        saved = (await store.upkeep.backup(copy, { isKept: false })).path;
        return;
      } catch (error) {
        logger.error('store_not_rescued', { error });
      }
    }
  };
  const look = async () => {
    if (change === null) {
      change = store.health.findChange();
      if (change === null) return;
      store.health.halt(new GatewayError('STORE_FAILED', LOST));
    }
    if (looks++ % AGAIN_AFTER !== 0) return;
    logger.error('store_lost', { reason: `${change}. Nothing is acknowledged any more. ${TO_DO}` });
    if (saved === null) await save();
    if (saved !== null) logger.error('store_rescued', { reason: `Everything that was acknowledged is in ${saved}.` });
  };
  repeat(undo, everyMs, look, (error) => logger.error('store_watch_failed', { error }));
}

const LOST =
  'The store is not at its path any more: nothing is stored until somebody has looked after it. The log of the gateway tells what has happened.';

const TO_DO = 'Stop the gateway. Then put the store back as it was (all files together), or use the copy that is saved now, and start.';

/** A copy in a folder that is mounted over now, or that is no longer mounted, would be hidden by its return. */
function placesFor(path: string, isFolderSame: boolean): readonly string[] {
  const folder = dirname(resolve(path));
  return [...(isFolderSame ? [folder] : []), dirname(folder), tmpdir()];
}
