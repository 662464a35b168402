/**
 * When a Request has changed is noted once in so many milliseconds, in `changed_at`. To note each change would cost its index a row for
 * each batch of callbacks. So whoever lists what has changed since a moment begins so much earlier. A note is the time of the commit and
 * not that of the event: a callback that has waited in a journal for an hour is a change of now.
 */
export const CHANGE_NOTED_EVERY_MS = 1_000;
