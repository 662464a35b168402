import type { DatabaseSync } from 'node:sqlite';
import type { AloneDatabase } from '../postgres/alone.ts';
import { COPY } from '../postgres/copy-fact.ts';
import { SCHEMA_OLDEST } from '../postgres/prepare-database.ts';
import { RESEAL_POSITION, SEALED_WITH } from '../postgres/sealed-with.ts';
import { toStorable } from '../postgres/statement-text.ts';
import { COPIED_TABLES } from './copied-tables.ts';

/**
 * Facts that are not those of a database: how the file is sealed and written, its backups, and the clock of its machine. All others go with
 * the store, the epoch too: so the cursors of its clients go on.
 */
const OF_THE_FILE = ['schema', SCHEMA_OLDEST, SEALED_WITH, RESEAL_POSITION, COPY, 'taken-over', 'clock', 'probe', 'last-backup'];

/** Copies what no row is: the facts, the next number of each table, and what other tools' requests hold. It may be done again. */
export async function finishRows(source: DatabaseSync, target: AloneDatabase): Promise<void> {
  const facts = (source.prepare('SELECT key, value FROM fact').all() as { key: string; value: string }[]).filter(
    ({ key }) => !OF_THE_FILE.includes(key),
  );
  const next = source.prepare(NEXT_NUMBERS).all() as { name: string; last: number }[];
  await target.transaction(async () => {
    await target.run('DELETE FROM fact WHERE key <> ALL($1::text[])', [OF_THE_FILE]);
    await target.run('INSERT INTO fact SELECT * FROM unnest($1::text[], $2::text[])', [
      facts.map(({ key }) => key),
      facts.map(({ value }) => toStorable(value)),
    ]);
    for (const { name, last } of next)
      if (last > 0) await target.run(`SELECT setval(pg_get_serial_sequence('${name}', 'pk'), $1::bigint)`, [last]);
    await target.run("DELETE FROM held WHERE kind = 'EXTERNAL'");
    await target.run(HELD_OF_OTHERS);
  });
  // Without it the database would plan the first statements for empty tables.
  await target.run(`ANALYZE ${COPIED_TABLES.map(({ name }) => name).join(', ')}`);
}

// A number that was given once is never another's.
const NEXT_NUMBERS = `SELECT 'request' AS name, coalesce(max(pk), 0) AS last FROM request
  UNION ALL SELECT 'forward', coalesce(max(pk), 0) FROM forward
  UNION ALL SELECT iif(name = 'kept_message', 'dead_letter', name), seq FROM sqlite_sequence
    WHERE name IN ('unclaimed', 'kept_message', 'audit')`;
const HELD_OF_OTHERS = `INSERT INTO held SELECT account, '', 'EXTERNAL', sum(last_seq), sum(message_bytes) FROM request
  WHERE origin = 'EXTERNAL' AND account <> '' GROUP BY account`;
