import type { Hub } from '../datasources/request-log/hub.ts';
import type { Store } from '../datasources/request-log/store.ts';
import type { SteadyClock } from '../lib/steady-clock.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';

/** What most parts of the gateway are built with. */
export interface SharedParts {
  /** Whoever opened it closes it. */
  readonly store: Omit<Store, typeof Symbol.asyncDispose>;
  readonly hub: Hub;
  readonly metrics: Metrics;
  readonly logger: Logger;
  /** Tells whether the wall clock is believed. */
  readonly clock: SteadyClock;
  /** The time of `clock`. */
  readonly now: () => number;
  /** A stop undoes everything on this stack, the newest first. */
  readonly undo: AsyncDisposableStack;
}
