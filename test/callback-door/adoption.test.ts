import { expect, test } from 'vitest';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { openSqliteStore } from '../../src/datasources/request-log/sqlite/open-sqlite-store.ts';
import { CallbackReceiver } from '../../src/resolvers/callbacks/receive-callback.ts';
import { newRequest } from '../support/new-request.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ACCOUNT, callback, OTHER_ACCOUNT, WAITING } from './support/open-door.ts';
import { flatten, storeOf, type FlatStore } from '../support/flat-store.ts';

/** A callback that no request claims becomes a request. None may stop the others. */
test.each([
  ['a NUL', 'a\u0000b'],
  ['a lone surrogate', 'a\ud800b'],
  ['10 kB', 'x'.repeat(10_240)],
])('a requestId with %s does not stop other callbacks from becoming requests', async (_what, requestId) => {
  await using folder = await tempFolder();
  await using log = openLog(folder.path);
  for (const id of [requestId, 'b-good-one']) await receive(log, ACCOUNT, { requestId: id });
  await log.settleUnclaimed(Number.MAX_SAFE_INTEGER);
  const good = await log.findByCarrierRequestId('b-good-one');
  expect(good).toMatchObject({ origin: 'EXTERNAL', progress: { SUCCEEDED: 1 } });
  // The callbacks that are left make no second request.
  expect(await log.settleUnclaimed(Number.MAX_SAFE_INTEGER)).toMatchObject({ adopted: [] });
});

test('a callback of another account that came before its request was known does not stop others from becoming requests', async () => {
  await using folder = await tempFolder();
  await using log = openLog(folder.path);
  const ours = newRequest([[['ICCID', '89141390780800784259']]], { account: ACCOUNT });
  await log.create(ours);
  await receive(log, OTHER_ACCOUNT, { requestId: WAITING });
  await log.step(ours.id, 0, { type: 'SENDING' });
  await log.step(ours.id, 0, { type: 'ACCEPTED', carrierRequestId: WAITING });
  await receive(log, OTHER_ACCOUNT, { requestId: 'a-good-one' });
  await log.settleUnclaimed(Number.MAX_SAFE_INTEGER);
  expect(await log.findByCarrierRequestId('a-good-one')).toMatchObject({ origin: 'EXTERNAL', account: OTHER_ACCOUNT });
  expect((await log.requests([ours.id])).get(ours.id)).toMatchObject({ status: 'IN_PROGRESS', progress: { PENDING: 1 } });
});

test('one id on the paths of two accounts becomes one request, and does not stop others from becoming requests', async () => {
  await using folder = await tempFolder();
  await using log = openLog(folder.path);
  for (const account of [ACCOUNT, OTHER_ACCOUNT]) await receive(log, account, { requestId: WAITING });
  await receive(log, OTHER_ACCOUNT, { requestId: 'a-good-one' });
  expect((await log.settleUnclaimed(Number.MAX_SAFE_INTEGER)).adopted).toHaveLength(2);
  expect(await log.findByCarrierRequestId(WAITING)).toMatchObject({ account: ACCOUNT });
  expect(await log.findByCarrierRequestId('a-good-one')).toMatchObject({ origin: 'EXTERNAL' });
});

function openLog(folder: string): FlatStore {
  return flatten(
    openSqliteStore({
      path: `${folder}/gateway.sqlite`,
      hub: new Hub({ tickMs: () => 1 }),
      now: Date.now,
      onFatal: (error) => {
        throw error;
      },
    }),
  );
}

async function receive(requestLog: FlatStore, account: string, more: Record<string, unknown>): Promise<void> {
  const receiver = new CallbackReceiver({
    store: storeOf(requestLog),
    credentials: null,
    requireCredentials: false,
    deadLettersPerReason: 10,
    now: Date.now,
  });
  const bytes = Buffer.from(JSON.stringify(callback({ username: '', password: '', ...more })));
  await receiver.receive({ account, service: 'CarrierService', bytes, contentType: null });
}
