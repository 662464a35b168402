/** One step of purging: a single job of the store, a few milliseconds long, whatever the size of what is purged. */
export interface PurgeStep {
  /** Rows it changed or deleted: its measure. */
  readonly rows: number;
  /** Requests that are gone with it, the last of their rows included. */
  readonly requests: number;
  /** Unclaimed callbacks and kept messages that are gone with it. */
  readonly messages: number;
  /** Nothing is left to purge. */
  readonly done: boolean;
}

export interface PurgeReport {
  readonly requests: number;
  readonly messages: number;
  readonly rows: number;
}

/** One step of sealing anew: a single job of the store, a few milliseconds long. */
export interface ResealStep {
  /** Rows that it has sealed with the current key. */
  readonly rows: number;
  readonly keyId: string;
  /** Every row has the current key. */
  readonly done: boolean;
}

export interface ResealReport {
  readonly rows: number;
  /** The key that every row is sealed with now. */
  readonly keyId: string;
}

export interface BackupReport {
  /** The file, as an absolute path. */
  readonly path: string;
  readonly bytes: number;
  readonly durationMs: number;
}

export interface StoreSizes {
  readonly fileBytes: number;
  readonly walBytes: number;
}

export interface StoreStats extends StoreSizes {
  readonly path: string;
  readonly epoch: string;
  readonly schemaVersion: number;
  /** Pages that purging has freed: used again before the file grows. */
  readonly freeBytes: number;
  /** Every status that a Request has, with how many have it. */
  readonly requestsByStatus: Readonly<Record<string, number>>;
  /** Requests that are invisible already and whose rows are still being deleted. */
  readonly purging: number;
  readonly oldestRequestAt: number | null;
  /** Rows of all logs; taken from the highest key, so too high where there are gaps. */
  readonly approximateEvents: number;
  readonly unclaimed: number;
  readonly kept: number;
  /** Copies that wait for the previous listener. */
  readonly forwardBacklog: number;
  readonly lastPurge: (PurgeReport & { readonly at: number }) | null;
  readonly lastBackupAt: number | null;
  /** The key that new rows are sealed with; null where they lie as they came. */
  readonly sealedWith: string | null;
  /** Keys that older rows may be sealed with, until all were sealed anew. */
  readonly olderKeys: readonly string[];
}

/** Keeping and cleaning the store while it is in use. None of it holds up a callback for more than a few milliseconds. */
export interface StoreUpkeep {
  /**
   * Deletes a bounded part of what is over: Requests that were complete before `before`, with everything of theirs, and
   * messages of no Request that came before it. A Request disappears as a whole, before the first of its rows is deleted.
   */
  purgeStep(before: number): Promise<PurgeStep>;
  /** Keeps what a finished purge has done, for the statistics. */
  notePurge(report: PurgeReport): Promise<void>;
  /**
   * Writes a copy of the store to a new file: everything committed before it began, and of what is committed meanwhile all
   * up to some moment. Whoever opens the copy as a store begins a new epoch.
   *
   * @throws GatewayError BAD_USER_INPUT where `path` is not an absolute path of a new file; STORE_FAILED where it cannot be written.
   */
  backup(path: string, options?: { readonly isKept?: boolean }): Promise<BackupReport>;
  /**
   * Seals a bounded part of the rows with the current key that are sealed with another one, or not at all. An unfinished
   * reseal goes on where it ended, over a restart too. The last step empties the write-ahead log.
   *
   * @throws GatewayError BAD_USER_INPUT where there is no key; STORE_FAILED for a value that does not open.
   */
  resealStep(): Promise<ResealStep>;
  sizes(): StoreSizes;
  stats(): Promise<StoreStats>;
  /** When the last purge and the last backup ended; null for never. */
  lastTimes(): Promise<{ readonly purgeAt: number | null; readonly backupAt: number | null }>;
}
