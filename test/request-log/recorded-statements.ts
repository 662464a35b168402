import pg from 'pg';

export interface RecordedStatements extends Disposable {
  /** Each text once. */
  readonly texts: ReadonlySet<string>;
}

/** Every statement that this process prepares from now on. */
export function recordStatements(): RecordedStatements {
  const texts = new Set<string>();
  const clients: object = pg.Client.prototype;
  const query = Reflect.get(clients, 'query') as (this: pg.Client, ...asked: unknown[]) => unknown;
  Reflect.set(clients, 'query', function recorded(this: pg.Client, ...asked: unknown[]) {
    const [asks] = asked;
    if (typeof asks === 'object' && asks !== null && 'name' in asks && 'text' in asks) texts.add(String(asks.text));
    return query.apply(this, asked);
  });
  return { texts, [Symbol.dispose]: () => void Reflect.set(clients, 'query', query) };
}

/**
 * Prepares statements, changes the tables, and plans each again as its next use would: with what is wrong then, by its text. None is
 * executed.
 */
export async function brokenBy(change: string, texts: Iterable<string>, url: string): Promise<Map<string, string>> {
  const broken = new Map<string, string>();
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    const prepared = new Map<string, string>();
    for (const text of texts) {
      const name = `recorded_${prepared.size}`;
      await client.query(`PREPARE ${name} AS ${text}`);
      prepared.set(name, text);
    }
    const { rows } = await client.query<{ name: string; parameters: number }>(
      'SELECT name, coalesce(array_length(parameter_types, 1), 0) AS parameters FROM pg_prepared_statements',
    );
    await client.query(change);
    for (const { name, parameters } of rows) {
      const values = parameters === 0 ? '' : `(${Array.from({ length: parameters }, () => 'NULL').join(', ')})`;
      await client.query(`EXPLAIN EXECUTE ${name}${values}`).catch((error: unknown) => broken.set(prepared.get(name) ?? '', String(error)));
    }
  } finally {
    await client.end();
  }
  return broken;
}
