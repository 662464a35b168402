/**
 * When a Request has changed is noted once in so many milliseconds, in `changed_at`. To note each change would cost its index a row for
 * each batch of callbacks. So whoever lists what has changed since a moment begins so much earlier.
 */
export const CHANGE_NOTED_EVERY_MS = 1_000;
