import { describe, expect, test } from 'vitest';
import { API_KEYS_TOPIC } from '../../src/datasources/request-log/api-keys.ts';
import type { Lease } from '../../src/datasources/request-log/leases.ts';
import { QUEUE_TOPIC } from '../../src/datasources/request-log/request-sending.ts';
import { factTopic } from '../../src/datasources/request-log/store.ts';
import { newRequest } from '../support/new-request.ts';
import { A, requestOf, type LogFixture } from './contract-support.ts';

/** What every backend promises about work that one gateway does at a time, and about what the others learn of it. */
export function leaseContract(name: string, start: () => Promise<LogFixture>): void {
  describe(`leases of the store on ${name}`, () => {
    test('work under one name runs one after the other, also when a piece of it fails; other names do not wait', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const events: string[] = [];
      const tokens: number[] = [];
      const other = Promise.withResolvers<void>();
      const work = (piece: string) => async (lease: Lease) => {
        tokens.push(lease.token);
        events.push(`${piece} begins`);
        await other.promise;
        events.push(`${piece} ends`);
        if (piece === 'first') throw new Error('first fails');
        return piece;
      };
      const first = log.during('purge', work('first'));
      const second = log.during('purge', work('second'));
      await log.during('reseal', () => Promise.resolve(events.push('other')));
      other.resolve();
      await expect(first).rejects.toThrow('first fails');
      expect(await second).toBe('second');
      expect(events).toEqual(['first begins', 'other', 'first ends', 'second begins', 'second ends']);
      expect(tokens).toEqual(tokens.toSorted((one, other) => one - other));
      expect(new Set(tokens).size).toBe(2);
    });

    test('a lease is over when its work has ended; the waiting for one ends with its signal', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const held = Promise.withResolvers<void>();
      const ended = log.during('purge', async (lease) => {
        await held.promise;
        return lease;
      });
      const stop = new AbortController();
      const waiting = log.during('purge', () => expect.fail('it was stopped'), stop.signal);
      stop.abort(new Error('stopped'));
      await expect(waiting).rejects.toThrow('stopped');
      held.resolve();
      expect((await ended).over.aborted).toBe(true);
    });

    test('nothing is marked as sent under a lease that is over; an answer still counts', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const requests = [newRequest([A]), newRequest([A])];
      for (const request of requests) await log.create(request);
      const [one = '', other = ''] = requests.map(({ id }) => id);
      const former = await log.during('carrier-work', async (lease) => {
        expect(await log.step(one, 0, { type: 'SENDING' }, lease)).toBe(true);
        return lease;
      });
      expect(await log.step(other, 0, { type: 'SENDING' }, former)).toBe(false);
      expect(await requestOf(log, other)).toMatchObject({ status: 'QUEUED' });
      expect(await log.step(one, 0, { type: 'ACCEPTED', carrierRequestId: 'guid', answered: true }, former)).toBe(true);
      expect(await log.queued()).toEqual([other]);
    });

    test('of many Requests made at once no more are taken than the queue has room for: in all, and of one caller', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const room = { ofAll: 5, ofCaller: 3 };
      const make = async (createdBy: string) => (await log.create(newRequest([A], { createdBy }), room)).outcome;
      const outcomes = await Promise.all(Array.from({ length: 20 }, (_, at) => make(at < 10 ? 'one' : 'other')));
      expect(outcomes.filter((outcome) => outcome === 'CREATED')).toHaveLength(5);
      expect(outcomes.slice(0, 10).filter((outcome) => outcome === 'CREATED')).toHaveLength(3);
      const [first = ''] = await log.queued();
      await log.step(first, 0, { type: 'SENDING' });
      expect(await make('a third')).toBe('NO_ROOM');
      await log.step(first, 0, { type: 'ACCEPTED', carrierRequestId: 'guid' });
      expect(await make('a third')).toBe('CREATED');
    });

    test('whoever follows it hears of a new Request, of a fact and of a key', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const hear = async (topic: string, change: () => Promise<unknown>) => {
        using watch = log.hub.follow(topic);
        const mark = watch.mark();
        await change();
        await watch.news(mark);
      };
      await hear(QUEUE_TOPIC, () => log.create(newRequest([A])));
      await hear(factTopic('a fact'), () => log.remember('a fact', 'of this'));
      const key = { id: 'a', name: 'a', hash: new Uint8Array(32), scopes: {}, grants: [], createdAt: 1, expiresAt: 2, revokedAt: null };
      await hear(API_KEYS_TOPIC, () => log.keys.add(key));
      await hear(API_KEYS_TOPIC, () => log.keys.revise('a', { ...key, revokedAt: 1 }));
    });
  });
}
