import { pageSizes } from './list-sizes.ts';

const DEFAULT_BATCH = 100;
const MAX_BATCH = 1000;

/** The argument of a subscription that says how much one event has at most. */
export const BATCH_SIZE = { extensions: pageSizes(DEFAULT_BATCH, MAX_BATCH), required: true, defaultValue: DEFAULT_BATCH } as const;

/** What `minIntervalMs` means for every subscription. */
export const MIN_INTERVAL_MS =
  'The least time between two events, in milliseconds: 0 to 60,000. No change waits longer than this. When more than `batchSize` changes have come together, they come in several events, one right after the other: use a large `batchSize` beside it. Default: 0, events come as soon as they can.';
