import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { RequestFollowing } from '../../src/resolvers/follow-request.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import type { RequestLog, SendingStep, StoredOutcome } from '../../src/datasources/request-log/request-log.ts';
import { identifierKey } from '../../src/datasources/thingspace/wire/device-identifier.ts';
import { LOCAL_CALLER } from '../../src/server/caller.ts';
import { failureCallback, incoming, niddCallback, pendingCallback, successCallback } from '../support/callback-samples.ts';
import { newRequest } from '../support/new-request.ts';

/** A store that can be closed and opened again, as a process that ends and starts does. */
export interface LogFixture extends AsyncDisposable {
  readonly hub: Hub;
  open(): Promise<RequestLog>;
}

const A = [
  ['ICCID', '89148000000000000001'],
  ['IMEI', '990013900000010'],
] as const;
const B = [
  ['ICCID', '89148000000000000002'],
  ['IMEI', '990013900000020'],
] as const;
const C = [['ICCID', '89148000000000000003']] as const;

/** What every backend of the request log promises. */
export function requestLogContract(name: string, start: () => Promise<LogFixture>): void {
  describe(`request log on ${name}`, () => {
    test('a callback before its submit is kept, claimed with the carrier’s id, and a resend of it adds nothing', async () => {
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

    test('reordered messages come to the same end', async () => {
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

    test('what was acknowledged is there after a restart, with matching and duplicates as before', async () => {
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

    test('a cursor never skips: readers at any batch size see every change once, in order, while it is written', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const guid = randomUUID();
      const devices = Array.from({ length: 200 }, (_, at) => [['ICCID', `8914800000000000${String(at).padStart(4, '0')}`]] as const);
      const id = await submitted(log, devices, guid);
      const following = new RequestFollowing(log, fixture.hub);
      const readers = [1, 7, 1000].map(async (batchSize) => {
        const seen: string[] = [];
        let last = 0;
        for await (const event of await following.follow(LOCAL_CALLER, {
          requestId: id,
          after: null,
          batchSize,
          untilNiddSettled: false,
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
      expect(fixture.hub.topics).toBe(0);
    });

    test('of two followers one leaves, the other gets everything', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const guid = randomUUID();
      const id = await submitted(log, [A, B], guid);
      const following = new RequestFollowing(log, fixture.hub);
      const args = { requestId: id, after: 'LATEST', batchSize: 100, untilNiddSettled: false };
      const leaves = await following.follow(LOCAL_CALLER, args);
      const stays = await following.follow(LOCAL_CALLER, args);
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

    test('an idempotency key is one request, whoever is first, over a restart too', async () => {
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

    test('what was being sent when the process ended is UNKNOWN, what waited still waits', async () => {
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
      // The carrier's id turns up after all: the devices are open again.
      await log.step(sending.id, 0, { type: 'ACCEPTED', carrierRequestId: randomUUID() });
      expect(await requestOf(log, sending.id)).toMatchObject({ status: 'IN_PROGRESS', progress: { UNKNOWN: 0, PENDING: 2 } });
    });

    test.each<[SendingStep, string, string]>([
      [{ type: 'REFUSED', error: { code: 'INPUT_INVALID', message: 'no', httpStatus: 400 } }, 'REJECTED', 'REJECTED'],
      [{ type: 'UNANSWERED', error: { code: 'UNANSWERED', message: 'cut' } }, 'UNKNOWN', 'UNKNOWN'],
      [{ type: 'REQUEUED', error: { code: 'RATE_LIMITED', message: 'later' } }, 'QUEUED', 'PENDING'],
    ])('$0.type: the request and each of its devices show it', async (step, status, outcome) => {
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

    test('callbacks of another tool become a request of origin EXTERNAL, unless something of that account is on its way', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const [mine, theirs] = [randomUUID(), randomUUID()];
      await log.append(successCallback({ requestId: mine, ids: A, receivedAt: 1_000 }));
      await log.append(failureCallback({ requestId: theirs, ids: B, receivedAt: 1_000, account: 'account-2' }));
      const request = newRequest([A]);
      await log.create(request);
      await log.step(request.id, 0, { type: 'SENDING' });
      expect(await log.adoptUnclaimed(1_000)).toEqual([]);
      const adopted = await log.adoptUnclaimed(2_000);
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

    test('messages of services that settle nothing are kept, shown, and never become a request', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      await log.append(incoming('DeviceUsage', { requestId: randomUUID(), deviceResponse: { usageResponse: [] } }));
      await log.append(incoming('NiddService', { niddResponse: { niddMONotificationResponse: { message: 'aGk=' } } }));
      expect(await log.adoptUnclaimed(Number.MAX_SAFE_INTEGER)).toEqual([]);
      expect((await log.unclaimed(['account-1'], null, 10)).rows.map(({ service }) => service)).toEqual(['DeviceUsage', 'NiddService']);
      expect((await log.unclaimed(['account-2'], null, 10)).rows).toEqual([]);
    });

    test('a request id of another account is stored aside and not applied', async () => {
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
      const find = async (filter: Partial<Parameters<RequestLog['list']>[0]>) =>
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

    test('kept messages stop at their cap and are not kept twice', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const message = (body: string) => ({
        account: 'a',
        service: 'CarrierService',
        receivedAt: 1,
        reason: 'UNREADABLE',
        contentType: null,
        body: Buffer.from(body),
      });
      expect(await log.keep(message('one'), 2)).toBe(true);
      expect(await log.keep(message('one'), 2)).toBe(true);
      expect(await log.keep(message('two'), 2)).toBe(true);
      expect(await log.keep(message('three'), 2)).toBe(false);
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

async function submitted(
  log: RequestLog,
  devices: Parameters<typeof newRequest>[0],
  guid: string,
  more: Parameters<typeof newRequest>[1] = {},
): Promise<string> {
  const request = newRequest(devices, more);
  await log.create(request);
  await log.step(request.id, 0, { type: 'SENDING' });
  await log.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: guid });
  return request.id;
}

async function requestOf(log: RequestLog, id: string) {
  const request = (await log.requests([id])).get(id);
  if (!request) throw new Error(`no request ${id}`);
  return request;
}

async function outcomesOf(log: RequestLog, requestId: string): Promise<readonly StoredOutcome[]> {
  const [page] = await log.outcomePages([{ requestId, statuses: null, afterIndex: -1, limit: 1000 }]);
  return page?.rows ?? [];
}

function statuses(outcomes: readonly StoredOutcome[]): string[] {
  return outcomes.map(({ status }) => status);
}
