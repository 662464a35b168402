import { expect, test } from 'vitest';
import type { DeadLetterReason } from '../../src/datasources/request-log/dead-letter-log.ts';
import { openLog } from '../support/open-log.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { drawAccounts, drawFilter, isMeant, maybe, readAll } from './listed-filters.ts';
import { CALLERS, fillLists, REASONS } from './listed-store.ts';

const FILTERS = 60;

test('page by page, a list has what a plain look at all rows finds, whatever it is filtered by', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  await openLog(path)[Symbol.asyncDispose]();
  const random = new SeededRandom();
  const listed = fillLists(path, random);
  await using log = openLog(path);
  let found = 0;
  for (let turn = 0; turn < FILTERS; turn++) {
    const filter = drawFilter(random, listed.requests);
    const expected = listed.requests.filter((request) => isMeant(request, filter)).map(({ id }) => id);
    const read = await readAll(random, (after, limit) => log.list(filter, after, limit));
    expect(read, `seed ${random.seed}: ${JSON.stringify(filter)}`).toEqual(expected.toReversed());
    found += expected.length > 0 ? 1 : 0;
    if (turn % 4 > 0) continue;

    const accounts = drawAccounts(random);
    const [reason, caller] = [maybe(random, () => random.pick(REASONS)), maybe(random, () => random.pick(CALLERS))];
    const ofAccounts = (row: { account: string }) => accounts === null || accounts.includes(row.account);
    const said = `seed ${random.seed}: ${JSON.stringify({ accounts, reason, caller })}`;
    expect(await readAll(random, (after, limit) => log.unclaimed(accounts, after, limit)), said).toEqual(
      listed.unclaimed.filter(ofAccounts).map(({ id }) => id),
    );
    const ofReason = { accounts, reason: (reason ?? null) as DeadLetterReason | null };
    expect(await readAll(random, (after, limit) => log.deadLetters(ofReason, after, limit)), said).toEqual(
      listed.deadLetters.filter((row) => ofAccounts(row) && (reason === undefined || row.reason === reason)).map(({ id }) => id),
    );
    const ofCaller = { accounts, caller: caller ?? null };
    expect(await readAll(random, (after, limit) => log.auditEntries(ofCaller, after, limit)), said).toEqual(
      listed.audit
        .filter((row) => ofAccounts(row) && (caller === undefined || row.caller === caller))
        .map(({ id }) => id)
        .toReversed(),
    );
  }
  expect(found).toBeGreaterThan(FILTERS / 4);
});
