import { request } from 'undici';
import { expect, test } from 'vitest';
import { verifySqlite } from '../../src/datasources/request-log/sqlite/verify/sqlite-verify.ts';
import { KEY_A, KEY_B, keyIdOf } from '../request-log/sealed-support.ts';
import { startCallbackSenders } from '../support/callback-senders.ts';
import { startSpawnedStack, type SpawnedStack } from '../support/spawned-stack.ts';
import { storedMarkers } from '../support/stored-markers.ts';

const keysOf = (...keys: readonly Buffer[]) => ({
  M2M_STORE_KEYS: keys.map((key) => key.toString('base64')).join(','),
});
/** Steps of 100 rows each. A few callbacks are stored between two steps. */
const STEPS = 15;

async function command(stack: SpawnedStack, path: string): Promise<unknown> {
  const answer = await request(`${stack.gateway.admin}${path}`, { method: 'POST' });
  return { status: answer.statusCode, body: await answer.body.json() };
}

test('a reseal beside callbacks, killed with each key and finished by the next start, loses no acknowledged callback', async () => {
  await using stack = await startSpawnedStack();
  const acknowledged = new Set<number>();
  let numbered = 0;
  /** Sends callbacks until `over`, and notes the acknowledged ones. */
  const sending = async (over: (more: (count: number) => Promise<void>) => Promise<unknown>): Promise<void> => {
    const from = numbered;
    numbered += 100_000;
    await using senders = startCallbackSenders(stack.callbackUrl(), {
      senders: 10,
      body: (at) => ({ requestId: 'of-another-tool', status: 'Success', comment: `marker ${from + at}.` }),
    });
    await over((count) => senders.more(count));
    await senders.stop();
    for (const at of senders.acknowledged) acknowledged.add(from + at);
    expect([...senders.others.values()].filter((status) => status !== 'no answer')).toEqual([]);
  };
  const kill = async (): Promise<void> => {
    stack.gateway.kill('SIGKILL');
    await stack.gateway.exited;
  };
  await sending((more) => more(STEPS * 100));
  for (const keys of [[KEY_A], [KEY_B, KEY_A]]) {
    const [current = KEY_A] = keys;
    await kill();
    await stack.restart({ env: keysOf(...keys) });
    await sending(async (more) => {
      const reseal = command(stack, '/store/reseal').catch(() => 'no answer');
      await more(20);
      await kill();
      expect(await reseal).toBe('no answer');
    });
    expect(verifySqlite(stack.storePath, keys)).toMatchObject({ faults: [], unread: 0 });
    // Some rows still have the former key, so it cannot be removed yet.
    if (keys.length > 1) await expect(stack.restart({ env: keysOf(KEY_B) })).rejects.toThrow('with a key that is not configured');
    await stack.restart({ env: keysOf(...keys) });
    await sending(async () => {
      const [first, second, backup] = await Promise.all([
        command(stack, '/store/reseal'),
        command(stack, '/store/reseal'),
        command(stack, `/store/backup?path=${stack.folder}/backup-${keys.length}.sqlite`),
      ]);
      expect(first).toMatchObject({ status: 200, body: { keyId: keyIdOf(current) } });
      expect(second).toMatchObject({ status: 200, body: { rows: 0 } });
      expect(backup).toMatchObject({ status: 200 });
    });
    expect(verifySqlite(`${stack.folder}/backup-${keys.length}.sqlite`, keys)).toMatchObject({ faults: [], unread: 0 });
  }
  await kill();
  await stack.restart({ env: keysOf(KEY_B) });
  const stored = await storedMarkers(stack.gateway.graphql);
  expect([...acknowledged].filter((marker) => !stored.has(marker))).toEqual([]);
});
