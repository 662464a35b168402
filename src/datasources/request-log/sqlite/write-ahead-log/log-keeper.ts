import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { readPragma } from '../sqlite-open.ts';
import { LOG_MARK, NO_LOG, removeLog } from './log-mark.ts';
import { OpenFiles } from './open-files.ts';
import { FRAME_HEADER_BYTES, LOG_HEADER_BYTES } from './read-log.ts';
import { SyncedRecord } from './synced-record.ts';

/** Frames (pages) after which the log is moved into the main file. */
const MOST_FRAMES = 4_000;
/** A log may be as large as the store itself, but a new store need not be moved for each page. */
const LEAST_FRAMES = 64;
/** So long a move waits for reads of other connections. Ours take less, and those of another program must not hold callbacks up. */
const READS_MS = 50;

/**
 * Keeps what tells at the next start whether the log is whole and the right one: the mark in the main file, and the record of what was
 * synced. So it moves the log into the main file itself, instead of SQLite.
 */
export class LogKeeper {
  readonly files: OpenFiles;
  readonly #db: DatabaseSync;
  readonly #position: StatementSync;
  readonly #setMark: StatementSync;
  readonly #removeMark: StatementSync;
  readonly #synced: SyncedRecord;
  readonly #frameBytes: number;
  /** Frames that are not in the main file, after which the log is moved. */
  #limit = LEAST_FRAMES;

  /** @param path the path of the configuration, @param realPath the same without symbolic links. */
  constructor(db: DatabaseSync, path: string, realPath: string) {
    this.#db = db;
    db.exec(`PRAGMA wal_autocheckpoint = 0; PRAGMA busy_timeout = ${READS_MS}`);
    this.#frameBytes = FRAME_HEADER_BYTES + Number(readPragma(db, 'page_size'));
    this.#position = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#setMark = db.prepare('INSERT OR REPLACE INTO fact (key, value) VALUES (?, ?)');
    this.#removeMark = db.prepare('DELETE FROM fact WHERE key = ?');
    this.#writeFirst();
    this.files = new OpenFiles(path, realPath);
    this.#synced = new SyncedRecord(realPath);
    this.move();
  }

  /** After each commit. `synced`: it is on disk. */
  afterCommit(synced: boolean): void {
    const { log, checkpointed } = this.#note(synced);
    if (log - checkpointed >= this.#limit) this.move();
  }

  /** A commit that found no room may have begun the log anew. */
  afterRollback(): void {
    this.#note(false);
  }

  /** Moves the log into the main file, which says from then on that it has a log. SQLite begins the log anew with the next commit. */
  move(): void {
    const before = this.#readPosition();
    if (before.log === before.checkpointed) return;
    const salts = this.files.noteLog(this.#bytesOf(before));
    this.#setMark.run(LOG_MARK, String(salts.first));
    const { log, checkpointed } = this.#checkpoint('RESTART');
    const usual = Math.min(MOST_FRAMES, Math.max(LEAST_FRAMES, Number(readPragma(this.#db, 'page_count'))));
    // A disk without room, or a read that does not end. The mark stays in the log, and a later commit tries again: without the mark
    // nothing would tell that the main file needs this log.
    this.#limit = log - checkpointed + usual;
    if (log !== checkpointed) return void this.#note(true);
    this.#synced.write({ ...salts, frames: log, isMoved: true });
    // The log takes the mark away again. So a main file into which the whole log was moved, by whatever program, needs no log.
    this.#removeMark.run(LOG_MARK);
    this.#note(true);
  }

  /** Leaves nothing in the log of what was in it before. @returns false when a read of another connection still needs it. */
  empty(): boolean {
    let isEmpty = false;
    try {
      isEmpty = this.#checkpoint('TRUNCATE').busy === 0;
      this.#writeFirst();
    } finally {
      this.#note(false);
    }
    this.move();
    return isEmpty;
  }

  /**
   * Ends the use of the log: the database is one file then, which says so. Where that is not possible (the disk is full, the files are
   * no longer there) everything stays as a crash would leave it. To close the database would delete a log that the main file still names.
   */
  close(): void {
    try {
      if (this.files.findChange() !== null) return;
      removeLog(this.#db);
    } catch {
      return;
    }
    this.#db.close();
    this.files.close();
    this.#synced.close({ remove: true });
  }

  /** A log has its file and its salts with its first frame. */
  #writeFirst(): void {
    if (this.#readPosition().log === 0) this.#setMark.run(LOG_MARK, NO_LOG);
  }

  #note(synced: boolean): Position {
    const position = this.#readPosition();
    const salts = this.files.noteLog(this.#bytesOf(position));
    if (synced) this.#synced.write({ ...salts, frames: position.log, isMoved: false });
    return position;
  }

  /** A disk that has no room for all pages may have had some for the first. */
  #checkpoint(mode: 'RESTART' | 'TRUNCATE'): Position {
    try {
      return this.#db.prepare(`PRAGMA wal_checkpoint(${mode})`).get() as unknown as Position;
    } finally {
      this.files.noteMain();
    }
  }

  #readPosition(): Position {
    return this.#position.get() as unknown as Position;
  }

  #bytesOf({ log }: Position): number {
    return log === 0 ? 0 : LOG_HEADER_BYTES + log * this.#frameBytes;
  }
}

/** Frames in the log, and how many of them are in the main file. */
interface Position {
  /** 1 when a checkpoint did not do all that its mode says. */
  readonly busy: number;
  readonly log: number;
  readonly checkpointed: number;
}
