import pg from 'pg';
import { expect, test } from 'vitest';
import { Hub } from '../../../src/datasources/request-log/hub.ts';
import type { Store } from '../../../src/datasources/request-log/store.ts';
import { needPostgres } from '../../support/need-postgres.ts';
import { noPostgres } from '../../support/postgres-programs.ts';
import type { OpenPostgresStore } from '../postgres-fixture.ts';
import type { DrivenStore } from './driven-store.ts';
import { drivePostgres } from './driven-postgres.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`How a store on PostgreSQL is killed in a game is not tested: ${reason}.\n`);

/** More than a job of the store below has: its statements, and their answers. */
const MOMENTS = 5;

/** Facts in a table, and nothing else of a store. */
class OnlyFacts {
  readonly #pool: pg.Pool;
  readonly #now: () => number;

  constructor(pool: pg.Pool, now: () => number) {
    this.#pool = pool;
    this.#now = now;
  }

  async remember(key: string, value: string): Promise<void> {
    const client = await this.#pool.connect();
    let error: Error | undefined;
    try {
      this.#now();
      await client.query('BEGIN');
      await client.query('INSERT INTO fact VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value', [key, value]);
      await client.query('COMMIT');
    } catch (cause) {
      error = cause as Error;
      throw cause;
    } finally {
      client.release(error);
    }
  }

  async recall(key: string): Promise<string | null> {
    const { rows } = await this.#pool.query<{ value: string }>('SELECT value FROM fact WHERE key = $1', [key]);
    return rows[0]?.value ?? null;
  }
}

class Nothing {}

const openFacts: OpenPostgresStore = async ({ url, hub, now }) => {
  const pool = new pg.Pool({ connectionString: url });
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  await pool.query('CREATE TABLE IF NOT EXISTS fact (key text PRIMARY KEY, value text NOT NULL)');
  const others = ['requests', 'outcomes', 'sending', 'intake', 'unclaimed', 'deadLetters', 'followUp', 'forwards', 'audit'];
  const rest = Object.fromEntries([...others, 'upkeep', 'health', 'leases', 'keys'].map((part) => [part, new Nothing()]));
  const facts = new OnlyFacts(pool, now);
  return { ...rest, facts, hub, epoch: '1', isNew: true, [Symbol.asyncDispose]: () => pool.end() } as unknown as Store;
};

async function drive(): Promise<DrivenStore> {
  return drivePostgres({ Hub, openStore: openFacts, verify: () => Promise.resolve([]) }, await needPostgres());
}

test.skipIf(reason !== null)(
  'wherever it dies, what was answered is there in its next life, and what was not is there whole or not',
  async () => {
    await using store = await drive();
    await store.log.remember('a', '-1');
    let kept = '-1';
    const seen = new Set<string>();
    for (let round = 0; round < MOMENTS * 6; round++) {
      store.dieAfter(round % (MOMENTS + 1));
      const told = await Promise.race([
        store.log.remember('a', String(round)).then(
          () => 'ANSWERED',
          () => 'FAILED',
        ),
        store.death.then(() => 'DEAD'),
      ]);
      await store.nextLife();
      const found = await store.log.recall('a');
      expect(told === 'ANSWERED' ? [String(round)] : [kept, String(round)], `round ${round}`).toContain(found);
      seen.add(`${told} ${found === String(round) ? 'STORED' : 'LOST'}`);
      kept = found ?? '';
    }
    // It has died before the commit, between commit and answer, and after the answer.
    expect(seen).toEqual(new Set(['DEAD LOST', 'DEAD STORED', 'ANSWERED STORED']));
  },
);

test.skipIf(reason !== null)('while it is broken nothing is stored, and everything works once it is mended', async () => {
  await using store = await drive();
  await store.log.remember('a', 'before');
  const told = store.log.remember('a', 'broken');
  store.breakAfter(3);
  await expect(told).rejects.toThrow();
  await expect(store.log.recall('a')).rejects.toThrow();
  await store.mend();
  expect(await store.log.recall('a')).toBe('before');
  await store.rest();
  expect(store.hasDied).toBe(false);
});
