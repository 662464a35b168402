import type { Config } from '../config/config.ts';
import type { CarrierReads } from '../datasources/thingspace/carrier-reads.ts';
import { repeat } from '../lib/timers.ts';
import { Reconciler } from '../resolvers/requests/reconcile-requests.ts';
import type { SharedParts } from './shared-parts.ts';

const EVERY_MS = 5_000;
/** Steps of one run, each of 500 devices or rows. Callbacks are stored between the steps. */
const INDEX_STEPS = 20;
/** Steps of one run, each of at most 1,000 messages and 100 ids. */
const SETTLE_STEPS = 20;

type Parts = SharedParts & { readonly reads: CarrierReads };

/** Builds what asks the carrier about silent devices. `followUp` lets it do so by itself. */
export function buildReconciler(config: Config, { store, reads, metrics, logger, now }: Parts): Reconciler {
  const { overdueAfterMs, expireAfterMs } = config;
  return new Reconciler({
    store,
    reads,
    overdueAfterMs,
    expireAfterMs,
    expireOnHoldAfterMs: Math.max(expireAfterMs, config.expireOnHoldAfterMs),
    externalQuietMs: config.externalQuietMs,
    callsPerMinute: config.reconcileCallsPerMinute,
    now,
    onLapsed: (into, devices) => metrics.devicesLapsed.inc({ into: into.toLowerCase() }, devices),
    onReconciled: (devices) => {
      metrics.devicesReconciled.inc(devices);
      logger.info('devices_reconciled', { count: devices });
    },
    onFailure: (error, about) => logger.warn('reconcile_failed', { error, ...about }),
  });
}

/** Follows requests up until it is undone: settles unclaimed callbacks, indexes identifiers, and reconciles silent devices. */
export function followUp(config: Config, { store, logger, now, undo }: SharedParts, reconciler: Reconciler): void {
  const { adoptAfterMs, overdueAfterMs, expireAfterMs, externalQuietMs } = config;
  const ending = new AbortController();
  // A stop waits for the running step only. The next start goes on with the rest.
  const mayGoOn = () => !ending.signal.aborted;
  const tidy = async () => {
    let adoptedNow = 0;
    for (let step = 0; step < SETTLE_STEPS && mayGoOn(); step++) {
      const { resolved, adopted, done } = await store.unclaimed.settleUnclaimed(now() - adoptAfterMs);
      for (const requestId of resolved) logger.info('unknown_request_resolved', { requestId });
      adoptedNow += adopted.length;
      if (done) break;
    }
    if (adoptedNow > 0) logger.info('external_requests_adopted', { count: adoptedNow });
    for (let step = 0; step < INDEX_STEPS && mayGoOn() && (await store.upkeep.takeOver()); step++);
    for (let step = 0; step < INDEX_STEPS && mayGoOn() && (await store.upkeep.indexIdentifiers()); step++);
  };
  const logFailure = (event: string) => (error: unknown) => logger.error(event, { error });
  repeat(undo, Math.min(EVERY_MS, adoptAfterMs), tidy, logFailure('tidy_failed'));
  repeat(
    undo,
    Math.min(EVERY_MS, overdueAfterMs, expireAfterMs, externalQuietMs),
    () => reconciler.tick(ending.signal),
    logFailure('reconcile_failed'),
  );
  // It is undone first.
  undo.defer(() => ending.abort());
}
