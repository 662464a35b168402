import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { FairScheduler } from '../../src/lib/fair-scheduler.ts';
import { RequestFeed } from '../../src/resolvers/requests/follow-request.ts';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';
import { failureCallback, niddCallback, pendingCallback, successCallback } from '../support/callback-samples.ts';
import { A, B, outcomesOf, requestOf, statuses, submitted, type LogFixture } from './contract-support.ts';
import { storeOf } from '../support/flat-store.ts';

/** What every backend of the request log promises about callbacks and their followers. */
export function callbackContract(name: string, start: () => Promise<LogFixture>): void {
  describe(`callbacks in the request log on ${name}`, () => {
    test('a callback that comes before the carrier’s answer is kept, claimed with the carrier’s id, and its resend adds nothing', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const guid = randomUUID();
      expect(await log.append(successCallback({ requestId: guid, ids: A }))).toBe('UNCLAIMED');
      expect(await log.append(successCallback({ requestId: guid, ids: A, callbackCount: 2 }))).toBe('DUPLICATE');
      expect((await log.unclaimed(null, null, 10)).rows).toHaveLength(1);
      const id = await submitted(log, [A, B], guid);
      expect((await log.unclaimed(null, null, 10)).rows).toHaveLength(0);
      expect(statuses(await outcomesOf(log, id))).toEqual(['SUCCEEDED', 'PENDING']);
      expect(await log.append(successCallback({ requestId: guid, ids: A, callbackCount: 3 }))).toBe('DUPLICATE');
      expect(await log.append(failureCallback({ requestId: guid, ids: B }))).toBe('APPLIED');
      expect(await requestOf(log, id)).toMatchObject({ status: 'PARTIALLY_FAILED', progress: { SUCCEEDED: 1, FAILED: 1, PENDING: 0 } });
    });

    test('the same callback many times at once is one row and one change', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const guid = randomUUID();
      const id = await submitted(log, [A, B], guid);
      const before = (await requestOf(log, id)).lastSeq;
      const results = await Promise.all(
        Array.from({ length: 40 }, (_, at) => log.append(successCallback({ requestId: guid, ids: A, callbackCount: at }))),
      );
      expect(results.filter((result) => result === 'APPLIED')).toHaveLength(1);
      expect(results.filter((result) => result === 'DUPLICATE')).toHaveLength(39);
      expect((await requestOf(log, id)).lastSeq).toBe(before + 1);
    });

    test('messages in another order lead to the same end', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      for (const order of [
        [0, 1, 2],
        [2, 1, 0],
        [1, 2, 0],
        [2, 0, 1],
      ]) {
        const guid = randomUUID();
        const id = await submitted(log, [A, B], guid);
        const messages = [
          successCallback({ requestId: guid, ids: A }),
          failureCallback({ requestId: guid, ids: B }),
          niddCallback({ requestId: guid, ids: [['IMEI', '990013900000010']] }),
        ];
        for (const at of order) await log.append(messages[at] ?? pendingCallback({ requestId: guid, ids: A }));
        const [first, second] = await outcomesOf(log, id);
        expect([first?.status, first?.nidd?.message.status, second?.status, second?.nidd]).toEqual([
          'SUCCEEDED',
          'ConfigCreated',
          'FAILED',
          null,
        ]);
        expect(await requestOf(log, id)).toMatchObject({ status: 'PARTIALLY_FAILED', progress: { unmatched: 0 } });
      }
    });

    test('acknowledged callbacks are there after a restart, and matching and duplicates work as before', async () => {
      await using fixture = await start();
      const guid = randomUUID();
      let id = '';
      {
        await using log = await fixture.open();
        id = await submitted(log, [A, B], guid);
        await log.append(successCallback({ requestId: guid, ids: A, learnt: [['mdn', '5096306081']] }));
        await log.append(niddCallback({ requestId: guid, ids: [['EID', '89049032000000000000000000000009']] }));
      }
      const log = await fixture.open();
      expect(await log.append(successCallback({ requestId: guid, ids: A, learnt: [['mdn', '5096306081']] }))).toBe('DUPLICATE');
      expect(await requestOf(log, id)).toMatchObject({ status: 'IN_PROGRESS', progress: { SUCCEEDED: 1, PENDING: 1, unmatched: 1 } });
      // The number learnt before the restart still names the device.
      await log.append(failureCallback({ requestId: guid, ids: [['msisdn', '15096306081']] }));
      const [first] = await outcomesOf(log, id);
      expect(first).toMatchObject({ status: 'SUCCEEDED', contradicted: true });
    });

    test('a cursor never skips: readers with any batch size see every change once, in order, while the log is written', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const guid = randomUUID();
      const devices = Array.from({ length: 200 }, (_, at) => [['ICCID', `8914800000000000${String(at).padStart(4, '0')}`]] as const);
      const id = await submitted(log, devices, guid);
      const feed = new RequestFeed(storeOf(log), fixture.hub, new FairScheduler());
      const { topics } = fixture.hub;
      const readers = [1, 7, 1000].map(async (batchSize) => {
        const seen: string[] = [];
        let last = 0;
        for await (const event of await feed.follow(LOCAL_IDENTITY, {
          requestId: id,
          after: null,
          batchSize,
          untilNiddSettled: false,
          minIntervalMs: 0,
        })) {
          expect(event.lastSeq).toBeGreaterThan(last);
          expect(event.lastSeq - last).toBeLessThanOrEqual(batchSize);
          last = event.lastSeq;
          seen.push(...event.outcomes.map((outcome) => outcome.id));
        }
        return seen;
      });
      await Promise.all(devices.map((ids) => log.append(successCallback({ requestId: guid, ids }))));
      for (const seen of await Promise.all(readers)) {
        expect(seen).toHaveLength(200);
        expect(new Set(seen).size).toBe(200);
      }
      expect(fixture.hub.topics).toBe(topics);
    });

    test('when one of two followers leaves, the other gets everything', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const guid = randomUUID();
      const id = await submitted(log, [A, B], guid);
      const feed = new RequestFeed(storeOf(log), fixture.hub, new FairScheduler());
      const args = { requestId: id, after: 'LATEST', batchSize: 100, untilNiddSettled: false, minIntervalMs: 0 };
      const leaves = await feed.follow(LOCAL_IDENTITY, args);
      const stays = await feed.follow(LOCAL_IDENTITY, args);
      const waiting = leaves.next();
      const first = stays.next();
      await leaves.return?.();
      expect(await waiting).toEqual({ done: true, value: undefined });
      await log.append(successCallback({ requestId: guid, ids: A }));
      expect((await first).value).toMatchObject({ status: 'IN_PROGRESS' });
      await log.append(successCallback({ requestId: guid, ids: B }));
      expect((await stays.next()).value).toMatchObject({ status: 'SUCCEEDED' });
      expect(await stays.next()).toEqual({ done: true, value: undefined });
    });
  });
}
