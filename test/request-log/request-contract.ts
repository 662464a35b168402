import { randomUUID } from 'node:crypto';
import { ulid } from 'ulid';
import { describe, expect, test } from 'vitest';
import type { SendingStep } from '../../src/datasources/request-log/sending-steps.ts';
import { identifierKey } from '../../src/datasources/thingspace/wire/same-identifier.ts';
import { failureCallback, incoming, successCallback } from '../support/callback-samples.ts';
import { newRequest } from '../support/new-request.ts';
import { A, B, C, outcomesOf, requestOf, settleAll, statuses, submitted, type LogFixture } from './contract-support.ts';
import type { FlatStore } from '../support/flat-store.ts';

/** What every backend of the request log promises about Requests: they are made once, sent at most once, and found again. */
export function requestContract(name: string, start: () => Promise<LogFixture>): void {
  describe(`requests in the request log on ${name}`, () => {
    test('an idempotency key is one request, whichever call is first, also after a restart', async () => {
      await using fixture = await start();
      const request = newRequest([A], { idempotencyKey: 'key' });
      const same = { ...request, id: newRequest([A]).id };
      const other = newRequest([B], { idempotencyKey: 'key' });
      {
        await using log = await fixture.open();
        const made = await Promise.all([log.create(request), log.create(same), log.create(other)]);
        expect(made.map(({ outcome }) => outcome)).toEqual(['CREATED', 'EXISTS', 'KEY_REUSED']);
        expect(new Set(made.map(({ id }) => id))).toEqual(new Set([request.id]));
      }
      const log = await fixture.open();
      expect(await log.findByKey('account-1', 'tester', 'key')).toMatchObject({ id: request.id });
      expect(await log.findByKey('account-2', 'tester', 'key')).toBeNull();
      expect((await log.create({ ...same, account: 'account-2' })).outcome).toBe('CREATED');
    });

    test('a request that was being sent when the process ended is UNKNOWN; one that waited still waits', async () => {
      await using fixture = await start();
      const sending = newRequest([A, B]);
      const queued = newRequest([C]);
      {
        await using log = await fixture.open();
        await log.create(sending);
        await log.create(queued);
        await log.step(sending.id, 0, { type: 'SENDING' });
      }
      const log = await fixture.open();
      expect(await log.recover()).toEqual([queued.id]);
      expect(await requestOf(log, sending.id)).toMatchObject({
        status: 'UNKNOWN',
        progress: { UNKNOWN: 2 },
        error: { code: 'UNANSWERED' },
      });
      expect(await requestOf(log, queued.id)).toMatchObject({ status: 'QUEUED' });
      // The carrier's id becomes known after all, so the devices are open again.
      await log.step(sending.id, 0, { type: 'ACCEPTED', carrierRequestId: randomUUID() });
      expect(await requestOf(log, sending.id)).toMatchObject({ status: 'IN_PROGRESS', progress: { UNKNOWN: 0, PENDING: 2 } });
    });

    test.each<[SendingStep, string, string]>([
      [{ type: 'REFUSED', error: { code: 'INPUT_INVALID', message: 'no', httpStatus: 400 } }, 'REJECTED', 'REJECTED'],
      [{ type: 'UNANSWERED', error: { code: 'UNANSWERED', message: 'cut' } }, 'UNKNOWN', 'UNKNOWN'],
      [{ type: 'REQUEUED', error: { code: 'RATE_LIMITED', message: 'later' } }, 'QUEUED', 'PENDING'],
    ])('%j: the request and each of its devices show it', async (step, status, outcome) => {
      await using fixture = await start();
      const log = await fixture.open();
      const request = newRequest([A, B]);
      await log.create(request);
      await log.step(request.id, 0, { type: 'SENDING' });
      expect((await requestOf(log, request.id)).status).toBe('SUBMITTING');
      await log.step(request.id, 0, step);
      expect(await requestOf(log, request.id)).toMatchObject({
        status,
        error: step.type === 'SENDING' ? null : { code: 'error' in step ? step.error.code : '' },
      });
      expect(statuses(await outcomesOf(log, request.id))).toEqual([outcome, outcome]);
    });

    test.each([
      ['another request', 1, 0],
      ['another part of the same request', 0, 1],
    ])('an answer with the id of %s makes its carrier request UNKNOWN, and the id stays where it is', async (_of, at, position) => {
      await using fixture = await start();
      const log = await fixture.open();
      const requests = [
        newRequest([A, B], { carrierRequests: [0, 1].map((firstIndex) => ({ service: 'CarrierService', firstIndex, deviceCount: 1 })) }),
        newRequest([C]),
      ] as const;
      const same = randomUUID();
      for (const each of requests) await log.create(each);
      const first = requests[0].id;
      const { id } = requests[at] ?? requests[0];
      await log.step(first, 0, { type: 'SENDING' });
      await log.step(first, 0, { type: 'ACCEPTED', carrierRequestId: same, answered: true });
      await log.step(id, position, { type: 'SENDING' });
      expect(await log.step(id, position, { type: 'ACCEPTED', carrierRequestId: same.toUpperCase(), answered: true })).toBe(true);
      const part = (await log.carrierRequests([id])).get(id)?.[position];
      expect(part).toMatchObject({ state: 'UNKNOWN', carrierRequestId: null });
      expect(await requestOf(log, id)).toMatchObject({ error: { code: 'UNUSABLE_ANSWER' } });
      expect((await log.findByCarrierRequestId(same))?.id).toBe(first);
    });

    test('callbacks of another tool become a request of origin EXTERNAL, unless something of that account is on its way', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const [mine, theirs] = [randomUUID(), randomUUID()];
      const request = newRequest([A]);
      await log.create(request);
      await log.step(request.id, 0, { type: 'SENDING' });
      await log.append(successCallback({ requestId: mine, ids: A, receivedAt: 1_000 }));
      await log.append(failureCallback({ requestId: theirs, ids: B, receivedAt: 1_000, account: 'account-2' }));
      expect(await settleAll(log, 1_000)).toEqual({ resolved: [], adopted: [] });
      const { adopted } = await settleAll(log, 2_000);
      expect(adopted).toHaveLength(1);
      const external = await log.findByCarrierRequestId(theirs);
      expect(external).toMatchObject({
        id: adopted[0],
        account: 'account-2',
        origin: 'EXTERNAL',
        operation: null,
        total: null,
        status: 'IN_PROGRESS',
        progress: { FAILED: 1 },
      });
      await log.append(successCallback({ requestId: theirs, ids: A, account: 'account-2' }));
      expect((await outcomesOf(log, external?.id ?? '')).map(({ status, requested }) => [status, requested])).toEqual([
        ['FAILED', null],
        ['SUCCEEDED', null],
      ]);
      await log.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: mine });
      expect((await requestOf(log, request.id)).status).toBe('SUCCEEDED');
    });

    test('a request of unknown fate is resolved by a callback that can belong to no other request, and by no other callback', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const lost = async (devices: Parameters<typeof newRequest>[0]) => {
        const request = newRequest(devices);
        await log.create(request);
        await log.step(request.id, 0, { type: 'SENDING' });
        await log.step(request.id, 0, { type: 'UNANSWERED', error: { code: 'UNANSWERED', message: 'cut' } });
        return request.id;
      };
      const later = { receivedAt: 1_000_000 };
      const [ofBoth, ofFirst, ofSecond, ofNone] = [randomUUID(), randomUUID(), randomUUID(), randomUUID()];
      await log.append(successCallback({ requestId: ofFirst, ids: A, ...later }));
      const [first, second] = [await lost([A, B]), await lost([B, C])];
      await log.append(successCallback({ requestId: ofBoth, ids: B, ...later }));
      await log.append(successCallback({ requestId: ofSecond, ids: C, ...later, account: 'account-2' }));
      await log.append(successCallback({ requestId: ofNone, ids: [['ICCID', '89148000000000000077']], ...later }));
      // One callback fits both requests, one came before the sending, one is another account's, one is of other devices: none decides.
      expect(await settleAll(log, 0)).toEqual({ resolved: [], adopted: [] });
      await log.append(failureCallback({ requestId: ofFirst, ids: A, ...later }));
      const mine = randomUUID();
      await log.append(failureCallback({ requestId: mine, ids: A, ...later }));
      expect(await settleAll(log, 0)).toEqual({ resolved: [first], adopted: [] });
      expect(await requestOf(log, first)).toMatchObject({
        status: 'IN_PROGRESS',
        error: null,
        progress: { FAILED: 1, PENDING: 1, UNKNOWN: 0 },
      });
      // The first request is resolved, so the callback that fitted both can only belong to the second.
      expect(await settleAll(log, 0)).toEqual({ resolved: [second], adopted: [] });
    });

    test('messages of services that settle nothing are kept and shown, and never become a request', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      await log.append(incoming('DeviceUsage', { requestId: randomUUID(), deviceResponse: { usageResponse: [] } }));
      await log.append(incoming('NiddService', { niddResponse: { niddMONotificationResponse: { message: 'aGk=' } } }));
      expect(await settleAll(log, Number.MAX_SAFE_INTEGER)).toEqual({ resolved: [], adopted: [] });
      expect((await log.unclaimed(['account-1'], null, 10)).rows.map(({ service }) => service)).toEqual(['DeviceUsage', 'NiddService']);
      expect((await log.unclaimed(['account-2'], null, 10)).rows).toEqual([]);
    });

    test('a callback with the request id of another account is kept as a dead letter and not applied', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const guid = randomUUID();
      const id = await submitted(log, [A], guid);
      expect(await log.append(successCallback({ requestId: guid, ids: A, account: 'account-2' }))).toBe('FOREIGN');
      expect((await requestOf(log, id)).status).toBe('IN_PROGRESS');
    });

    test('requests are found by account, status, reference and any identifier requested or learnt, page by page', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const guid = randomUUID();
      const first = await submitted(log, [A], guid, { clientReference: 'order 1' });
      await log.append(successCallback({ requestId: guid, ids: A, learnt: [['mdn', '5096306081']] }));
      const second = await submitted(log, [B, C], randomUUID());
      const find = async (filter: Partial<Parameters<FlatStore['list']>[0]>) =>
        (await log.list({ accounts: null, ...filter }, null, 10)).rows.map(({ id }) => id);
      expect(await find({})).toEqual([second, first]);
      expect(await find({ accounts: ['account-2'] })).toEqual([]);
      expect(await find({ statuses: ['SUCCEEDED'] })).toEqual([first]);
      expect(await find({ clientReference: 'order 1' })).toEqual([first]);
      expect(await find({ deviceKeys: [identifierKey('ICCID', C[0][1], 'ICCID')] })).toEqual([second]);
      expect(await find({ deviceKeys: [identifierKey('MSISDN', '15096306081', 'MSISDN')] })).toEqual([first]);
      const page = await log.list({ accounts: null }, null, 1);
      expect([page.hasMore, page.rows[0]?.id]).toEqual([true, second]);
      expect((await log.list({ accounts: null }, second, 1)).rows[0]?.id).toBe(first);
    });

    test('a list shows another tool’s request by the time its row was made, not by the time of its first callback', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      // The clock is at 1,000 now.
      await log.create(newRequest([A], { id: `req_${ulid(100)}` }));
      await log.append(failureCallback({ requestId: randomUUID(), ids: B, receivedAt: 200, account: 'account-2' }));
      const { id } = newRequest([A], { id: `req_${ulid(300)}` });
      await log.create(newRequest([A], { id }));
      const { adopted } = await settleAll(log, 1_000);
      const after = async (cursor: string) => (await log.list({ accounts: ['account-2'] }, cursor, 10)).rows.map((request) => request.id);
      // The id of another account's request, and an id that never existed.
      const beside = `${id.slice(0, -1)}${id.endsWith('0') ? '1' : '0'}`;
      expect([await after(id), await after(beside)]).toEqual([[], []]);
      expect(await after(`req_${ulid(Date.now())}`)).toEqual(adopted);
    });

    test('each listener has a cap of its own: a flood of one makes no message of another be refused', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const keep = (account: string, service: string, body: string) =>
        log.keep({ account, service, receivedAt: 1, reason: 'UNREADABLE', contentType: null, body: Buffer.from(body) }, 2);
      for (const body of ['one', 'two']) expect(await keep('a', 'CarrierService', body)).toBe('KEPT');
      expect(await keep('a', 'CarrierService', 'three')).toBe('PATH_FULL');
      expect([await keep('b', 'CarrierService', 'one'), await keep('a', 'DeviceUsage', 'one')]).toEqual(['KEPT', 'KEPT']);
      expect((await log.deadLetters({ accounts: ['b'], reason: null }, null, 10)).rows).toHaveLength(1);
    });

    test('a dead letter is found by its number for the accounts that are asked for, and for no other', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      for (const account of ['a', 'b'])
        await log.keep({ account, service: 's', receivedAt: 1, reason: 'UNREADABLE', contentType: null, body: Buffer.from(account) }, 2);
      const ids = (await log.deadLetters({ accounts: null, reason: null }, null, 10)).rows.map(({ id }) => id);
      const found = async (accounts: readonly string[] | null) =>
        [...(await log.deadLettersById(ids, accounts)).values()].map(({ account }) => account);
      expect([await found(['b']), await found([]), await found(null)]).toEqual([['b'], [], ['a', 'b']]);
    });

    test('dead letters stop at their cap, and none is kept twice', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const message = (body: string) => ({
        account: 'a',
        service: 'CarrierService',
        receivedAt: 1,
        reason: 'UNREADABLE' as const,
        contentType: null,
        body: Buffer.from(body),
      });
      expect(await log.keep(message('one'), 2)).toBe('KEPT');
      expect(await log.keep(message('one'), 2)).toBe('KEPT');
      expect(await log.keep(message('two'), 2)).toBe('KEPT');
      expect(await log.keep(message('three'), 2)).toBe('PATH_FULL');
      // A resend of one that is there is acknowledged.
      expect(await log.keep(message('two'), 2)).toBe('KEPT');
    });

    test('every recent attempt to send is known after a restart', async () => {
      await using fixture = await start();
      const request = newRequest([A]);
      {
        await using log = await fixture.open();
        await log.create(request);
        await log.step(request.id, 0, { type: 'SENDING' });
        await log.step(request.id, 0, { type: 'REQUEUED', error: { code: 'RATE_LIMITED', message: 'later' } });
        await log.step(request.id, 0, { type: 'SENDING' });
      }
      const log = await fixture.open();
      expect(await log.sentSince('ACTIVATE_DEVICES', 0)).toHaveLength(2);
      expect(await log.sentSince('RESUME_PROFILE', 0)).toEqual([]);
      expect(await log.sentSince('ACTIVATE_DEVICES', Number.MAX_SAFE_INTEGER)).toEqual([]);
    });

    test('facts are remembered over a restart and can be forgotten', async () => {
      await using fixture = await start();
      {
        await using log = await fixture.open();
        await log.remember('latch', 'x');
        await log.probe();
      }
      const log = await fixture.open();
      expect(await log.recall('latch')).toBe('x');
      await log.remember('latch', null);
      expect(await log.recall('latch')).toBeNull();
    });
  });
}
