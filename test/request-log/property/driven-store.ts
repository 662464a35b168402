import type { FlatStore } from '../../support/flat-store.ts';
import type { StoredRows } from './stored-rows.ts';

/**
 * A store with a clock that stands still while jobs run, and a way to die at a chosen moment and to live again with what was on disk.
 * The games know nothing else of what the store is made of.
 */
export interface DrivenStore extends AsyncDisposable {
  readonly log: FlatStore;
  /** What the clock of the store says. */
  now: number;
  /** Whether it goes on answering after its death, from something that no later life reads. It never shows that it has died, then. */
  readonly answersOn: boolean;
  /** Calls that are made at once take effect in the order in which they were made. Otherwise the games make one after the other. */
  readonly takesInOrder: boolean;
  /** This life has ended: nobody is answered any more. */
  readonly hasDied: boolean;
  /** Resolves when this life ends. */
  readonly death: Promise<void>;
  /** Adds a follower, so that the newest rows of the Request are kept in memory. */
  follow(requestId: string): void;
  leave(requestId: string): void;
  /** Dies after `moments` more: between two jobs, inside one, or between commit and answer. */
  dieAfter(moments: number): void;
  /** After so many moments nothing can be written: a job fails, and its whole commit with it. */
  breakAfter(moments: number): void;
  /** From here on everything can be written again. */
  mend(): Promise<void>;
  /** Waits until the log does nothing by itself any more. */
  rest(): Promise<void>;
  /** Ends this life now, unless it has ended already, and opens what it left. */
  nextLife(): Promise<void>;
  /** What a kill would leave now: the stored rows, and a new log that is built from them. */
  copied<Result>(use: (log: FlatStore, rows: StoredRows) => Promise<Result>): Promise<Result>;
}

/** Makes an empty store for one game. */
export type OpenDriven = () => Promise<DrivenStore>;
