import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { ForwardLane } from '../../src/datasources/request-log/forward-queue.ts';
import type { DeadLetterReason } from '../../src/datasources/request-log/dead-letter-log.ts';
import { successCallback, type SampleOptions } from '../support/callback-samples.ts';
import { A, B, submitted, type LogFixture } from './contract-support.ts';
import type { FlatStore } from '../support/flat-store.ts';

const LANE: ForwardLane = { account: 'account-1', service: 'CarrierService' };
const OTHER_LANE: ForwardLane = { account: 'account-2', service: 'CarrierService' };

/** A callback with a copy for the previous listener. */
function copied(name: string, options: SampleOptions) {
  return { ...successCallback(options), forward: { contentType: null, body: Buffer.from(name) } };
}

function kept(name: string, reason: DeadLetterReason) {
  const forward = { contentType: 'text/plain', body: Buffer.from(name) };
  return { ...LANE, receivedAt: 1_000, reason, contentType: 'text/plain', body: Buffer.from(name), forward };
}

async function waiting(log: FlatStore, lane = LANE): Promise<string[]> {
  return (await log.forwards(lane, 100)).map(({ body }) => Buffer.from(body).toString());
}

/** What every backend of the request log promises about copies for the previous listener. */
export function forwardContract(name: string, start: () => Promise<LogFixture>): void {
  describe(`copies for the previous listener in the request log on ${name}`, () => {
    test('a copy is stored with its message when the message is new, and not with a duplicate of it', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const ours = randomUUID();
      await submitted(log, [A, B], ours);
      const messages = [
        copied('applied', { requestId: ours, ids: A }),
        copied('unclaimed', { requestId: randomUUID(), ids: A }),
        copied('foreign', { requestId: ours, ids: A, account: 'account-2' }),
      ];
      for (const message of [...messages, ...messages]) await log.append(message);
      for (const message of [kept('unreadable', 'UNREADABLE'), kept('unreadable', 'UNREADABLE')]) await log.keep(message, 10);
      expect(await waiting(log)).toEqual(['applied', 'unclaimed', 'unreadable']);
      expect(await waiting(log, OTHER_LANE)).toEqual(['foreign']);
    });

    test('a message past the cap of its reason is not forwarded either', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      expect(await log.keep(kept('first', 'UNREADABLE'), 1)).toBe('KEPT');
      expect(await log.keep(kept('second', 'UNREADABLE'), 1)).toBe('PATH_FULL');
      expect(await waiting(log)).toEqual(['first']);
    });

    test('a claimed callback is not forwarded again', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const guid = randomUUID();
      await log.append(copied('before its submit', { requestId: guid, ids: A }));
      await submitted(log, [A], guid);
      await log.append(copied('before its submit', { requestId: guid, ids: A, callbackCount: 2 }));
      expect(await waiting(log)).toEqual(['before its submit']);
    });

    test('copies of a lane come in the order of their messages until they are discarded, also after a restart', async () => {
      await using fixture = await start();
      const names = Array.from({ length: 300 }, (_, at) => String(at));
      {
        await using log = await fixture.open();
        await Promise.all(names.map((each) => log.append(copied(each, { requestId: randomUUID(), ids: A }))));
        await log.append(copied('of another lane', { requestId: randomUUID(), ids: A, account: 'account-2' }));
        const first = await log.forwards(LANE, 2);
        await log.discardForwards(
          LANE,
          first.map(({ id }) => id),
        );
        expect(await waiting(log)).toEqual(names.slice(2, 102));
      }
      const log = await fixture.open();
      expect(await waiting(log)).toEqual(names.slice(2, 102));
      expect(await log.forwardLanes()).toEqual([LANE, OTHER_LANE]);
      expect(await log.forwardBacklog()).toEqual({ rows: 299, oldestAt: 1_000 });
    });

    test('the backlog counts the copies that wait, also when another job of the same commit failed', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      expect(await log.forwardBacklog()).toEqual({ rows: 0, oldestAt: null });
      const results = await Promise.allSettled([
        log.append(copied('first', { requestId: randomUUID(), ids: A, receivedAt: 7 })),
        log.step('req_of_nobody', 0, { type: 'SENDING' }),
        log.append(copied('second', { requestId: randomUUID(), ids: A, receivedAt: 8 })),
      ]);
      expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
      expect(await log.forwardBacklog()).toEqual({ rows: 2, oldestAt: 7 });
      const [first] = await log.forwards(LANE, 1);
      await log.discardForwards(LANE, [first?.id ?? '']);
      expect(await log.forwardBacklog()).toEqual({ rows: 1, oldestAt: 8 });
      const [second] = await log.forwards(LANE, 1);
      await log.discardForwards(LANE, [second?.id ?? '']);
      expect(await log.forwardBacklog()).toEqual({ rows: 0, oldestAt: null });
      expect(await log.forwardLanes()).toEqual([]);
    });

    test('large copies are read about a megabyte at a time', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      for (let at = 0; at < 5; at++) await log.keep(kept(`${at}${'x'.repeat(600_000)}`, 'UNREADABLE'), 10);
      expect(await log.forwards(LANE, 100)).toHaveLength(2);
    });
  });
}
