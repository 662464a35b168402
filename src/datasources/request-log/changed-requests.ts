import type { StoredRequest } from './stored-request.ts';

/** The topic that is woken when a Request of an account has changed, by whichever gateway on the store. */
export function changesTopic(account: string): string {
  return `changes ${account}`;
}

/** A place in the order in which a store notes that Requests have changed. */
export interface ChangePlace {
  readonly changedAt: number;
  /** The Request that stands there. Null for the place before all that changed at this time. */
  readonly id: string | null;
}

/** A Request as it stands, and when its change was noted (see `CHANGE_NOTED_EVERY_MS`). */
export interface ChangedRequest {
  readonly request: StoredRequest;
  readonly changedAt: number;
}

export interface ChangesPage {
  /** In the order of `changedAt`. */
  readonly rows: readonly ChangedRequest[];
  readonly hasMore: boolean;
  /**
   * Whatever is committed after this read has a `changedAt` of at least this. So who has read to the end goes on from here, and misses
   * nothing. What was read already may come again.
   */
  readonly goOnAt: number;
}
