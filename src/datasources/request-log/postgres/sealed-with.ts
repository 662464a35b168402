import { GatewayError } from '../../../errors.ts';
import type { Vault } from '../vault.ts';
import type { Database, Queries, Transaction } from './database.ts';
import { readFact, writeFact } from './postgres-facts.ts';

/** Fact: the ids of all keys that rows of the store may be sealed with, as a JSON list. */
export const SEALED_WITH = 'sealed-with';
/** Fact: how far an unfinished reseal has come, and its key. */
export const RESEAL_POSITION = 'reseal-position';

/**
 * Names the key that this gateway seals with among the keys of the store. It happens before the first row, so no row's key is unknown.
 * It is to be done again when the fact was changed: another gateway may have ended a reseal, and does not know that this one has another
 * key.
 *
 * @param place names the store in the error.
 * @throws GatewayError STORE_UNUSABLE when a key of the store is missing.
 */
export async function nameKey(db: Database, vault: Vault, place: string): Promise<void> {
  const keyIds = await readSealedWith(db);
  requireKeys(keyIds, vault, place);
  if (vault.keyId === null || keyIds.includes(vault.keyId)) return endOtherReseal(db, vault.keyId);
  const { keyId } = vault;
  await db.transaction(async (tx) => {
    await lockSealedWith(tx);
    const known = await readSealedWith(tx);
    requireKeys(known, vault, place);
    if (!known.includes(keyId)) await writeFact(tx, SEALED_WITH, JSON.stringify([...known, keyId]));
  });
  await endOtherReseal(db, keyId);
}

/** The keys that rows of the store may be sealed with. */
export async function readSealedWith(db: Queries): Promise<readonly string[]> {
  return JSON.parse((await readFact(db, SEALED_WITH)) ?? '[]') as string[];
}

/** Called in the transaction that ends a reseal: no row has another key any more. */
export async function keepOnlyKey(tx: Transaction, keyId: string): Promise<void> {
  await lockSealedWith(tx);
  await writeFact(tx, SEALED_WITH, JSON.stringify([keyId]));
}

/** New rows behind the position of an unfinished reseal will have the present key. A reseal with another key must begin again. */
async function endOtherReseal(db: Database, keyId: string | null): Promise<void> {
  const position = JSON.parse((await readFact(db, RESEAL_POSITION)) ?? 'null') as { keyId: string } | null;
  if (position && position.keyId !== keyId) await db.transaction((tx) => writeFact(tx, RESEAL_POSITION, null));
}

function requireKeys(keyIds: readonly string[], vault: Vault, place: string): void {
  const missing = keyIds.filter((keyId) => !vault.has(keyId));
  if (missing.length > 0)
    throw new GatewayError(
      'STORE_UNUSABLE',
      `The store ${place} has rows that are sealed with a key that is not configured (${missing.join(', ')}): M2M_STORE_KEYS, or the file that M2M_STORE_KEYS_FILE names, must hold it. Put it after the key that new rows are sealed with; it can go once \`npm run store -- reseal\` has ended.`,
    );
}

/** There may be no row yet to lock. Any number, but always the same. */
function lockSealedWith(tx: Transaction): Promise<number> {
  return tx.run('SELECT pg_advisory_xact_lock(1295142727)');
}
