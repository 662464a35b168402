import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DatabaseSync, StatementSync } from 'node:sqlite';
import { readPragma } from '../sqlite-open.ts';
import { LOG_MARK, NO_LOG, removeLog } from './log-mark.ts';
import { FRAME_HEADER_BYTES, LOG_HEADER_BYTES, type Salts } from './read-log.ts';
import { SyncedRecord } from './synced-record.ts';

/** Frames (pages) after which the log is moved into the main file. */
const MOST_FRAMES = 4_000;
/** A log may be as large as the store itself, but a new store need not be moved for each page. */
const LEAST_FRAMES = 64;

/** Where the salts stand in the header of the log. */
const SALTS_AT = 16;
const MAIN_HEADER_BYTES = 100;

/**
 * Keeps what tells at the next start whether the log is whole and the right one: the mark in the main file, and the record of what was
 * synced. So it moves the log into the main file itself, instead of SQLite. And it sees whether the open files are still those at the path.
 */
export class LogKeeper {
  readonly #db: DatabaseSync;
  readonly #path: string;
  readonly #realPath: string;
  readonly #position: StatementSync;
  readonly #setMark: StatementSync;
  readonly #removeMark: StatementSync;
  readonly #synced: SyncedRecord;
  readonly #log: number;
  /**
   * The main file, to look at its header. It is never closed before the store is: a process that closes any descriptor of a file
   * loses all its locks on it.
   */
  readonly #main: number;
  readonly #files: readonly { readonly path: string; readonly identity: string }[];
  readonly #folderDevice: number;
  readonly #pageBytes: number;
  #salts: Salts = { first: 0, second: 0 };
  #frames = 0;
  #header: Buffer = Buffer.alloc(0);
  #limit = LEAST_FRAMES;

  /** @param path the path of the configuration, @param realPath the same without symbolic links. */
  constructor(db: DatabaseSync, path: string, realPath: string) {
    this.#db = db;
    this.#path = path;
    this.#realPath = realPath;
    db.exec('PRAGMA wal_autocheckpoint = 0');
    this.#pageBytes = Number(readPragma(db, 'page_size'));
    this.#position = db.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.#setMark = db.prepare('INSERT OR REPLACE INTO fact (key, value) VALUES (?, ?)');
    this.#removeMark = db.prepare('DELETE FROM fact WHERE key = ?');
    this.#writeFirst();
    this.#log = openSync(`${realPath}-wal`, 'r');
    this.#main = openSync(realPath, 'r');
    this.#synced = new SyncedRecord(realPath);
    this.move();
    this.#files = [path, `${realPath}-wal`].map((each) => ({ path: each, identity: identityOf(each) ?? '' }));
    this.#folderDevice = statSync(dirname(path)).dev;
  }

  /** After each commit. `synced`: it is on disk. */
  afterCommit(synced: boolean): void {
    const { log, checkpointed } = this.#note(synced);
    if (log - checkpointed >= this.#limit) this.move();
  }

  /** Moves the log into the main file, which says from then on that it has a log. SQLite begins the log anew with the next commit. */
  move(): void {
    const before = this.#readPosition();
    if (before.log === before.checkpointed) return;
    this.#salts = this.#readSalts();
    this.#setMark.run(LOG_MARK, String(this.#salts.first));
    const { log, checkpointed } = this.#db.prepare('PRAGMA wal_checkpoint(PASSIVE)').get() as unknown as Position;
    this.#synced.write({ ...this.#salts, frames: log, isMoved: log === checkpointed });
    this.#limit = Math.min(MOST_FRAMES, Math.max(LEAST_FRAMES, Number(readPragma(this.#db, 'page_count'))));
    this.#header = this.#readHeader();
    // The log takes the mark away again. So a main file into which the whole log was moved, by whatever program, needs no log.
    this.#removeMark.run(LOG_MARK);
    this.#note(true);
  }

  /** Leaves nothing in the log of what was in it before. */
  empty(): void {
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#writeFirst();
    this.move();
  }

  /** A log has its file and its salts with its first frame. */
  #writeFirst(): void {
    if (this.#readPosition().log === 0) this.#setMark.run(LOG_MARK, NO_LOG);
  }

  #note(synced: boolean): Position {
    const position = this.#readPosition();
    this.#salts = this.#readSalts();
    this.#frames = position.log;
    if (synced) this.#synced.write({ ...this.#salts, frames: position.log, isMoved: false });
    return position;
  }

  /** What is wrong when the open files are no longer the ones at the path; null when they are. */
  findChange(): string | null {
    for (const { path, identity } of this.#files) {
      const found = identityOf(path);
      if (found === null) return `${path} is not there any more`;
      if (found !== identity) return `${path} is another file now`;
    }
    if (!this.#readHeader().equals(this.#header)) return `something else has written to ${this.#path}`;
    const { first, second } = this.#readSalts();
    const isLogWhole = first === this.#salts.first && second === this.#salts.second && fstatSync(this.#log).size >= this.#logBytes;
    return isLogWhole ? null : `something else has written to ${this.#realPath}-wal`;
  }

  /** Whether a file in the store's folder would be on the disk that the store was opened on. */
  isFolderSame(): boolean {
    return statSync(dirname(this.#path), { throwIfNoEntry: false })?.dev === this.#folderDevice;
  }

  /**
   * Ends the use of the log: the database is one file then, which says so. Where that is not possible (the disk is full, the files are
   * no longer there) everything stays as a crash would leave it. To close the database would delete a log that the main file still names.
   */
  close(): void {
    try {
      if (this.findChange() !== null) return;
      removeLog(this.#db);
    } catch {
      return;
    }
    this.#db.close();
    closeSync(this.#log);
    closeSync(this.#main);
    this.#synced.close({ remove: true });
  }

  get #logBytes(): number {
    return LOG_HEADER_BYTES + this.#frames * (FRAME_HEADER_BYTES + this.#pageBytes);
  }

  #readPosition(): Position {
    return this.#position.get() as unknown as Position;
  }

  #readSalts(): Salts {
    const salts = Buffer.alloc(8);
    readSync(this.#log, salts, 0, 8, SALTS_AT);
    return { first: salts.readUInt32BE(0), second: salts.readUInt32BE(4) };
  }

  #readHeader(): Buffer {
    const header = Buffer.alloc(MAIN_HEADER_BYTES);
    readSync(this.#main, header, 0, MAIN_HEADER_BYTES, 0);
    return header;
  }
}

/** Frames in the log, and how many of them are in the main file. */
interface Position {
  readonly log: number;
  readonly checkpointed: number;
}

function identityOf(path: string): string | null {
  const found = statSync(path, { bigint: true, throwIfNoEntry: false });
  return found ? `${found.dev}:${found.ino}` : null;
}
