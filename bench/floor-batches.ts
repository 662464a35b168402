import pg from 'pg';

/** Rows in one statement and one transaction. */
const BATCH = 256;
const MESSAGE = 'm'.repeat(700);

/** What the database takes at most when it only stores: rows of the size of a callback, in batches, one batch after the other. */
export async function floorBatches(
  url: string,
  rows: number,
): Promise<{ readonly seconds: number; readonly ms: readonly number[]; readonly cpuMs: number }> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('CREATE SCHEMA IF NOT EXISTS bench_floor');
    await client.query(
      `CREATE TABLE IF NOT EXISTS bench_floor.row (request bigint, seq integer, at bigint, digest bytea, message text, PRIMARY KEY (request, seq))`,
    );
    await client.query('TRUNCATE bench_floor.row');
    const ms: number[] = [];
    const cpu = process.cpuUsage();
    const started = performance.now();
    for (let done = 0; done < rows; done += BATCH) {
      const seqs = Array.from({ length: Math.min(BATCH, rows - done) }, (_, at) => done + at);
      const began = performance.now();
      await client.query({ name: 'floor', text: INSERT, values: [seqs, seqs.map(() => Buffer.alloc(32, done)), seqs.map(() => MESSAGE)] });
      ms.push(performance.now() - began);
    }
    const seconds = (performance.now() - started) / 1_000;
    const { user, system } = process.cpuUsage(cpu);
    return { seconds, ms, cpuMs: (user + system) / 1_000 };
  } finally {
    await client.end();
  }
}

const INSERT = `INSERT INTO bench_floor.row SELECT 1, seq, 1700000000000, digest, message
  FROM unnest($1::integer[], $2::bytea[], $3::text[]) AS new (seq, digest, message)`;
