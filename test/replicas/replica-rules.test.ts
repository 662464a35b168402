import { describe, expect, test } from 'vitest';
import { noPostgres } from '../support/postgres-programs.ts';
import { CACHE_RULES } from './cache-rules.ts';
import { REPLICA_RULES } from './replica-rules.ts';
import { ownSource, plantedSource } from './replica-source.ts';

const reason = noPostgres();
if (reason !== null) process.stderr.write(`The rules of several gateways are skipped: ${reason}.\n`);

describe.skipIf(reason !== null).each([...REPLICA_RULES, ...CACHE_RULES])('$name', ({ check, bugs }) => {
  test('it is so', async () => {
    await using source = await ownSource();
    expect(await check(source)).toBe(null);
  });

  test.for(bugs)('it is found when $name', async ({ edits }) => {
    await using source = await plantedSource(edits);
    expect(await check(source)).not.toBe(null);
  });
});
