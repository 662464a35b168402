import { GatewayError } from '../../../errors.ts';
import type { Facts } from '../store.ts';
import type { BackupReport, DiskState, PurgeReport, PurgeStep, ResealStep, StoreSizes, StoreStats, StoreUpkeep } from '../store-upkeep.ts';
import type { Database } from './database.ts';
import { indexIdentifiers } from './index-identifiers.ts';
import { purgeStep } from './postgres-purge.ts';
import { resealStep } from './postgres-reseal.ts';
import { readHeld } from './read-held.ts';
import type { RequestedDevices } from './requested-devices.ts';
import { readSealedWith } from './sealed-with.ts';
import type { Seals } from './seals.ts';

interface Parts {
  readonly db: Database;
  readonly facts: Facts;
  readonly seals: Seals;
  readonly devices: RequestedDevices;
  readonly epoch: string;
  readonly now: () => number;
}

const LAST_PURGE = 'last-purge';

/** Requests counted in one statement. */
const COUNTED_AT_ONCE = 5_000;

/** Purging, resealing and statistics of the PostgreSQL store. Backups are the business of whoever runs the database. */
export class PostgresUpkeep implements StoreUpkeep {
  readonly #parts: Parts;

  constructor(parts: Parts) {
    this.#parts = parts;
  }

  purgeStep(before: number): Promise<PurgeStep> {
    return purgeStep(this.#parts.db, before);
  }

  notePurge(report: PurgeReport): Promise<void> {
    return this.#parts.facts.remember(LAST_PURGE, JSON.stringify({ ...report, at: this.#parts.now() }));
  }

  backup(): Promise<BackupReport> {
    return Promise.reject(new GatewayError('BAD_USER_INPUT', NO_BACKUP));
  }

  abandonBackup(): Promise<void> {
    return Promise.resolve();
  }

  async resealStep(): Promise<ResealStep> {
    const { db, seals } = this.#parts;
    if (seals.keyId === null) throw new GatewayError('BAD_USER_INPUT', NO_KEY);
    return resealStep(db, seals, seals.keyId);
  }

  indexIdentifiers(): Promise<boolean> {
    const { db, devices, seals } = this.#parts;
    return indexIdentifiers(db, devices, seals);
  }

  /** No earlier version has written to PostgreSQL. */
  takeOver(): Promise<boolean> {
    return Promise.resolve(false);
  }

  async sizes(): Promise<StoreSizes> {
    const [row] = await this.#parts.db.rows<{ bytes: number }>('SELECT pg_database_size(current_database()) AS bytes');
    return { fileBytes: row?.bytes ?? 0, walBytes: 0 };
  }

  /** The disk is the server's, which nobody can look at from here: as much as can be counted, so that no alarm goes off. */
  disk(): Promise<DiskState> {
    return Promise.resolve({ freeBytes: Number.MAX_SAFE_INTEGER, floorBytes: 0, isLow: false });
  }

  async stats(): Promise<StoreStats> {
    const { db, epoch, seals } = this.#parts;
    const [place] = await db.rows<{ path: string; schema: string; oldestAt: number | null }>(PLACE);
    const held = await readHeld(db);
    return {
      ...(await this.sizes()),
      path: place?.path ?? '',
      isDatabase: true,
      epoch,
      schemaVersion: Number(place?.schema ?? 0),
      freeBytes: 0,
      ...(await this.#countRequests()),
      oldestRequestAt: place?.oldestAt ?? null,
      unclaimed: held.unclaimed,
      kept: Object.values(held.deadLettersByReason).reduce((sum, rows) => sum + rows, 0),
      forwardBacklog: held.copies,
      lastPurge: await this.#lastPurge(),
      lastBackupAt: null,
      sealedWith: seals.keyId,
      olderKeys: (await readSealedWith(db)).filter((keyId) => keyId !== seals.keyId),
    };
  }

  async lastTimes(): Promise<{ readonly purgeAt: number | null; readonly backupAt: number | null }> {
    return { purgeAt: (await this.#lastPurge())?.at ?? null, backupAt: null };
  }

  /** Counts in parts, so that no statement takes long. */
  async #countRequests(): Promise<Pick<StoreStats, 'requestsByStatus' | 'purging' | 'approximateEvents'>> {
    const requestsByStatus: Record<string, number> = {};
    let purging = 0;
    let approximateEvents = 0;
    for (let after = 0; ;) {
      const rows = await this.#parts.db.rows<CountedPart>(COUNT_PART, [after, COUNTED_AT_ONCE]);
      if (rows.length === 0) return { requestsByStatus, purging, approximateEvents };
      for (const { isHidden, status, requests, events, last } of rows) {
        if (isHidden) purging += requests;
        else requestsByStatus[status] = (requestsByStatus[status] ?? 0) + requests;
        if (!isHidden) approximateEvents += events;
        after = Math.max(after, last);
      }
    }
  }

  async #lastPurge(): Promise<StoreStats['lastPurge']> {
    return JSON.parse((await this.#parts.facts.recall(LAST_PURGE)) ?? 'null') as StoreStats['lastPurge'];
  }
}

interface CountedPart {
  readonly isHidden: boolean;
  readonly status: string;
  readonly requests: number;
  readonly events: number;
  readonly last: number;
}

const NO_BACKUP =
  'No backup was made: the gateway does not back up a store on PostgreSQL. Use pg_dump, or the backups of whoever runs the database, see docs/operations.md.';
const NO_KEY = 'Nothing was resealed: the gateway has no key to do it with. Set M2M_STORE_KEYS (or M2M_STORE_KEYS_FILE) and restart it.';

const PLACE = `SELECT 'PostgreSQL ' || current_database() || '.' || current_schema() AS path,
    (SELECT value FROM fact WHERE key = 'schema') AS schema,
    (SELECT created_at FROM request WHERE account <> '' ORDER BY created_at LIMIT 1) AS "oldestAt"`;
const COUNT_PART = `SELECT account = '' AS "isHidden", status, count(*)::integer AS requests, sum(last_seq)::bigint AS events, max(pk) AS last
  FROM (SELECT pk, account, status, last_seq FROM request WHERE pk > $1 ORDER BY pk LIMIT $2) part GROUP BY account = '', status`;
