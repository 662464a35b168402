import type { AppendResult, CallbackIntake, IncomingCallback } from '../callback-intake.ts';
import type { DeadLetter, Refusal } from '../dead-letter-log.ts';
import type { DiskRoom } from './disk-room.ts';
import type { GroupCommit } from './group-commit.ts';
import { keepDeadLetter, type DeadLetterParts } from './sqlite-dead-letters.ts';
import type { SqliteWriter } from './sqlite-writer.ts';

interface Parts extends DeadLetterParts {
  readonly writer: SqliteWriter;
  readonly commits: GroupCommit;
  readonly disk: DiskRoom;
}

/** `CallbackIntake` of the SQLite store. */
export class SqliteIntake implements CallbackIntake {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  append(callback: IncomingCallback): Promise<AppendResult> {
    return this.#parts.commits.run(() => this.#parts.writer.append(callback));
  }

  keep(message: DeadLetter, most = Infinity): Promise<'KEPT' | Refusal> {
    const { commits, disk } = this.#parts;
    return commits.run(() => keepDeadLetter(this.#parts, message, most, disk.isLowAfter(message.body.byteLength)));
  }
}
