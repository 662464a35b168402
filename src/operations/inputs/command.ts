import type { RequestedDevice } from '../../datasources/request-log/stored-request.ts';
import type { OperationName } from '../operations.ts';

/** A mutation's input, parsed: nothing in it can be refused for its form any more. */
export interface Command {
  readonly operation: OperationName;
  readonly accountName: string;
  /** Null where the carrier chooses the devices (a group, the whole account). */
  readonly devices: readonly RequestedDevice[] | null;
  /** What the operation's body takes beside account and devices; the row in operations.ts knows its type. */
  readonly settings: unknown;
  readonly clientReference: string | null;
  readonly idempotencyKey: string | null;
  /** The Request whose failed devices it tries again. */
  readonly retryOf: string | null;
  readonly validateOnly: boolean;
}
