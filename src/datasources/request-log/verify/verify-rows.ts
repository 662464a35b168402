import type { LogEvent, OutcomeChange } from '../log-event.ts';
import type { StoredRequest } from '../stored-request.ts';

/** A Request as its own row says it is. */
export type RequestRow = Pick<StoredRequest, 'id' | 'status' | 'total' | 'lastSeq' | 'completedAt'> & {
  readonly pk: number;
  readonly totalIsEstimate: number | boolean;
  /** A JSON list. */
  readonly counts: string;
  readonly indexedSeq: number;
};

/** A row of its log. Of a row that changes no device, `outcome` is null and the others say nothing. */
export type LogRow = Pick<LogEvent, 'kind' | 'position' | 'ties'> &
  Pick<OutcomeChange, 'status' | 'source' | 'finalSeq' | 'niddSeq'> & {
    readonly seq: number;
    readonly outcome: number | null;
    readonly requestStatus: StoredRequest['status'];
    /** A JSON list. */
    readonly counts: string;
    readonly service: string | null;
    /** Null for a row without a message, and for a message that could not be opened. */
    readonly message: string | null;
    readonly digest: Uint8Array | null;
  };
