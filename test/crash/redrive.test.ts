import { DatabaseSync } from 'node:sqlite';
import { print } from 'graphql';
import { expect, test } from 'vitest';
import {
  DeadLettersDocument,
  RedriveDeadLettersDocument,
  type DeadLettersQuery,
  type RedriveDeadLettersMutation,
} from '../../documents/gql/graphql.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { deviceCallback } from '../support/device-callback.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { startSpawnedStack, type SpawnedStack } from '../support/spawned-stack.ts';

const LETTERS = 300;
const KILLS = 3;
const STRICT = { M2M_CALLBACK_STRICT: 'on' };

test(`dead letters that are tried again through ${KILLS} kill -9 are each applied exactly once`, { timeout: 60_000 }, async () => {
  const random = new SeededRandom();
  await using stack = await startSpawnedStack({ env: STRICT });
  stack.simulator.holdCallbacks();
  const { carrierRequestId } = await activateDevices(stack, LETTERS);
  for (let device = 1; device <= LETTERS; device++) {
    const { status } = await fetch(stack.callbackUrl(), { method: 'POST', body: JSON.stringify(deviceCallback(carrierRequestId, device)) });
    expect(status).toBe(200);
  }
  const all = await deadLetters(stack);
  expect(all).toHaveLength(LETTERS);

  let applied = 0;
  let duplicates = 0;
  for (let kill = 0; kill <= KILLS; kill++) {
    for (let left = await deadLetters(stack); left.length > 0; left = await deadLetters(stack)) {
      // Each life leaves something for the next one, so that it can be killed at it.
      const share = kill === KILLS ? left : left.slice(0, Math.ceil(left.length / (KILLS + 2 - kill)));
      const tried = redrive(stack, share);
      if (kill < KILLS) {
        setTimeout(() => stack.gateway.kill('SIGKILL'), random.between(0, 30));
        await tried.catch(() => undefined);
        break;
      }
      const outcomes = await tried;
      applied += outcomes.filter((outcome) => outcome === 'APPLIED').length;
      duplicates += outcomes.filter((outcome) => outcome === 'DUPLICATE').length;
    }
    if (kill < KILLS) await stack.restart();
  }
  expect(applied + duplicates, `seed ${random.seed}`).toBeGreaterThan(0);
  // In each life at most one was applied and not yet taken off the list.
  expect(duplicates, `seed ${random.seed}`).toBeLessThanOrEqual(KILLS);
  stack.gateway.kill('SIGTERM');
  expect(await stack.gateway.exited).toBe(0);
  using store = new DatabaseSync(stack.storePath);
  expect(store.prepare('SELECT count(*) AS rows, count(DISTINCT outcome) AS devices FROM event WHERE message IS NOT NULL').get()).toEqual({
    rows: LETTERS,
    devices: LETTERS,
  });
  expect(store.prepare('SELECT count(*) AS rows FROM kept_message').get()).toEqual({ rows: 0 });
});

async function deadLetters(stack: SpawnedStack): Promise<readonly string[]> {
  const { data } = await stack.query<DeadLettersQuery>(print(DeadLettersDocument), { first: 1_000 });
  if (!data) throw new Error('no list');
  return data.deadLetters.nodes.map(({ id }) => id);
}

async function redrive(stack: SpawnedStack, ids: readonly string[]): Promise<readonly string[]> {
  const input = { ids, trustCredentials: true };
  const { data } = await stack.query<RedriveDeadLettersMutation>(print(RedriveDeadLettersDocument), { input });
  if (!data) throw new Error('nothing was tried');
  return data.redriveDeadLetters.map(({ outcome }) => outcome);
}
