import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { RequestDocument } from '../../documents/gql/graphql.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { Hub } from '../../src/datasources/request-log/hub.ts';
import { openSqliteStore } from '../../src/datasources/request-log/sqlite/open-sqlite-store.ts';
import { makeCallbackPath } from '../../src/resolvers/callbacks/callback-paths.ts';
import { successCallback } from '../support/callback-samples.ts';
import { startCallbackSenders } from '../support/callback-senders.ts';
import { deviceCallback } from '../support/device-callback.ts';
import { iccid } from '../support/devices.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { runDocument } from '../support/run-document.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { flatten } from '../support/flat-store.ts';

const REQUESTS = 16;
const DEVICES = 20;
/** Where a page says what it is, how many cells it has and where they begin; and somewhere in them. */
const OFFSETS = [0, 4, 60];

test('whatever byte of a store is damaged: what SQLite finds of it ends the store, and is told in a sentence', async () => {
  await using folder = await tempFolder();
  const path = `${folder.path}/gateway.sqlite`;
  const { ids, next } = await fill(path);
  const sound = readFileSync(path);
  const found = { refused: 0, fatal: 0, unnoticed: 0 };
  for (let page = 0; page < sound.length / PAGE_BYTES; page++) {
    const offset = OFFSETS[page % OFFSETS.length] ?? 0;
    damage(path, sound, [page * PAGE_BYTES + offset]);
    found[await tryOut(path, ids, next)]++;
    for (const suffix of ['', '-wal', '-shm']) rmSync(path + suffix, { force: true });
  }
  expect(found.refused).toBeGreaterThan(0);
  expect(found.fatal).toBeGreaterThan(10);
});

test.each([
  [
    'a query that reads it',
    'event',
    (target: Target) => runDocument(target.graphql, RequestDocument, { id: target.requestId, first: 1_000 }).catch(() => undefined),
  ],
  [
    'a callback that belongs there',
    'device_key',
    async (target: Target) => {
      await using senders = startCallbackSenders(target.callbacks, {
        senders: 1,
        total: 1,
        body: () => deviceCallback('carrier-0', DEVICES - 1),
      });
      await senders.finished;
      expect([...senders.acknowledged]).toEqual([]);
    },
  ],
])(
  'with a damaged page callbacks are acknowledged until it is met; %s ends the process in words, and nothing is acknowledged after it',
  async (_what, table, meet) => {
    await using folder = await tempFolder();
    await using simulator = await startSimulator({ magicIdentifiers: false });
    const path = `${folder.path}/gateway.sqlite`;
    const account = simulator.accounts[0] ?? '';
    const { ids } = await fill(path, account);
    const sound = readFileSync(path);
    damage(
      path,
      sound,
      pagesOf(path, table).map((page) => (page - 1) * PAGE_BYTES),
    );
    const env = gatewayEnv(simulator, path);
    await using gateway = await spawnGateway(env);
    const callbacks = `${gateway.callbacks}${makeCallbackPath(env['M2M_CALLBACK_SECRET'] ?? '', { account, service: 'CarrierService' })}`;
    await using before = startCallbackSenders(callbacks, { senders: 1, total: 5 });
    await before.finished;
    expect(before.acknowledged.size).toBe(5);
    await meet({ graphql: gateway.graphql, callbacks, requestId: ids[0] ?? '' });
    expect(await gateway.exited).toBe(1);
    expect(gateway.output()).toMatch(/The store failed \(I\/O error or damaged file\).*restore a backup.*"store_failed"/);
  },
);

const PAGE_BYTES = 4_096;

interface Target {
  readonly graphql: string;
  readonly callbacks: string;
  readonly requestId: string;
}

/** Requests with outcomes, so that every kind of page is there; and the callbacks that would come next. */
async function fill(path: string, account = 'account-1') {
  await using log = openLog(path);
  const ids: string[] = [];
  const messages = Array.from({ length: REQUESTS }, (_, request) =>
    Array.from({ length: DEVICES }, (__, device) =>
      successCallback({ requestId: `carrier-${request}`, ids: [['ICCID', iccid(device + 1)]], account }),
    ),
  );
  for (let number = 0; number < REQUESTS; number++) {
    const request = newRequest(
      Array.from({ length: DEVICES }, (_, device) => [['ICCID', iccid(device + 1)] as const]),
      { account },
    );
    ids.push(request.id);
    await log.create(request);
    await log.step(request.id, 0, { type: 'SENDING' });
    await log.step(request.id, 0, { type: 'ACCEPTED', carrierRequestId: `carrier-${number}` });
  }
  await Promise.all(messages.flatMap((of) => of.slice(0, DEVICES / 2).map((message) => log.append(message))));
  return { ids, next: messages.map((of) => of.at(-1)).filter((message) => message !== undefined) };
}

/** Writes the store with every bit of these bytes turned around. */
function damage(path: string, sound: Uint8Array, places: readonly number[]): void {
  const damaged = Uint8Array.from(sound);
  for (const at of places) damaged[at] = (damaged[at] ?? 0) ^ 0xff;
  writeFileSync(path, damaged);
}

/** Opens, reads everything and writes everywhere. Whatever SQLite has against it must come as an error of ours. */
async function tryOut(path: string, ids: readonly string[], next: readonly ReturnType<typeof successCallback>[]) {
  const fatal: string[] = [];
  try {
    await using log = flatten(
      openSqliteStore({
        path,
        hub: new Hub({ tickMs: () => 1 }),
        now: Date.now,
        onFatal: ({ message }) => fatal.push(message),
      }),
    );
    await log.recover();
    await log.requests(ids);
    await log.counts();
    for (const id of ids) await log.read(id, 0, 1_000);
    for (const message of next) await log.append(message);
    return 'unnoticed';
  } catch (error) {
    // Damage that SQLite takes for content is content: then it is whatever the content says.
    expect(error).not.toHaveProperty('errcode');
    if (fatal.length > 0) {
      expect(fatal).toEqual([expect.stringContaining('The store failed (I/O error or damaged file)')]);
      expect(error).toMatchObject({ code: 'STORE_FAILED' });
      return 'fatal';
    }
    const isRefused = error instanceof Error && 'code' in error && error.code === 'STORE_UNUSABLE';
    if (isRefused) expect(error.message).toContain('is not a usable store');
    return isRefused ? 'refused' : 'unnoticed';
  }
}

/** The pages of a table but its last one, which every new row meets. */
function pagesOf(path: string, table: string): number[] {
  using store = new DatabaseSync(path);
  const rows = store.prepare("SELECT pageno FROM dbstat WHERE name = ? AND pagetype = 'leaf' ORDER BY path").all(table);
  return rows.slice(0, -1).map(({ pageno }) => Number(pageno));
}
