import type { GatewayError } from '../../errors.ts';
import type { DeadLetterReason } from './dead-letter-log.ts';
import type { RequestStatus } from './stored-request.ts';

export interface LogCounts {
  readonly unclaimed: number;
  readonly deadLettersByReason: Readonly<Partial<Record<DeadLetterReason, number>>>;
  /** How many devices are OVERDUE now. */
  readonly overdueDevices: number;
  readonly openByStatus: Readonly<Partial<Record<RequestStatus, number>>>;
}

/** Whether the store is well, and what is in it. */
export interface StoreHealth {
  /** Commits a real write. Readiness depends on it. */
  probe(): Promise<void>;
  counts(): Promise<LogCounts>;
  /** What is wrong when the open store is no longer the one at its path; null when it is. */
  findChange(): string | null;
  /** From here on nothing is written or acknowledged. The store stays open, so that it can be copied. */
  halt(error: GatewayError): void;
  /** Whether a file in the store's folder would be on the disk that the store was opened on. */
  isFolderSame(): boolean;
}
