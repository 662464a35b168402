import type { DeadLetterReason } from '../../../src/datasources/request-log/dead-letter-log.ts';
import type { PlainPart, PlainRequest } from './plain-request.ts';

export interface PlainFinding {
  readonly request: PlainRequest;
  readonly part: number;
  readonly index: number | null;
  readonly succeeded: boolean;
  readonly keys: readonly string[];
  readonly tag: string;
}

export interface PlainDeadLetter {
  readonly account: string;
  readonly service: string;
  readonly reason: DeadLetterReason;
  /** Identifies the message, also when it is sent again. */
  readonly body: string;
  readonly receivedAt: number;
}

export interface PlainForward {
  readonly account: string;
  readonly service: string;
  readonly receivedAt: number;
  readonly body: string;
}

export interface Owner {
  readonly request: PlainRequest;
  readonly at: number;
  readonly part: PlainPart;
}
