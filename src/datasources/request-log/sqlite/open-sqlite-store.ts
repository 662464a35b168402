import { LOG_LIMITS } from '../log-limits.ts';
import { LocalLeases } from '../local-leases.ts';
import type { Store } from '../store.ts';
import { DiskRoom, makeRoomToOpen } from './disk-room.ts';
import { GroupCommit } from './group-commit.ts';
import { takeEpoch } from './recover.ts';
import { RequestedDevices } from './requested-devices.ts';
import { RequestWork } from './request-work.ts';
import { SealedWith } from './sealing/sealed-with.ts';
import { SqliteReseal } from './sealing/sqlite-reseal.ts';
import { Vault } from '../vault.ts';
import { SqliteApiKeys } from './sqlite-api-keys.ts';
import { SqliteAudit } from './sqlite-audit.ts';
import { SqliteDeadLetters } from './sqlite-dead-letters.ts';
import { describeUnusable } from './sqlite-error.ts';
import { SqliteFacts } from './sqlite-facts.ts';
import { SqliteFollowUp } from './sqlite-follow-up.ts';
import { SqliteForward } from './sqlite-forward.ts';
import { SqliteHealth } from './sqlite-health.ts';
import { SqliteIntake } from './sqlite-intake.ts';
import { openSqlite, readPragma } from './sqlite-open.ts';
import { SqliteOutcomes } from './sqlite-outcomes.ts';
import { SqliteRequests } from './sqlite-requests.ts';
import { SqliteSending } from './sqlite-sending.ts';
import { prepareStatements } from './sqlite-statements.ts';
import type { SqliteStoreOptions } from './sqlite-store-options.ts';
import { SqliteUnclaimed } from './sqlite-unclaimed.ts';
import { SqliteUpkeep } from './sqlite-upkeep.ts';
import { SqliteWriter } from './sqlite-writer.ts';
import { KeyWalker } from './walk-keys.ts';
import { LogKeeper } from './write-ahead-log/log-keeper.ts';

/**
 * Opens the store in one file of this process: node:sqlite, WAL, fsync before every answer, one writer. Writes are jobs of a group
 * commit. Reads see only what is committed, because no transaction is open between two turns of the event loop.
 */
export function openSqliteStore(options: SqliteStoreOptions): Store {
  const { path, hub, now } = options;
  const limits = { ...LOG_LIMITS, ...options.limits };
  makeRoomToOpen(path);
  const { db, files, lock } = openSqlite(path);
  const vault = new Vault(options.keys ?? []);
  /** The topics that the open transaction has changed. */
  let changed: string[] = [];
  const commits = new GroupCommit(db, {
    beforeCommit: () => {
      changed = writer.finish();
      sealedWith.finish();
    },
    afterCommit: (jobs, seconds, synced) => {
      if (synced) options.onCommit?.(jobs, seconds);
      sealedWith.afterCommit();
      commits.maintain(() => keeper?.afterCommit(synced));
      for (const topic of [...changed.splice(0), ...forwards.afterCommit()]) hub.wake(topic);
      work.goOn();
    },
    onRollback: () => {
      writer.rollback();
      forwards.rollback();
      sealedWith.rollback();
      disk.sample();
      commits.maintain(() => keeper?.afterRollback());
      changed = [];
    },
    onFatal: options.onFatal,
  });
  const { sql, sealedWith, epoch, forwards, keeper } = readOrClose(path, [db, lock], () => {
    const statements = prepareStatements(db, vault);
    return {
      sql: statements,
      sealedWith: new SealedWith(statements, vault, path),
      epoch: takeEpoch(statements),
      forwards: new SqliteForward(statements, commits, limits, options.onNoRoomToForward ?? (() => undefined)),
      keeper: files && new LogKeeper(db, path, files.realPath),
    };
  });
  const disk = new DiskRoom({
    path,
    floorBytes: options.diskFloorBytes ?? null,
    reusableBytes: () => Number(readPragma(db, 'freelist_count')) * Number(readPragma(db, 'page_size')),
    onSample: (state) => {
      // Its write-ahead log may hold more than the disk has left.
      if (state.isLow) upkeep.emptyWal().catch(() => undefined);
      // A full disk may have stopped it.
      work.goOn();
      options.onDisk?.(state);
    },
  });
  const writer = new SqliteWriter({
    sql,
    forwards,
    limits,
    now,
    isLow: (bytes) => disk.isLowAfter(bytes),
  });
  const walker = new KeyWalker(db, (work) => commits.read(work));
  const facts = new SqliteFacts(sql, commits, hub);
  const work = new RequestWork(sql, writer, commits);
  const parts = {
    db,
    sql,
    commits,
    writer,
    work,
    walker,
    facts,
    forwards,
    disk,
    keeper,
    limits,
    hub,
    now,
  };
  const upkeep = new SqliteUpkeep({ ...parts, reseal: new SqliteReseal(db, sql, vault, sealedWith), path, epoch });
  return {
    epoch,
    isNew: files?.isNew ?? true,
    hub,
    requests: new SqliteRequests({
      sql,
      reads: commits,
      walker,
      indexAll: async () => {
        while (await upkeep.indexIdentifiers());
      },
    }),
    outcomes: new SqliteOutcomes({
      sql,
      reads: commits,
      devices: new RequestedDevices(sql),
      pkOf: (requestId) => writer.pkOf(requestId),
    }),
    sending: new SqliteSending(parts),
    intake: new SqliteIntake(parts),
    unclaimed: new SqliteUnclaimed(parts),
    deadLetters: new SqliteDeadLetters(sql, commits, walker),
    followUp: new SqliteFollowUp(parts),
    forwards,
    audit: new SqliteAudit({ ...parts, onFailed: options.onAuditFailed }),
    facts,
    keys: new SqliteApiKeys({ db, commits, hub, moveLog: () => keeper?.move() }),
    leases: new LocalLeases(),
    upkeep,
    health: new SqliteHealth(parts),
    async [Symbol.asyncDispose]() {
      disk[Symbol.dispose]();
      // A backup reads from another thread, so it must end before the file is closed.
      await upkeep.abandonBackup();
      commits.close();
      if (keeper) keeper.close();
      else if (db.isOpen) db.close();
      lock?.[Symbol.dispose]();
    },
  };
}

/** Reads what the store begins with. A file whose contents are unusable is closed again. */
function readOrClose<Read>(path: string, opened: readonly (Disposable | null)[], read: () => Read): Read {
  try {
    return read();
  } catch (cause) {
    for (const each of opened) each?.[Symbol.dispose]();
    throw describeUnusable(path, cause);
  }
}
