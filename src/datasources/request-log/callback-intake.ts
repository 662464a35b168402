import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { DeadLetter, Refusal } from './dead-letter-log.ts';
import type { ForwardCopy } from './forward-queue.ts';

export interface IncomingCallback {
  readonly account: string;
  readonly service: string;
  readonly receivedAt: number;
  readonly json: string;
  readonly digest: Uint8Array;
  readonly callbackCount: number | null;
  readonly message: CallbackMessage;
  /** The copy for the previous listener, if there is one. It is stored in the same transaction when the callback is new. */
  readonly forward?: ForwardCopy | null;
}

/**
 * - `FOREIGN`: kept as a dead letter, because it belongs to another account's request.
 * - `WRONG_SERVICE`: kept as a dead letter, because its request waits for the messages of another callback service.
 * - `DAMAGED`: kept as a dead letter, because the stored rows of its request cannot be read.
 * - A `Refusal` is not stored, and must not be acknowledged.
 */
export type AppendResult = 'APPLIED' | 'UNCLAIMED' | 'DUPLICATE' | 'FOREIGN' | 'WRONG_SERVICE' | 'DAMAGED' | Refusal;

/** All that the callback door needs of a store. */
export interface CallbackIntake {
  /** Resolves once the message is durable. A message that is there already changes nothing. */
  append(callback: IncomingCallback): Promise<AppendResult>;
  /**
   * Keeps a message, unless its path holds as many of its reason as it may. Each path has its own bound, so a flood of one does not
   * make the messages of another be refused.
   *
   * @param most the most messages of its reason, if that is less than the store's own bound.
   */
  keep(message: DeadLetter, most?: number): Promise<'KEPT' | Refusal>;
}
