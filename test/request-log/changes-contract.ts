import { randomUUID } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { changesTopic, type ChangePlace } from '../../src/datasources/request-log/changed-requests.ts';
import { FairScheduler } from '../../src/lib/fair-scheduler.ts';
import { ChangesFeed } from '../../src/resolvers/requests/follow-changes.ts';
import { LOCAL_IDENTITY } from '../../src/server/identity/local-caller.ts';
import { successCallback } from '../support/callback-samples.ts';
import { storeOf, type FlatStore } from '../support/flat-store.ts';
import { newRequest } from '../support/new-request.ts';
import { A, B, C, requestOf, submitted, type LogFixture } from './contract-support.ts';

const START: ChangePlace = { changedAt: 0, id: null };

/** What every backend promises to those who follow all Requests of an account. */
export function changesContract(name: string, start: () => Promise<LogFixture>): void {
  describe(`changes of an account in the request log on ${name}`, () => {
    test('a reader that goes on where it was told misses no change, whatever is written meanwhile, and sees no other account', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const devices = Array.from({ length: 20 }, (_, at) => [['ICCID', `8914800000000000${String(at).padStart(4, '0')}`]] as const);
      const guids = Array.from({ length: 6 }, () => randomUUID());
      const ids: string[] = [];
      for (const guid of guids) ids.push(await submitted(log, devices, guid));
      const other = await submitted(log, [A], randomUUID(), { account: 'account-2' });
      const seen = new Map<string, number>();
      let isOver = false;
      const reading = (async () => {
        let goOnAt = 0;
        for (let isLast = false; !isLast;) {
          isLast = isOver;
          await nextTurn();
          goOnAt = await readAll(log, { changedAt: goOnAt, id: null }, seen);
        }
      })();
      await Promise.all(guids.flatMap((requestId) => devices.map((each) => log.append(successCallback({ requestId, ids: each })))));
      isOver = true;
      await reading;
      const now = await log.requests(ids);
      expect(Object.fromEntries(seen)).toEqual(Object.fromEntries(ids.map((id) => [id, now.get(id)?.lastSeq])));
      expect(seen.has(other)).toBe(false);
    });

    test('pages follow each other; a page that ended at a purged request begins with all of its time', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const made = await Promise.all([A, B, C].map((each) => submitted(log, [each], randomUUID())));
      const read: string[] = [];
      for (let after: ChangePlace | null = START; after;) {
        const page: Awaited<ReturnType<FlatStore['changes']>> = await log.changes('account-1', after, 1);
        expect(page.rows.length).toBeLessThanOrEqual(1);
        read.push(...page.rows.map(({ request }) => request.id));
        const last = page.rows.at(-1);
        after = page.hasMore && last ? { changedAt: last.changedAt, id: last.request.id } : null;
      }
      expect(read.toSorted()).toEqual(made.toSorted());
      const { rows } = await log.changes('account-1', START, 10);
      const [first] = rows;
      const again = await log.changes('account-1', { changedAt: first?.changedAt ?? 0, id: newRequest([A]).id }, 10);
      expect(again.rows.map(({ request }) => request.id)).toEqual(rows.map(({ request }) => request.id));
    });

    test('a message that is older than what was read is a change of now', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const guid = randomUUID();
      const id = await submitted(log, [A, B], guid);
      const { goOnAt } = await log.changes('account-1', START, 0);
      await log.append(successCallback({ requestId: guid, ids: A, receivedAt: 5 }));
      const { rows } = await log.changes('account-1', { changedAt: goOnAt, id: null }, 10);
      expect(rows.map(({ request }) => [request.id, request.progress.SUCCEEDED])).toEqual([[id, 1]]);
    });

    test('the topic of the account is woken with its requests, and no other one', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      using mine = fixture.hub.follow(changesTopic('account-1'));
      using theirs = fixture.hub.follow(changesTopic('account-2'));
      const [before, none] = [mine.mark(), theirs.mark()];
      const news = mine.news(before);
      await log.create(newRequest([A]));
      await news;
      expect(theirs.mark()).toBe(none);
    });

    test('followers see the newest state of each request, in order, and share the events', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const feed = new ChangesFeed(storeOf(log), fixture.hub, new FairScheduler(), ['account-1']);
      const { topics } = fixture.hub;
      const args = { account: 'account-1', filter: {}, after: null, batchSize: 100, minIntervalMs: 0 };
      const [one, other] = [feed.follow(LOCAL_IDENTITY, args), feed.follow(LOCAL_IDENTITY, args)];
      const firsts = [await one.next(), await other.next()];
      expect(firsts.map(({ value }) => value?.requests)).toEqual([[], []]);
      const waiting = [one.next(), other.next()];
      const guid = randomUUID();
      const id = await submitted(log, [A, B], guid);
      const [first, second] = await Promise.all(waiting);
      expect(first?.value.requests.map((each: { id: string }) => each.id)).toEqual([id]);
      expect(second?.value).toBe(first?.value);
      await log.append(successCallback({ requestId: guid, ids: A }));
      const { lastSeq } = await requestOf(log, id);
      let seq = 0;
      while (seq < lastSeq) {
        const { value } = await one.next();
        for (const each of value?.requests ?? []) {
          expect(each.lastSeq).toBeGreaterThan(seq);
          seq = each.lastSeq;
        }
      }
      await one.return();
      await other.return();
      expect(fixture.hub.topics).toBe(topics);
    });

    test('a list is counted up to a bound, whatever it is filtered by', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      for (let at = 0; at < 7; at++) await log.create(newRequest([at % 2 ? A : B], { clientReference: at < 3 ? 'few' : null }));
      await log.create(newRequest([A], { account: 'account-2' }));
      const all = { accounts: ['account-1'] };
      expect(await log.count(all, 100)).toBe(7);
      expect(await log.count(all, 5)).toBe(5);
      expect(await log.count({ accounts: null, clientReference: 'few' }, 100)).toBe(3);
      expect(await log.count({ ...all, statuses: ['SUCCEEDED'] }, 100)).toBe(0);
      expect(await log.count({ accounts: [] }, 100)).toBe(0);
    });
  });
}

/** Reads to the end, and gives back where to go on. */
async function readAll(log: FlatStore, from: ChangePlace, seen: Map<string, number>): Promise<number> {
  let goOnAt = Infinity;
  for (let after: ChangePlace | null = from; after;) {
    const page: Awaited<ReturnType<FlatStore['changes']>> = await log.changes('account-1', after, 2);
    for (const { request } of page.rows) seen.set(request.id, request.lastSeq);
    goOnAt = Math.min(goOnAt, page.goOnAt);
    const last = page.rows.at(-1);
    after = page.hasMore && last ? { changedAt: last.changedAt, id: last.request.id } : null;
  }
  return goOnAt;
}
