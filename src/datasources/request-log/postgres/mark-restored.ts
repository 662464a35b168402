import { insertAudit } from './postgres-audit.ts';
import { openAlone } from './alone.ts';
import { RESTORED } from './postgres-sending.ts';

/**
 * Marks a database that may lack what happened last, because a backup of it was restored. The next gateway draws a new epoch, and does not
 * send again what was queued.
 *
 * @throws GatewayError STORE_UNUSABLE when a gateway uses it.
 */
export async function markRestored(
  url: string,
  { allowsUnsynced, now }: { readonly allowsUnsynced: boolean; readonly now: number },
): Promise<void> {
  await using db = await openAlone(url, allowsUnsynced);
  await db.transaction(async () => {
    await db.run("DELETE FROM fact WHERE key = 'epoch'");
    await db.run("INSERT INTO fact VALUES ($1, 'yes') ON CONFLICT (key) DO UPDATE SET value = excluded.value", [RESTORED]);
    // Of gateways at the time of the backup.
    await db.run('DELETE FROM lease');
    const record = { caller: 'command-line', action: 'store.restored', account: null, devices: null, subject: null, outcome: 'DONE' };
    await insertAudit(db, [record], now);
  });
}
