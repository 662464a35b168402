import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import { newRequest } from '../support/new-request.ts';
import { A, B, type LogFixture } from './contract-support.ts';

/** What every backend of the request log promises about the retries of a Request. */
export function retryContract(name: string, start: () => Promise<LogFixture>): void {
  describe(`retries in the request log on ${name}`, () => {
    test('retries are read page by page, the oldest first, with a limit for each page, also after one that is purged', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const [first, second] = [newRequest([A]), newRequest([B])];
      const retries = [1, 3, 5].map((at) => newRequest([A], { id: `req_${ulid(at)}`, retryOf: first.id }));
      const other = newRequest([B], { retryOf: second.id });
      for (const each of [first, second, ...retries, other]) await log.create(each);
      const pages = await log.retryPages([
        { requestId: first.id, after: null, limit: 1 },
        { requestId: second.id, after: null, limit: 5 },
        { requestId: first.id, after: retries[0]?.id ?? '', limit: 5 },
        { requestId: first.id, after: `req_${ulid(2)}`, limit: 1 },
      ]);
      const [one, two, three] = retries.map(({ id }) => id);
      expect(pages.map(({ rows, hasMore }) => [rows.map(({ id }) => id), hasMore])).toEqual([
        [[one], true],
        [[other.id], false],
        [[two, three], false],
        [[two], true],
      ]);
    });
  });
}
