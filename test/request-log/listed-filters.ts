import { expect } from 'vitest';
import type { RequestFilter } from '../../src/datasources/request-log/request-reads.ts';
import { REQUEST_STATUSES, type Page, type RequestStatus } from '../../src/datasources/request-log/stored-request.ts';
import { isSameKey } from '../../src/datasources/thingspace/wire/same-identifier.ts';
import type { SeededRandom } from '../support/seeded-random.ts';
import { DEVICES, OPERATIONS, REFERENCES, type ListedRequest } from './listed-store.ts';

/** The ids of all pages. */
export async function readAll(
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

export function maybe<Value>(random: SeededRandom, value: () => Value): Value | undefined {
  return random.between(0, 2) === 0 ? value() : undefined;
}

export function drawAccounts(random: SeededRandom): string[] | null {
  const accounts = ['a', 'b', 'c', 'nobody'].filter(() => random.between(0, 1) === 1);
  return random.between(0, 2) === 0 ? null : accounts;
}

export function drawFilter(random: SeededRandom, requests: readonly ListedRequest[]): RequestFilter {
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

export function isMeant(request: ListedRequest, filter: RequestFilter): boolean {
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
