import { setTimeout as delay } from 'node:timers/promises';
import type { Lease } from '../datasources/request-log/leases.ts';
import type { Store } from '../datasources/request-log/store.ts';
import type { SharedParts } from './shared-parts.ts';

/** When the lease is not free by then, another gateway has it. */
const PATIENCE_MS = 1_000;
/** Before the work is begun again after a failure. */
const PAUSE_MS = 5_000;

/**
 * Takes part in the work that one gateway does for all gateways on a store: whenever the lease is free it begins the work, and ends it
 * with the lease. Resolves when the work has begun here, or another gateway is found to do it.
 *
 * @param begin puts on the stack whatever ends the work. When the lease is free at once and `begin` fails, this rejects with its error.
 */
export async function startWork(
  { store, logger, undo }: Pick<SharedParts, 'logger' | 'undo'> & { readonly store: Pick<Store, 'leases'> },
  begin: (lease: Lease, ended: AsyncDisposableStack) => Promise<void>,
  { patienceMs = PATIENCE_MS } = {},
): Promise<void> {
  const stop = new AbortController();
  const granted = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const work = async (lease: Lease) => {
    granted.resolve();
    await using ended = new AsyncDisposableStack();
    await begin(lease, ended);
    begun.resolve();
    const over = AbortSignal.any([lease.over, stop.signal]);
    if (!over.aborted) await new Promise((resolve) => over.addEventListener('abort', resolve, { once: true }));
  };
  const takePart = async () => {
    while (!stop.signal.aborted) {
      try {
        await store.leases.during('carrier-work', work, stop.signal);
      } catch (error) {
        begun.reject(error);
        if (!stop.signal.aborted) logger.error('carrier_work_failed', { error });
        await delay(PAUSE_MS, undefined, { signal: stop.signal }).catch(() => undefined);
      }
    }
  };
  const running = takePart();
  undo.defer(async () => {
    stop.abort();
    await running;
  });
  begun.promise.catch(() => undefined);
  const isGranted = await Promise.race([granted.promise.then(() => true), delay(patienceMs, undefined, { ref: false }).then(() => false)]);
  // However long it takes: what is made before the recovery has ended could be taken for something older.
  if (isGranted) await begun.promise;
}
