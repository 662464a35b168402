import { isSameKey, stemOf } from '../../thingspace/wire/same-identifier.ts';
import type { Queries } from './database.ts';
import { toStorable } from './statement-text.ts';
import { LONGEST_KEY } from './write-runs.ts';

/** The keys of the index of identifiers that are one with one of `keys`. */
export async function findIndexed(db: Queries, keys: readonly string[]): Promise<string[]> {
  const usable = keys.filter(({ length }) => length <= LONGEST_KEY).map(toStorable);
  if (usable.length === 0) return [];
  const rows = await db.rows<{ key: string }>(LIKE, [[...new Set(usable.map(stemOf))]]);
  return [...new Set(rows.map(({ key }) => key))].filter((indexed) => usable.some((key) => isSameKey(indexed, key)));
}

// What follows a stem in a key is before `g`: digits.
// It looks up the next key, and the next, because a device may have very many requests.
const LIKE = `WITH RECURSIVE found (stem, key) AS (
    SELECT w.stem, (SELECT min(key) FROM identifier WHERE key >= w.stem::word AND key < (w.stem || 'g')::word)
      FROM unnest($1::text[]) AS w (stem)
    UNION ALL SELECT f.stem, (SELECT min(key) FROM identifier WHERE key > f.key AND key < (f.stem || 'g')::word)
      FROM found f WHERE f.key IS NOT NULL
  ) SELECT key FROM found WHERE key IS NOT NULL`;
