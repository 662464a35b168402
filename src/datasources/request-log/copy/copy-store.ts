import { GatewayError } from '../../../errors.ts';
import { openAlone, type AloneDatabase } from '../postgres/alone.ts';
import { COPY } from '../postgres/copy-fact.ts';
import { insertAudit } from '../postgres/postgres-audit.ts';
import { readFact } from '../postgres/postgres-facts.ts';
import { verifyPostgres } from '../postgres/postgres-verify.ts';
import { SCHEMA_OLDEST } from '../postgres/prepare-database.ts';
import { SEALED_WITH } from '../postgres/sealed-with.ts';
import { Seals } from '../postgres/seals.ts';
import { Vault } from '../vault.ts';
import { compareCopy } from './compare-copy.ts';
import { finishRows } from './finish-rows.ts';
import { COPY_BEGIN, copyRows, type CopyPosition } from './copy-rows.ts';
import { COPIED_TABLES } from './copied-tables.ts';
import { openSource, prepareSource } from './copy-source.ts';

export interface CopyOptions {
  /** The file of the SQLite store. */
  readonly path: string;
  /** The PostgreSQL database. */
  readonly url: string;
  readonly keys: readonly Uint8Array[];
  readonly allowsUnsynced: boolean;
  readonly now: () => number;
  /** Told what is done next. */
  readonly onProgress?: (sentence: string) => void;
  /** Told after each step how many rows are copied, and of which table the next ones are. */
  readonly onRows?: (rows: number, table: string) => void;
  readonly rowsAtOnce?: number;
}

export interface CopyReport {
  readonly path: string;
  readonly requests: number;
  readonly rows: number;
  readonly durationMs: number;
}

/** What the fact `COPY` holds while a copy has not ended. */
interface Copying {
  readonly epoch: string | null;
  readonly stamp: string;
  readonly position: CopyPosition;
  /** Everything is copied and compared. The store may be given up. */
  readonly isCompared: boolean;
}

/**
 * Copies a SQLite store to an empty PostgreSQL database, in bounded steps. An interrupted copy goes on where it was. No gateway opens the
 * database before the copy has ended, and when it has, the store counts as a restored backup: so what is queued is sent by one of them.
 *
 * @throws GatewayError STORE_UNUSABLE with a sentence that says what to do.
 */
export async function copyStore(options: CopyOptions): Promise<CopyReport> {
  const { path, url, keys, now, onProgress: tell = () => undefined, onRows, rowsAtOnce } = options;
  const started = performance.now();
  await using target = await openAlone(url, options.allowsUnsynced);
  const begun = JSON.parse((await readFact(target, COPY)) ?? 'null') as Copying | null;
  if (!begun) {
    await requireEmpty(target);
    tell('Verifying the store.');
    await prepareSource(path, keys, now);
  }
  using source = openSource(path);
  let copying = begun ?? { epoch: source.epoch, stamp: source.stamp, position: COPY_BEGIN, isCompared: false };
  if (source.stamp !== copying.stamp && !(copying.isCompared && source.epoch === null)) throw otherStore(path);
  const vault = new Vault(keys);
  await nameKeys(target, vault, copying);
  try {
    // A gateway that has not seen the fact is connected by now.
    await target.requireAlone();
  } catch (error) {
    if (!begun) await target.run('DELETE FROM fact WHERE key = $1', [COPY]);
    throw error;
  }
  const remember = (next: Copying): Promise<number> => {
    copying = next;
    return target.run(SET, [COPY, JSON.stringify(next)]);
  };
  if (begun) tell(`Going on: ${begun.position.rows} rows were copied before.`);
  if (!copying.isCompared) {
    const seals = new Seals(vault);
    const remembered = async (position: CopyPosition) => {
      await remember({ ...copying, position });
      onRows?.(position.rows, COPIED_TABLES[position.table]?.name ?? 'none');
    };
    const of = { seals, clockOffMs: target.clockOffMs };
    await copyRows({ source: source.db, target, of, remember: remembered, rowsAtOnce }, copying.position);
    tell('Comparing the copy with the store.');
    await finishRows(source.db, target);
    await compareCopy({ ...options, source: source.db, target, seals });
    tell('Verifying the copy.');
    const { faults, totalFaults } = await verifyPostgres(url, keys);
    if (totalFaults > 0)
      throw unusable(
        `The copy has ${totalFaults} faults. The first: ${faults[0]} Empty the database, and keep the store for whoever looks into it.`,
      );
    await remember({ ...copying, isCompared: true });
  }
  source.giveUp();
  await endCopy(target, now());
  const [counted] = await target.rows<{ requests: number }>('SELECT count(*) AS requests FROM request');
  const durationMs = Math.round(performance.now() - started);
  return { path, requests: counted?.requests ?? 0, rows: copying.position.rows, durationMs };
}

/** @throws GatewayError STORE_UNUSABLE when there is anything in the database that no copy has put there. */
async function requireEmpty(target: AloneDatabase): Promise<void> {
  const facts = `SELECT 1 FROM fact WHERE key NOT IN ('schema', '${SCHEMA_OLDEST}', 'epoch', '${SEALED_WITH}')`;
  const [row] = await target.rows<{ isEmpty: boolean }>(
    `SELECT NOT EXISTS (${facts})${COPIED_TABLES.map(({ name }) => ` AND NOT EXISTS (SELECT 1 FROM ${name})`).join('')} AS "isEmpty"`,
  );
  if (!row?.isEmpty)
    throw unusable('The database of M2M_STORE_URL has a store already. A store is copied to an empty database: make one with `createdb`.');
}

/** The fact that a copy goes on, and the keys of its rows, are there before the first row. */
async function nameKeys(target: AloneDatabase, vault: Vault, copying: Copying): Promise<void> {
  const known = copying.position.rows === 0 ? [] : (JSON.parse((await readFact(target, SEALED_WITH)) ?? '[]') as string[]);
  const missing = known.filter((keyId) => !vault.has(keyId));
  if (missing.length > 0)
    throw unusable(`The copy has rows that are sealed with a key that M2M_STORE_KEYS does not hold: ${missing.join(', ')}.`);
  const keyIds = [...new Set([...known, ...(vault.keyId === null ? [] : [vault.keyId])])];
  await target.transaction(async () => {
    await target.run(SET, [SEALED_WITH, JSON.stringify(keyIds)]);
    await target.run(SET, [COPY, JSON.stringify(copying)]);
  });
}

async function endCopy(target: AloneDatabase, at: number): Promise<void> {
  await target.transaction(async () => {
    const record = { caller: 'command-line', action: 'store.copy', account: null, devices: null, subject: null, outcome: 'DONE' };
    await insertAudit(target, [record], at);
    await target.run('DELETE FROM fact WHERE key = $1', [COPY]);
  });
}

function otherStore(path: string): GatewayError {
  return unusable(
    `The database has the beginning of a copy of another store than ${path}, or a gateway has used ${path} since. Make an empty database, and copy again.`,
  );
}

function unusable(message: string): GatewayError {
  return new GatewayError('STORE_UNUSABLE', message);
}

const SET = 'INSERT INTO fact (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value';
