import { randomUUID } from 'node:crypto';
import type { Statements } from './sqlite-statements.ts';

/** The store's epoch, drawn when it is opened for the first time; a backup has none until it is opened as a store. */
export function ownEpoch(sql: Statements): string {
  const known = sql.fact.get('epoch') as { value: string } | undefined;
  if (known) return known.value;
  const epoch = randomUUID().slice(0, 8);
  sql.setFact.run('epoch', epoch);
  return epoch;
}
