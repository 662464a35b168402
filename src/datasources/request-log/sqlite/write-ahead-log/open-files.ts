import { closeSync, fstatSync, openSync, readSync, statSync, type BigIntStats } from 'node:fs';
import { dirname } from 'node:path';
import type { Salts } from './read-log.ts';

/** Where the salts stand in the header of the log. */
const SALTS_AT = 16;
const MAIN_HEADER_BYTES = 100;

/** The files of a store that is open: the main file and its log. It sees whether they are still what stands at the path, and as we left them. */
export class OpenFiles {
  readonly #path: string;
  readonly #log: number;
  /**
   * The main file, to look at its header. It is never closed before the store is: a process that closes any descriptor of a file
   * loses all its locks on it.
   */
  readonly #main: number;
  readonly #files: readonly { readonly path: string; readonly identity: string }[];
  readonly #folderDevice: number;
  #header: Buffer = Buffer.alloc(0);
  #salts: Salts = { first: 0, second: 0 };
  #logBytes = 0;

  /** @param path the path of the configuration, @param realPath the same without symbolic links. */
  constructor(path: string, realPath: string) {
    this.#path = path;
    this.#log = openSync(`${realPath}-wal`, 'r');
    this.#main = openSync(realPath, 'r');
    this.#files = [
      { path, identity: identityOf(fstatSync(this.#main, { bigint: true })) },
      { path: `${realPath}-wal`, identity: identityOf(fstatSync(this.#log, { bigint: true })) },
    ];
    this.#folderDevice = statSync(dirname(path)).dev;
  }

  /** We have written to the main file. */
  noteMain(): void {
    this.#header = this.#readHeader();
  }

  /** We have written to the log. @param bytes how much of it counts. */
  noteLog(bytes: number): Salts {
    this.#logBytes = bytes;
    this.#salts = this.#readSalts();
    return this.#salts;
  }

  /** What is wrong when these files are no longer the ones at the path; null when they are. */
  findChange(): string | null {
    for (const { path, identity } of this.#files) {
      const found = statSync(path, { bigint: true, throwIfNoEntry: false });
      if (!found) return `${path} is not there any more`;
      if (identityOf(found) !== identity) return `${path} is another file now`;
    }
    if (!this.#readHeader().equals(this.#header)) return `something else has written to ${this.#path}`;
    const { first, second } = this.#readSalts();
    const isLogWhole = first === this.#salts.first && second === this.#salts.second && fstatSync(this.#log).size >= this.#logBytes;
    return isLogWhole ? null : `something else has written to ${this.#files[1]?.path}`;
  }

  /** Whether a file in the store's folder would be on the disk that the store was opened on. */
  isFolderSame(): boolean {
    return statSync(dirname(this.#path), { throwIfNoEntry: false })?.dev === this.#folderDevice;
  }

  close(): void {
    closeSync(this.#log);
    closeSync(this.#main);
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

function identityOf({ dev, ino }: BigIntStats): string {
  return `${dev}:${ino}`;
}
