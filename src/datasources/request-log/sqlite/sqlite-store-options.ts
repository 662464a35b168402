import type { Hub } from '../hub.ts';
import type { AuditRecord } from '../audit-trail.ts';
import type { ForwardLane } from '../forward-queue.ts';
import type { LogLimits } from '../log-limits.ts';
import type { DiskState } from '../store-upkeep.ts';
import type { GroupCommitOptions } from './group-commit.ts';

export interface SqliteStoreOptions {
  /** The database file. Its folder is made when it is missing. `:memory:` keeps nothing. */
  readonly path: string;
  /** 32 bytes each. The first key seals messages and inputs, and all keys open them. Without keys (the default) nothing is sealed. */
  readonly keys?: readonly Uint8Array[];
  readonly hub: Hub;
  readonly now: () => number;
  readonly onCommit?: (jobs: number, seconds: number) => void;
  /** Called with records that could not be written to the audit log. Without it `recordAudit` rejects. */
  readonly onAuditFailed?: (records: readonly AuditRecord[], error: unknown) => void;
  readonly onFatal: GroupCommitOptions['onFatal'];
  /** Parts of the bounds that differ from the usual ones. */
  readonly limits?: Partial<LogLimits>;
  /** See `DiskRoomOptions`. */
  readonly diskFloorBytes?: number | null;
  /** Called every few seconds, with how much room the disk has. */
  readonly onDisk?: (state: DiskState) => void;
  /** Told of copies for the previous listener that were not made, because too many wait for it already. */
  readonly onNoRoomToForward?: (lane: ForwardLane, copies: number) => void;
}
