export interface PurgeReport {
  /** Requests of which nothing is left. */
  readonly requests: number;
  /** Deleted unclaimed callbacks and dead letters. */
  readonly messages: number;
  /** Rows that were changed or deleted. */
  readonly rows: number;
}

/** What one step of purging did. A step is a single job of the store, a few milliseconds long, however much there is to purge. */
export interface PurgeStep extends PurgeReport {
  /** Nothing is left to purge. */
  readonly done: boolean;
}

export interface ResealReport {
  /** Rows that were sealed with the current key. */
  readonly rows: number;
  /** The current key. */
  readonly keyId: string;
}

/** What one step of a reseal did. A step is a single job of the store, a few milliseconds long. */
export interface ResealStep extends ResealReport {
  /** Every row has the current key. */
  readonly done: boolean;
}

export interface BackupReport {
  /** The absolute path of the file. */
  readonly path: string;
  readonly bytes: number;
  readonly durationMs: number;
}

export interface StoreSizes {
  readonly fileBytes: number;
  readonly walBytes: number;
}

/** The room of the disk that the store is on. */
export interface DiskState {
  /** With the pages that purging has freed inside the store's file. */
  readonly freeBytes: number;
  /** Below this only what settles a known request is taken. 0 when there is no floor. */
  readonly floorBytes: number;
  readonly isLow: boolean;
}

export interface StoreStats extends StoreSizes {
  /** The file, or the name of the database and its schema. */
  readonly path: string;
  /** It is a database that gateways share. What is said of files is 0 then, and `fileBytes` is its size. */
  readonly isDatabase: boolean;
  readonly epoch: string;
  readonly schemaVersion: number;
  /** The size of the pages that purging has freed. They are used again before the file grows. */
  readonly freeBytes: number;
  /** How many Requests have each status. */
  readonly requestsByStatus: Readonly<Record<string, number>>;
  /** Requests that are hidden already, while their rows are being deleted. */
  readonly purging: number;
  readonly oldestRequestAt: number | null;
  /** The rows of all logs, computed from the lowest and the highest key. It is too high when there are gaps. */
  readonly approximateEvents: number;
  readonly unclaimed: number;
  /** Dead letters. */
  readonly kept: number;
  /** Copies that wait for the previous listener. */
  readonly forwardBacklog: number;
  readonly lastPurge: (PurgeReport & { readonly at: number }) | null;
  readonly lastBackupAt: number | null;
  /** The key that seals new rows. Null when nothing is sealed. */
  readonly sealedWith: string | null;
  /** Other keys that older rows may have. It is empty after a complete reseal. */
  readonly olderKeys: readonly string[];
}

/** Upkeep of the store while it is in use. It never holds up a callback for more than a few milliseconds. */
export interface StoreUpkeep {
  /**
   * Deletes a bounded part of what is over: Requests that were complete before `before`, and messages of no Request that came before
   * it. A Request disappears as a whole, before the first of its rows is deleted. On a full disk it uses the room that is kept back
   * for it, and takes smaller steps.
   */
  purgeStep(before: number): Promise<PurgeStep>;
  /** Stores the report of a finished purge, for the statistics. */
  notePurge(report: PurgeReport): Promise<void>;
  /**
   * Writes a copy of the store to a new file. It has everything that was committed before the backup began, and the commits made
   * meanwhile up to one moment. A gateway that opens the copy as a store begins a new epoch.
   *
   * @param options.isKept false for a copy that is only verified: it does not count as the last backup.
   * @throws GatewayError BAD_USER_INPUT when `path` is not an absolute path of a new file; STORE_FAILED when it cannot be written.
   */
  backup(path: string, options?: { readonly isKept?: boolean }): Promise<BackupReport>;
  /** Gives up a backup that is being written, for good: later ones are refused. */
  abandonBackup(): Promise<void>;
  /**
   * Seals a bounded part of the rows that are plain or have another key with the current key. An unfinished reseal goes on where it
   * ended, also after a restart. The last step empties the write-ahead log.
   *
   * @throws GatewayError BAD_USER_INPUT when there is no key; STORE_FAILED for a value that does not open.
   */
  resealStep(): Promise<ResealStep>;
  /** Brings the index of identifiers a bounded step nearer to the log. False when nothing is left to do. */
  indexIdentifiers(): Promise<boolean>;
  /** Takes over a part of a request that an earlier version made. False when none is left. */
  takeOver(): Promise<boolean>;
  sizes(): Promise<StoreSizes>;
  disk(): Promise<DiskState>;
  stats(): Promise<StoreStats>;
  /** When the last purge and the last backup ended; null for never. */
  lastTimes(): Promise<{ readonly purgeAt: number | null; readonly backupAt: number | null }>;
}
