export interface Verification {
  readonly requests: number;
  readonly events: number;
  /** The first faults, in words. Empty for a good store. */
  readonly faults: readonly string[];
  readonly totalFaults: number;
  /** How many sealed messages, copies and inputs were not read, because none of the given keys opens them. */
  readonly unread: number;
  /** The ids of the keys that were missing. */
  readonly missingKeys: readonly string[];
}
