import type { CallbackMessage } from '../thingspace/wire/callback.ts';
import type { NextTurn, Page } from './stored-request.ts';

export interface UnclaimedCallback {
  readonly id: string;
  readonly account: string;
  readonly service: string;
  readonly carrierRequestId: string | null;
  readonly receivedAt: number;
  readonly callbackCount: number | null;
  readonly digest: Uint8Array;
  readonly message: CallbackMessage;
  /** The stored message: without the registration's credentials, but with everything else that the carrier sent. */
  readonly json: string;
}

/** The callbacks that no Request has yet. */
export interface UnclaimedLog {
  /** Oldest first. */
  unclaimed(accounts: readonly string[] | null, after: string | null, limit: number, nextTurn?: NextTurn): Promise<Page<UnclaimedCallback>>;
  /** Unclaimed callbacks of these accounts (null: of all). */
  unclaimedById(ids: readonly string[], accounts: readonly string[] | null): Promise<ReadonlyMap<string, UnclaimedCallback>>;
  /** Removes callbacks that another store has taken. */
  discardUnclaimed(ids: readonly string[]): Promise<void>;
  /**
   * Finds owners for unclaimed callbacks. `resolved` are Requests of UNKNOWN fate that were the only possible owners, so they did
   * arrive. `adopted` are new Requests of `origin: EXTERNAL`, made for callbacks that have been unclaimed since before `before`. One
   * call is a bounded step. `done`: it has come to the end, and the next one begins anew.
   */
  settleUnclaimed(
    before: number,
  ): Promise<{ readonly resolved: readonly string[]; readonly adopted: readonly string[]; readonly done: boolean }>;
}
