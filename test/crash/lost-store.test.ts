import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, renameSync, rmSync } from 'node:fs';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { whyNoSmallDisk } from '../support/small-disk.ts';
import { graphql } from '../support/stack.ts';
import { storedMarkers } from '../support/stored-markers.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { openDoorProcess, type DoorProcess } from './support/door-process.ts';

const FILE = 'gateway.sqlite';
// A container in CI may not be allowed to mount.
const noMount = whyNoSmallDisk();
if (noMount !== null) process.stderr.write(`A store that is mounted over is not tested: ${noMount}.\n`);

/** Callbacks before the store is taken away. */
const BEFORE = 30;

test('when all files of a store are removed nothing more is acknowledged, and what was acknowledged is saved beside', async () => {
  await using folder = await tempFolder();
  const data = `${folder.path}/data`;
  mkdirSync(data);
  await using door = await openDoorProcess({ storeFolder: data });
  const acknowledged = await acknowledgedUntilLost(door, () => {
    for (const name of readdirSync(data)) rmSync(`${data}/${name}`);
  });
  await untilSaid(door, '"store_rescued"');
  const ready = await request(`${door.gateway.admin}/health/ready/callbacks`);
  expect(ready.statusCode).toBe(503);
  expect(await ready.body.json()).toMatchObject({
    checks: { store: expect.stringMatching(/^failing: The store is not at its path any more/) },
  });
  const { statusCode } = await request(`${door.gateway.admin}/health/live`);
  expect(statusCode).toBe(200);
  const query = <Data>(document: string, variables?: Record<string, unknown>) => graphql<Data>(door.gateway.graphql, document, variables);
  await expect(activateDevices({ account: door.account, query }, 1)).rejects.toThrow('STORE_FAILED');

  const [copy = ''] = readdirSync(data);
  expect(copy).toMatch(/^gateway\.sqlite\.rescued-/);
  door.gateway.kill('SIGTERM');
  expect(await door.gateway.exited).toBe(0);
  // The empty place is not taken for a new store.
  await expect(spawnGateway(door.env)).rejects.toThrow(/There is no store at .*, but a gateway saved its content to .*\.rescued-/);
  renameSync(`${data}/${copy}`, `${data}/${FILE}`);
  await expectAll(door, acknowledged);
});

test('when the folder of a store is moved nothing more is acknowledged; moved back, it has everything', async () => {
  await using folder = await tempFolder();
  const data = `${folder.path}/data`;
  mkdirSync(data);
  await using door = await openDoorProcess({ storeFolder: data });
  const acknowledged = await acknowledgedUntilLost(door, () => renameSync(data, `${folder.path}/moved`));
  await untilSaid(door, '"store_rescued"');
  expect(readdirSync(folder.path).toSorted()).toEqual([expect.stringMatching(/^data-gateway\.sqlite\.rescued-/), 'moved']);
  door.gateway.kill('SIGTERM');
  expect(await door.gateway.exited).toBe(0);
  renameSync(`${folder.path}/moved`, data);
  await expectAll(door, acknowledged);
});

test.skipIf(noMount !== null)(
  'when something is mounted over the folder of a store, the copy is saved where the mount does not hide it',
  async () => {
    await using folder = await tempFolder();
    const data = `${folder.path}/data`;
    mkdirSync(data);
    await using door = await openDoorProcess({ storeFolder: data });
    await using undo = new AsyncDisposableStack();
    const acknowledged = await acknowledgedUntilLost(door, () => {
      expect(spawnSync('mount', ['-t', 'tmpfs', 'tmpfs', data]).status).toBe(0);
      undo.defer(() => void spawnSync('umount', [data]));
    });
    await untilSaid(door, '"store_rescued"');
    expect(readdirSync(data)).toEqual([]);
    const [copy = ''] = readdirSync(folder.path).filter((name) => name.includes('.rescued-'));
    door.gateway.kill('SIGKILL');
    await door.gateway.exited;
    await expect(spawnGateway(door.env)).rejects.toThrow(/There is no store at .*, but a gateway saved its content to/);
    await undo.disposeAsync();
    for (const name of readdirSync(data)) rmSync(`${data}/${name}`);
    renameSync(`${folder.path}/${copy}`, `${data}/${FILE}`);
    await expectAll(door, acknowledged);
  },
);

/** Sends callbacks, takes the store away, and goes on until one is refused. */
async function acknowledgedUntilLost(door: DoorProcess, takeAway: () => void): Promise<number[]> {
  const acknowledged: number[] = [];
  for (let marker = 0; ; marker++) {
    if (marker === BEFORE) takeAway();
    const { status } = await door.post(marker);
    if (status !== 200) {
      expect([status, marker >= BEFORE]).toEqual([503, true]);
      return acknowledged;
    }
    acknowledged.push(marker);
  }
}

async function untilSaid(door: DoorProcess, word: string): Promise<void> {
  // Readiness writes to the store, so each question is a turn of the gateway.
  while (!door.gateway.output().includes(word)) await (await request(`${door.gateway.admin}/health/live`)).body.dump();
  expect(door.gateway.output()).toContain('"store_lost"');
}

async function expectAll(door: DoorProcess, acknowledged: readonly number[]): Promise<void> {
  await using again = await spawnGateway(door.env);
  const stored = await storedMarkers(again.graphql);
  expect(acknowledged.filter((marker) => !stored.has(marker))).toEqual([]);
}
