import type { AppendResult, CallbackIntake, IncomingCallback } from '../callback-intake.ts';
import type { DeadLetter, Refusal } from '../dead-letter-log.ts';
import type { ForwardLane } from '../forward-queue.ts';
import { GatewayError, isStoreAway } from '../../../errors.ts';
import { appendBatch, keyOfLetter, knownDeadLetters, type Appended } from './append-batch.ts';
import { settle, type ChangeParts } from './change-request.ts';
import { digestOf, insertDeadLetters, insertForwards, PathRoom } from './path-rows.ts';

/** Callbacks in one transaction. */
const MAX_BATCH = 256;

interface Parts extends ChangeParts {
  readonly onNoRoomToForward: (lane: ForwardLane, copies: number) => void;
  /** Told of work after a commit that failed. It is found again by `settleUnclaimed`. */
  readonly onFailure: (error: unknown) => void;
}

interface Waiting {
  readonly callback: IncomingCallback;
  readonly resolve: (result: AppendResult) => void;
  readonly reject: (error: unknown) => void;
}

/** `CallbackIntake` of the PostgreSQL store. All callbacks that wait are stored in one transaction, one transaction after the other. */
export class PostgresIntake implements CallbackIntake {
  readonly #parts: Parts;
  #queue: Waiting[] = [];
  #isRunning = false;
  readonly #behind = new Set<Promise<void>>();

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  append(callback: IncomingCallback): Promise<AppendResult> {
    return new Promise((resolve, reject) => {
      this.#queue.push({ callback, resolve, reject });
      if (!this.#isRunning) void this.#run();
    });
  }

  async keep(message: DeadLetter, most = Infinity): Promise<'KEPT' | Refusal> {
    const { db, seals, limits, onNoRoomToForward } = this.#parts;
    const letter = { ...message, digest: digestOf(message.body) };
    const [result, noRoom] = await db.transaction(async (tx) => {
      const room = await PathRoom.read(tx, limits, [letter.account]);
      const known = await knownDeadLetters(tx, [letter]);
      if (known.has(keyOfLetter(letter))) return ['KEPT', new Map<ForwardLane, number>()] as const;
      if (!room.has(letter, letter.reason, letter.body.byteLength, most)) return ['PATH_FULL', new Map<ForwardLane, number>()] as const;
      await insertDeadLetters(tx, seals, [letter]);
      return ['KEPT', await insertForwards(tx, { seals, room }, [letter])] as const;
    });
    for (const [lane, copies] of noRoom) onNoRoomToForward(lane, copies);
    return result;
  }

  /** Waits for what goes on after commits. */
  async close(): Promise<void> {
    for (const { reject } of this.#queue.splice(0)) reject(new GatewayError('SHUTTING_DOWN', 'The store is closed.'));
    while (this.#behind.size > 0) await Promise.all(this.#behind);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    // Whatever has arrived in this turn shares the transaction.
    await new Promise(setImmediate);
    while (this.#queue.length > 0) {
      const batch = this.#queue.splice(0, MAX_BATCH);
      if ((await this.#store(batch)) || batch.length === 1) continue;
      // One callback of the batch is bad. Each is stored alone now, which shows which one it is.
      for (const each of batch) await this.#store([each]);
    }
    this.#isRunning = false;
  }

  /** False when it failed for a reason that is not the database's, and others may be stored without one of them. */
  async #store(batch: readonly Waiting[]): Promise<boolean> {
    const { db, onNoRoomToForward } = this.#parts;
    let appended: Appended;
    try {
      appended = await db.transaction((tx) =>
        appendBatch(
          tx,
          this.#parts,
          batch.map(({ callback }) => callback),
        ),
      );
    } catch (error) {
      if (batch.length > 1 && !(error instanceof GatewayError)) return false;
      // What waits behind them must not be stored before them, when the database answers again.
      const refused = isStoreAway(error) ? [...batch, ...this.#queue.splice(0)] : batch;
      for (const { reject } of refused) reject(error);
      return true;
    }
    for (const [at, { resolve }] of batch.entries()) resolve(appended.results[at] as AppendResult);
    for (const [lane, copies] of appended.noRoomToForward) onNoRoomToForward(lane, copies);
    if (appended.kept.size > 0 || appended.owing.length > 0) this.#goOn(appended);
    return true;
  }

  #goOn(appended: Appended): void {
    const work = this.#settle(appended)
      .catch(this.#parts.onFailure)
      .finally(() => this.#behind.delete(work));
    this.#behind.add(work);
  }

  /** Another gateway may have stored the owners of what was kept meanwhile. */
  async #settle({ owing, kept }: Appended): Promise<void> {
    for (const id of owing) await settle(this.#parts, id);
    await this.#parts.claims.claimAll([...kept]);
  }
}
