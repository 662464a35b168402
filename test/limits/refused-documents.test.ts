import { expect, test } from 'vitest';
import { callerWith } from '../support/caller-with.ts';
import { openGraphqlDoors } from '../support/graphql-doors.ts';
import { graphql } from '../support/stack.ts';

test.each([
  ['do not parse', '{ requests {'],
  ['are not valid', '{ misspelt }'],
])('a caller who sends one after the other that %s has 300 looked at, then none, good ones neither', async (_what, document) => {
  await using doors = await openGraphqlDoors({ caller: callerWith({ '*': ['read'] }) });
  const codeOf = async (text: string) => (await graphql(doors.url, text)).errors?.[0]?.extensions?.code;
  let looked = 0;
  // Some come back meanwhile, five a second.
  while ((await codeOf(`${document} # ${looked}`)) !== 'RATE_LIMITED' && looked < 1_000) {
    looked++;
    if (looked === 150) expect(await codeOf('{ __typename }')).toBeUndefined();
  }
  expect(looked).toBeGreaterThanOrEqual(300);
  expect(looked).toBeLessThan(1_000);
  expect(await codeOf('{ __typename }')).toBe('RATE_LIMITED');
});
