import { randomUUID } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { identifierKey } from '../../src/datasources/thingspace/wire/same-identifier.ts';
import { readDeviceResults } from '../../src/datasources/thingspace/wire/device-results.ts';
import { incoming } from '../support/callback-samples.ts';
import { newRequest } from '../support/new-request.ts';
import { A, B, C, outcomesOf, requestOf, statuses, submitted, type LogFixture } from './contract-support.ts';

const EID = ['EID', '89049032000000000000000000000032'] as const;
const LEAD = ['Iccid', '89148000000000000032'] as const;
const LOCAL = ['Iccid', '89148000000000000042'] as const;
const IMEI = ['Imei', '990000000000032'] as const;
const ALREADY = { faultcode: 'UnifiedWebService.REQUEST_FAILED.UnexpectedError', faultstring: 'Profile is already suspended' };

/** What every backend of the request log promises about devices that more than one message reports, or none, and how often they are used. */
export function settlingContract(name: string, start: () => Promise<LogFixture>): void {
  describe(`devices in the request log on ${name}`, () => {
    test('the uses of an identifier are counted: by operation, time and account, without what was refused or cancelled', async () => {
      await using fixture = await start();
      const log = await fixture.open();
      const create = (more: Parameters<typeof newRequest>[1]) => log.create(newRequest([A, B], more));
      await create({ createdAt: 1_000, idempotencyKey: 'first' });
      await create({ createdAt: 2_000, operation: 'SUSPEND_DEVICES' });
      await create({ createdAt: 3_000, account: 'account-2' });
      const refused = newRequest([A], { createdAt: 2_000 });
      await log.create(refused);
      await log.step(refused.id, 0, { type: 'SENDING' });
      await log.step(refused.id, 0, { type: 'REFUSED', error: { code: 'no', message: 'no' } });
      const [iccid, imei, other] = [['ICCID', A[0][1]] as const, ['IMEI', B[1][1]] as const, ['ICCID', C[0][1]] as const].map(
        ([kind, id]) => identifierKey(kind, id, kind),
      );
      const count = async (more: object) => {
        const uses = await log.countUses({ account: 'account-1', operations: null, isOpen: false, since: 0, until: 10_000, ...more }, [
          iccid ?? '',
          imei ?? '',
          other ?? '',
        ]);
        return [uses.get(iccid ?? ''), uses.get(imei ?? ''), uses.get(other ?? '')];
      };
      expect(await count({})).toEqual([2, 2, undefined]);
      expect(await count({ operations: ['SUSPEND_DEVICES'] })).toEqual([1, 1, undefined]);
      expect(await count({ since: 1_001, until: 2_000 })).toEqual([undefined, undefined, undefined]);
      expect(await count({ since: 1_000, until: 2_000 })).toEqual([1, 1, undefined]);
      expect(await count({ account: 'account-2', isOpen: true })).toEqual([1, 1, undefined]);
    });

    test.each([
      ['SUCCESS', 'SUCCEEDED'],
      ['FAILED', 'FAILED'],
    ])('messages of profiles settle nothing; the one of the device does: %s', async (status, expected) => {
      await using fixture = await start();
      const guid = randomUUID();
      // The store is opened anew for each message.
      const append = async (ids: readonly (readonly [string, string])[], more: object) => {
        await using log = await fixture.open();
        const deviceIds = ids.map(([kind, id]) => ({ kind, id }));
        const response = { deviceProfileResponse: { deviceIdentifierCollection: deviceIds, state: 'SUSPEND' } };
        const body = { requestId: guid, deviceIds, ...('faultResponse' in more ? {} : { deviceResponse: response }), ...more };
        const result = await log.append(incoming('DeviceProfileService', body, {}));
        const [outcome] = await outcomesOf(log, id);
        return { result, status: outcome?.status, unmatched: (await requestOf(log, id)).progress.unmatched };
      };
      const carrierRequests = [{ service: 'DeviceProfileService', firstIndex: 0, deviceCount: 2, deviceDecides: true }];
      const other = ['EID', '89049032000000000000000000000099'] as const;
      const submit = async () => {
        await using log = await fixture.open();
        return await submitted(log, [[EID], [other]], guid, { carrierRequests });
      };
      const id = await submit();
      const stillPending = { result: 'APPLIED', status: 'PENDING', unmatched: 0 };
      expect(await append([EID, IMEI, LEAD], { status: 'SUCCESS' })).toEqual(stillPending);
      expect(await append([EID, LOCAL], { status: 'FAILED', faultResponse: ALREADY })).toEqual(stillPending);
      expect(await append([EID, IMEI], { status })).toEqual({ result: 'APPLIED', status: expected, unmatched: 0 });
      // A profile that reports late changes nothing.
      expect(await append([EID, ['Iccid', '89148000000000000052']], { status: 'SUCCESS' })).toMatchObject({
        status: expected,
        unmatched: 0,
      });
      await using log = await fixture.open();
      expect((await requestOf(log, id)).status).toBe('IN_PROGRESS');
    });

    test('the results in an answer settle their devices, whichever form they have; one that is left out is still awaited', async () => {
      await using fixture = await start();
      await using log = await fixture.open();
      const request = newRequest([A, B, C], { carrierRequests: [{ service: 'DeviceResult', firstIndex: 0, deviceCount: 3 }] });
      await log.create(request);
      await log.step(request.id, 0, { type: 'SENDING' });
      const results = readDeviceResults([
        { deviceIds: { kind: 'iccid', id: A[0][1] }, status: 'Success' },
        { deviceIds: [{ kind: 'iccid', id: B[0][1] }], status: 'Failed', message: 'The device is not in deactive state.' },
        { deviceIds: [{ kind: 'iccid', id: '89148000000000000099' }], status: 'Success' },
      ]);
      const rows = (results ?? []).map((each) => ({ ...each, digest: null, callbackCount: null, receivedAt: 2_000 }));
      expect(rows).toHaveLength(3);
      expect(await log.step(request.id, 0, { type: 'ANSWERED', results: rows })).toBe(true);
      const outcomes = await outcomesOf(log, request.id);
      expect(outcomes.map(({ status, source }) => [status, source])).toEqual([
        ['SUCCEEDED', 'ANSWER'],
        ['FAILED', 'ANSWER'],
        ['PENDING', null],
      ]);
      expect(outcomes[1]?.final?.message.fault).toEqual({ code: 'NOT_DONE', message: 'The device is not in deactive state.' });
      expect(await requestOf(log, request.id)).toMatchObject({ status: 'IN_PROGRESS', progress: { unmatched: 0 } });
    });

    test.each(['UNANSWERED', 'CANCELLED'] as const)('an answer with results that comes after %s counts', async (type) => {
      await using fixture = await start();
      await using log = await fixture.open();
      const request = newRequest([A], { carrierRequests: [{ service: 'DeviceResult', firstIndex: 0, deviceCount: 1 }] });
      await log.create(request);
      await log.step(request.id, 0, { type: 'SENDING' });
      await log.step(request.id, 0, { type: 'UNANSWERED', error: { code: 'UNANSWERED', message: 'cut' } });
      if (type === 'CANCELLED') await log.step(request.id, 0, { type, error: { code: 'NEVER_ARRIVED', message: 'so said' } });
      const [result] = readDeviceResults([{ deviceIds: [{ kind: 'iccid', id: A[0][1] }], response: 'Success' }]) ?? [];
      if (!result) throw new Error('no result');
      const results = [{ ...result, digest: null, callbackCount: null, receivedAt: 2_000 }];
      expect(await log.step(request.id, 0, { type: 'ANSWERED', results })).toBe(true);
      expect(await requestOf(log, request.id)).toMatchObject({ status: 'SUCCEEDED' });
      expect(statuses(await outcomesOf(log, request.id))).toEqual(['SUCCEEDED']);
      expect(await log.step(request.id, 0, { type: 'ANSWERED', results })).toBe(false);
    });
  });
}
