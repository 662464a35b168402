import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { CallbackReceiver } from '../../src/resolvers/callbacks/receive-callback.ts';
import type { CarrierReads } from '../../src/datasources/thingspace/carrier-reads.ts';
import { GatewayError } from '../../src/errors.ts';
import { Reconciler } from '../../src/resolvers/requests/reconcile-requests.ts';
import { fillMarked, KEY_A } from './sealed-support.ts';
import { successCallback } from '../support/callback-samples.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { A, B, C, outcomesOf, requestOf, submitted } from './contract-support.ts';
import { storeOf } from '../support/flat-store.ts';

const DAY_MS = 86_400_000;

const receiverOf = (requestLog: ReturnType<typeof openLog>) =>
  new CallbackReceiver({
    store: storeOf(requestLog),
    credentials: null,
    requireCredentials: false,
    deadLettersPerReason: 10,
    now: Date.now,
  });

async function receive(
  log: ReturnType<typeof openLog>,
  requestId: string,
  [[, iccid]]: readonly [readonly ['ICCID', string], ...unknown[]],
) {
  const bytes = Buffer.from(JSON.stringify({ requestId, status: 'Success', deviceIds: [{ kind: 'iccid', id: iccid }] }));
  const { outcome } = await receiverOf(log).receive({ account: 'account-1', service: 'CarrierService', bytes, contentType: null });
  return outcome;
}

