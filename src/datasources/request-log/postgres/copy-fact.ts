import { GatewayError } from '../../../errors.ts';
import type { Queries } from './database.ts';
import { readFact } from './postgres-facts.ts';

/** Fact: a store is being copied to this database, and how far. It is removed when the copy has ended. */
export const COPY = 'copy';

/** @throws GatewayError STORE_UNUSABLE for a database that has a part of a store. */
export async function refusePartOfStore(db: Queries): Promise<void> {
  if ((await readFact(db, COPY)) !== null)
    throw new GatewayError(
      'STORE_UNUSABLE',
      'The database of M2M_STORE_URL has a part of a store: a copy to it has not ended. Go on with it: `npm run store -- copy`.',
    );
}
