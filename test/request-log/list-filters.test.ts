import { expect, test } from 'vitest';
import type { RequestFilter } from '../../src/datasources/request-log/request-reads.ts';
import type { DeadLetterReason } from '../../src/datasources/request-log/dead-letter-log.ts';
import { REQUEST_STATUSES, type Page, type RequestStatus } from '../../src/datasources/request-log/stored-request.ts';
import { isSameKey } from '../../src/datasources/thingspace/wire/same-identifier.ts';
import { openLog } from '../support/open-log.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { CALLERS, DEVICES, fillLists, OPERATIONS, REASONS, REFERENCES, type ListedRequest } from './listed-store.ts';

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

/** The ids of all pages. */
async function readAll(
  random: SeededRandom,
  read: (after: string | null, limit: number) => Promise<Page<{ readonly id: string }>>,
): Promise<string[]> {
  const limit = random.between(300, 1_000);
  const ids: string[] = [];
  for (let after: string | null = null; ;) {
    const { rows, hasMore } = await read(after, limit);
    ids.push(...rows.map(({ id }) => id));
    if (!hasMore) return ids;
    expect(rows).toHaveLength(limit);
    after = rows.at(-1)?.id ?? null;
  }
}

function maybe<Value>(random: SeededRandom, value: () => Value): Value | undefined {
  return random.between(0, 2) === 0 ? value() : undefined;
}

function drawAccounts(random: SeededRandom): string[] | null {
  const accounts = ['a', 'b', 'c', 'nobody'].filter(() => random.between(0, 1) === 1);
  return random.between(0, 2) === 0 ? null : accounts;
}

function drawFilter(random: SeededRandom, requests: readonly ListedRequest[]): RequestFilter {
  const one = requests[random.between(0, requests.length - 1)];
  const time = () => one && one.createdAt + random.between(-500, 500);
  const since = maybe(random, time);
  return {
    accounts: drawAccounts(random),
    statuses: maybe(random, () => [0, 1].map(() => random.pick(REQUEST_STATUSES as unknown as [RequestStatus]))),
    operation: maybe(random, () => random.pick(OPERATIONS)),
    clientReference: maybe(random, () => random.pick(REFERENCES)),
    deviceKeys: maybe(random, () => [random.pick(DEVICES)]),
    search: maybe(random, () => ({
      deviceKeys: random.between(0, 1) === 0 ? [] : [random.pick(DEVICES)],
      requestId: one?.id ?? '',
      carrierRequestId: requests[random.between(0, requests.length - 1)]?.carrierId ?? '',
      clientReference: random.pick(['order', 'nightly', 'nothing like it']),
    })),
    since,
    until: maybe(random, () => (since === undefined ? time() : since + random.between(1, 3_000))),
  };
}

function isMeant(request: ListedRequest, filter: RequestFilter): boolean {
  const { accounts, statuses, operation, clientReference, deviceKeys, search, since, until } = filter;
  const has = (keys: readonly string[]) => request.devices.some((device) => keys.some((key) => isSameKey(device, key)));
  return (
    request.account !== '' &&
    (accounts === null || accounts.includes(request.account)) &&
    (statuses === undefined || statuses.includes(request.status)) &&
    (operation === undefined || operation === request.operation) &&
    (clientReference === undefined || [clientReference, clientReference.normalize()].includes(request.reference ?? '')) &&
    (deviceKeys === undefined || has(deviceKeys)) &&
    (search === undefined ||
      has(search.deviceKeys) ||
      request.id === search.requestId ||
      request.carrierId === search.carrierRequestId ||
      (request.reference ?? '').startsWith(search.clientReference)) &&
    (since === undefined || request.createdAt >= since) &&
    (until === undefined || request.createdAt < until)
  );
}
