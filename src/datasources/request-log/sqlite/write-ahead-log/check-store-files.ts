import { closeSync, lstatSync, openSync, readdirSync, readlinkSync, readSync, realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { makeUnusableError } from '../sqlite-error.ts';
import { readMark } from './log-mark.ts';
import { readLog } from './read-log.ts';
import { readSynced, syncedPath } from './synced-record.ts';

/** What lies at the path of a store, before SQLite opens it. */
export interface StoreFiles {
  /** The path without symbolic links: SQLite keeps the log beside the file itself. */
  readonly realPath: string;
  /** There is no store yet. */
  readonly isNew: boolean;
  /** VOID: the log was being begun anew when the power went. Nothing stands in it, and everything is in the main file. */
  readonly log: 'NONE' | 'FITS' | 'VOID';
}

export interface StoreFault {
  readonly realPath: string;
  /** Whether SQLite may still take what is whole in the log. A log that does not fit would make a mixture of two stores. */
  readonly log: 'MISSING' | 'OTHER' | 'DAMAGED';
  readonly sentence: string;
}

/** The "file format write version" in the header of the file: 1 for a database without a write-ahead log, 2 for one with it. */
const WRITE_VERSION_AT = 18;
const WITHOUT_LOG = 1;

/**
 * How the name of a copy begins that a running gateway saves when its store is no longer at its path. In a folder that may be above the
 * folders of several stores it tells which one the copy is of.
 */
export function rescuedName(path: string, place: string): string {
  const folder = dirname(path);
  return `${place === folder ? '' : `${basename(folder)}-`}${basename(path)}.rescued-`;
}

const GIVE_UP = 'or give up what it held: npm run store -- accept-damage';

/**
 * SQLite takes whatever lies at the path: it makes an empty database where there is none. It opens a database without its log as if
 * there had never been one. It replays any log that lies beside it, also that of another database. And it drops, without a word,
 * everything behind the first damaged frame of a log. Here all that is refused. The process has locked the store, and does not have it open.
 *
 * @throws GatewayError STORE_UNUSABLE with a sentence that says what to do.
 */
export function checkStoreFiles(path: string): StoreFiles {
  const found = judgeStoreFiles(path);
  if (!('sentence' in found)) return found;
  throw makeUnusableError(found.sentence);
}

/** @throws GatewayError STORE_UNUSABLE when there is no store, but something that tells of one. */
export function judgeStoreFiles(path: string): StoreFiles | StoreFault {
  const realPath = findRealPath(path);
  const wal = `${realPath}-wal`;
  const hasLog = sizeOf(wal) > 0;
  if (sizeOf(realPath) === 0) {
    refuseMovedStore(realPath, hasLog);
    return { realPath, isNew: true, log: 'NONE' };
  }
  const isWithoutLog = readWriteVersion(realPath) === WITHOUT_LOG;
  if (isWithoutLog && hasLog)
    return {
      realPath,
      log: 'OTHER',
      sentence: `${realPath} is a restored backup, or was closed cleanly, and ${wal} belongs to another store, or to an older state of this one: together they would be damaged. Move ${wal} away, to the store it belongs to.`,
    };
  const mark = isWithoutLog ? null : readMark(realPath);
  if (hasLog) return judgeLog(realPath, mark);
  if (typeof mark !== 'number') return { realPath, isNew: false, log: 'NONE' };
  return {
    realPath,
    log: 'MISSING',
    sentence: `The store ${realPath} was not closed cleanly, and its write-ahead log ${wal}, which holds its last writes, is not there. Put the log back beside it. If it is lost, restore a backup, ${GIVE_UP}.`,
  };
}

function judgeLog(realPath: string, mark: number | null | 'UNKNOWN'): StoreFiles | StoreFault {
  const fits = { realPath, isNew: false, log: 'FITS' } as const;
  // Nothing was promised before the first mark. A store of an earlier version has none.
  if (mark === null) return fits;
  const wal = `${realPath}-wal`;
  const log = readLog(wal);
  const synced = readSynced(realPath);
  const damaged = (what: string): StoreFault => ({
    realPath,
    log: 'DAMAGED',
    sentence: `The write-ahead log ${wal} is damaged: ${what}. SQLite would drop what was stored since. Put back an undamaged copy of the log, restore a backup, ${GIVE_UP}.`,
  });
  if (log.salts === null) {
    const isBeginning = mark !== 'UNKNOWN' && log.firstFrame === mark && (typeof synced !== 'object' || synced.isMoved);
    if (isBeginning) return { ...fits, log: 'VOID' };
    return damaged('its header cannot be read');
  }
  if (mark !== 'UNKNOWN' && log.salts.first !== mark && log.salts.first !== nextSalt(mark))
    return {
      realPath,
      log: 'OTHER',
      sentence: `${realPath} and ${wal} do not fit together: one of them is an older copy, or of another store. Put the two together that belong together, restore a backup, or move ${wal} away and ${GIVE_UP.slice('or '.length)}.`,
    };
  const isPromised = typeof synced === 'object' && synced.first === log.salts.first && synced.second === log.salts.second;
  if (isPromised && log.committed < synced.frames)
    return damaged(`it can be read up to frame ${log.committed}, and ${synced.frames} were on disk`);
  // A kill leaves the record, and a power cut leaves it too. Without it the log may have no torn end.
  if (synced === 'ABSENT' && log.leftOver > 0)
    return damaged(`behind frame ${log.committed} are more that cannot be read, and ${syncedPath(realPath)} is not there`);
  return fits;
}

/** SQLite adds one when it begins the log anew. */
function nextSalt(salt: number): number {
  return (salt + 1) >>> 0;
}

function refuseMovedStore(realPath: string, hasLog: boolean): void {
  if (hasLog)
    throw makeUnusableError(
      `${realPath}-wal holds the last writes of a store that is no longer at ${realPath}. Put the two together again, or move this one to where the store is now.`,
    );
  const rescued = findRescued(realPath);
  if (rescued !== null)
    throw makeUnusableError(
      `There is no store at ${realPath}, but a gateway saved its content to ${rescued} when it was taken away. Put the store back, or move this copy to ${realPath}. To begin with an empty store, move the copy to another folder.`,
    );
  if (statSync(syncedPath(realPath), { throwIfNoEntry: false }))
    throw makeUnusableError(
      `There is no store at ${realPath}, but ${syncedPath(realPath)} tells that one was in use here and was never closed. Put it back together with its -wal file, or restore a backup. To begin with an empty store, remove ${syncedPath(realPath)}.`,
    );
}

/** A copy is beside the store. Where that was not possible it is in the folder above. */
function findRescued(realPath: string): string | null {
  const folder = dirname(realPath);
  for (const place of [folder, dirname(folder)]) {
    const name = readNames(place).find((each) => each.startsWith(rescuedName(realPath, place)) && !each.endsWith('.part'));
    if (name !== undefined) return join(place, name);
  }
  return null;
}

function readNames(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    // The folder above may be closed to us.
    return [];
  }
}

/**
 * The path of the store's file without symbolic links.
 *
 * @throws GatewayError STORE_UNUSABLE when it is a link to nothing.
 */
export function findRealPath(path: string): string {
  if (statSync(path, { throwIfNoEntry: false })) return realpathSync(path);
  if (lstatSync(path, { throwIfNoEntry: false }))
    throw makeUnusableError(
      `${path} is a symbolic link to ${readlinkSync(path)}, where no store is. Mount or put back what was there. To begin with an empty store, remove the link, or give the gateway the path itself.`,
    );
  return join(realpathSync(dirname(path)), basename(path));
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

function readWriteVersion(path: string): number | undefined {
  const file = openSync(path, 'r');
  try {
    const header = new Uint8Array(WRITE_VERSION_AT + 1);
    readSync(file, header, 0, header.length, 0);
    return header[WRITE_VERSION_AT];
  } finally {
    closeSync(file);
  }
}