/** A store with a request of three devices, one of them done, and a request of one device. `damage` damages the first. */
async function damagedStore(keys: readonly Uint8Array[], damage: string) {
  await using undo = new AsyncDisposableStack();
  const { path: folder } = undo.use(await tempFolder());
  const path = `${folder}/log.sqlite`;
  const log = openLog(path, { keys });
  if (keys.length > 0) await fillMarked(log);
  const damaged = await submitted(log, [A, B, C], 'damaged');
  await log.append(successCallback({ requestId: 'damaged', ids: A }));
  const whole = await submitted(log, [C], 'whole');
  await log[Symbol.asyncDispose]();
  const db = new DatabaseSync(path);
  const pk = `(SELECT pk FROM request WHERE id = '${damaged}')`;
  db.exec(damage.replaceAll('$pk', pk));
  db.close();
  const run = (sql: string) => {
    const file = new DatabaseSync(path);
    file.exec(sql);
    file.close();
  };
  const built = undo.move();
  return { path, keys, damaged, whole, run, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

/** What every change of the request must know. */
const COUNTS = "UPDATE request SET counts = '{' || counts WHERE pk = $pk";
const TALLIES = "UPDATE carrier_request SET tallies = '{' || tallies WHERE request_pk = $pk";
const MESSAGE =
  "UPDATE event SET message = replace(message, substr(message, 20, 4), 'AAAA') WHERE request_pk = $pk AND message IS NOT NULL";

test.each([
  ['what is counted of a request', COUNTS, "UPDATE request SET counts = substr(counts, 2) WHERE counts LIKE '{%'"],
  ['what is counted of a carrier request', TALLIES, "UPDATE carrier_request SET tallies = substr(tallies, 2) WHERE tallies LIKE '{%'"],
] as const)(
  'where %s cannot be read, its callbacks are acknowledged and kept aside, others are applied, and it is made good once it is repaired',
  async (_what, damage, mended) => {
    await using store = await damagedStore([], damage);
    {
      await using log = openLog(store.path);
      await log.recover();
      const inStore = (await log.deadLetters({ accounts: null, reason: 'DAMAGED_REQUEST' }, null, 10)).rows.length;
      expect(await receive(log, 'damaged', B)).toBe('DAMAGED');
      expect(await receive(log, 'damaged', B)).toBe('DAMAGED');
      expect(await receive(log, 'damaged', C)).toBe('DAMAGED');
      expect(await receive(log, 'whole', C)).toBe('APPLIED');
      expect((await requestOf(log, store.whole)).status).toBe('SUCCEEDED');
      const { rows } = await log.deadLetters({ accounts: ['account-1'], reason: 'DAMAGED_REQUEST' }, null, 10);
      expect([inStore, rows.length]).toEqual([0, 2]);
      // The dead letter cannot be applied while the request is damaged.
      expect(await receiverOf(log).redrive(rows[0] ?? (await Promise.reject(new Error('none'))), false)).toBe('DAMAGED');
      // Work on the damaged request fails, and work on all requests goes on.
      await expect(log.silentDevices(store.damaged, 0)).rejects.toMatchObject({
        code: 'STORE_FAILED',
        message: expect.stringContaining(store.damaged) as string,
      });
      while (await log.indexIdentifiers());
      await log.settleUnclaimed(Number.MAX_SAFE_INTEGER);
    }
    store.run(mended);
    await using log = openLog(store.path);
    const { rows } = await log.deadLetters({ accounts: null, reason: 'DAMAGED_REQUEST' }, null, 10);
    for (const row of rows) expect(await receiverOf(log).redrive(row, false)).toBe('APPLIED');
    expect((await log.deadLetters({ accounts: null, reason: 'DAMAGED_REQUEST' }, null, 10)).rows).toEqual([]);
    expect((await requestOf(log, store.damaged)).status).toBe('SUCCEEDED');
    expect(await outcomesOf(log, store.damaged)).toHaveLength(3);
  },
);

test.each([
  ['a sealed message was changed', [KEY_A], MESSAGE],
  ['a message is no JSON any more', [], "UPDATE event SET message = '{' || message WHERE request_pk = $pk AND message IS NOT NULL"],
] as const)('where %s, everything about the other devices of its request is applied', async (_what, keys, damage) => {
  await using store = await damagedStore(keys, damage);
  await using log = openLog(store.path, { keys });
  await log.recover();
  for (const device of [B, C]) expect(await receive(log, 'damaged', device)).toBe('APPLIED');
  expect((await requestOf(log, store.damaged)).status).toBe('SUCCEEDED');
  expect(await receive(log, 'damaged', A)).toBe('APPLIED');
  while (await log.indexIdentifiers());
  expect(await log.silentDevices(store.damaged, 0)).toEqual([]);
});

test('a damaged request that was on its way does not prevent the start of the gateway', async () => {
  await using store = await damagedStore([KEY_A], `${TALLIES}; UPDATE carrier_request SET state = 'SENDING' WHERE request_pk = $pk`);
  await using log = openLog(store.path, { keys: [KEY_A] });
  expect(await log.recover()).toEqual([]);
  expect(await receive(log, 'whole', C)).toBe('APPLIED');
});

test('a damaged request does not prevent that others are marked overdue or asked about', async () => {
  await using store = await damagedStore([KEY_A], TALLIES);
  await using log = openLog(store.path, { keys: [KEY_A], now: () => Date.now() + DAY_MS });
  const lapsed: number[] = [];
  const failures: unknown[] = [];
  const asked = Promise.withResolvers<string>();
  const refuse = (account: string) => {
    asked.resolve(account);
    return Promise.reject(new GatewayError('CARRIER_UNAVAILABLE', 'It is down.'));
  };
  await using reconciler = new Reconciler({
    store: storeOf(log),
    reads: { requestStatus: refuse } as unknown as CarrierReads,
    overdueAfterMs: 1_000,
    expireAfterMs: 10 * DAY_MS,
    expireOnHoldAfterMs: 10 * DAY_MS,
    externalQuietMs: 10 * DAY_MS,
    callsPerMinute: 100,
    now: () => Date.now() + DAY_MS,
    onLapsed: (_into, devices) => lapsed.push(devices),
    onReconciled: () => undefined,
    onFailure: (error) => failures.push(error),
  });
  await reconciler.tick(new AbortController().signal);
  expect(lapsed).toContain(1);
  expect((await outcomesOf(log, store.whole)).map(({ status }) => status)).toEqual(['OVERDUE']);
  expect(await asked.promise).toBe('account-1');
  expect(failures[0]).toMatchObject({ message: expect.stringContaining(store.damaged) as string });
});
