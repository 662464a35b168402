import { LocalLeases } from '../../src/datasources/request-log/local-leases.ts';
import { expect, test } from 'vitest';
import type { StoreUpkeep } from '../../src/datasources/request-log/store-upkeep.ts';
import { startPurging } from '../../src/gateway/start-purging.ts';
import { SteadyClock } from '../../src/lib/steady-clock.ts';
import { createLogger } from '../../src/logger.ts';
import { StorePurge, type StorePurgeOptions } from '../../src/resolvers/upkeep/purge-store.ts';
import { fillStore } from '../support/fill-store.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const DAY_MS = 86_400_000;
const FORTY_DAYS_AGO = Date.now() - 40 * DAY_MS;
const FILLING = { requests: 3, devices: 900, account: 'account-1', at: FORTY_DAYS_AGO };

const leases = new LocalLeases();

function purgeOf(upkeep: Pick<StoreUpkeep, 'purgeStep' | 'notePurge'>, more: Partial<StorePurgeOptions> = {}): StorePurge {
  const ignore = () => undefined;
  return new StorePurge({
    store: { upkeep, leases },
    retentionDays: 30,
    now: Date.now,
    restFactor: 0,
    onStep: ignore,
    onPurged: ignore,
    ...more,
  });
}

test('a gateway purges by itself after the start, and again and again, until it is stopped', async () => {
  await using folder = await tempFolder();
  await fillStore(`${folder.path}/log.sqlite`, FILLING);
  await using log = openLog(`${folder.path}/log.sqlite`);
  const purged: number[] = [];
  const undo = new AsyncDisposableStack();
  const purge = purgeOf(log.upkeep, { onPurged: ({ requests }) => purged.push(requests) });
  startPurging({ purge, upkeep: log.upkeep, logger: createLogger({ level: 'silent' }), undo }, { firstAfterMs: 1, everyMs: 5 });
  await until(() => purged.length >= 3);
  await undo.disposeAsync();
  expect(purged.slice(0, 3)).toEqual([3, 0, 0]);
  expect((await log.upkeep.lastTimes()).purgeAt).toBeGreaterThan(FORTY_DAYS_AGO);
  await expect(purge.run()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
});

test('a purge leaves everything that is younger than the retention, or than the days that are asked for', async () => {
  await using folder = await tempFolder();
  await fillStore(`${folder.path}/log.sqlite`, { ...FILLING, devices: 1 });
  await using log = openLog(`${folder.path}/log.sqlite`);
  const purge = purgeOf(log.upkeep, { retentionDays: 41 });
  expect(await purge.run()).toEqual({ requests: 0, messages: 0, rows: 0 });
  expect(await purge.run(39)).toMatchObject({ requests: 3 });
  expect((await log.upkeep.stats()).lastPurge).toMatchObject({ requests: 3, messages: 0 });
});

test('a clock that jumps forward makes no young request be purged', async () => {
  await using folder = await tempFolder();
  // By the wall clock of the machine it is two months later.
  const clock = { at: Date.now() - 60 * DAY_MS };
  await fillStore(`${folder.path}/log.sqlite`, { ...FILLING, devices: 1, at: clock.at - DAY_MS });
  await using log = openLog(`${folder.path}/log.sqlite`);
  const { now } = new SteadyClock({ wallMs: () => clock.at, uptimeMs: () => 0 }, () => undefined);
  const purge = purgeOf(log.upkeep, { now });
  clock.at += 100 * DAY_MS;
  expect(await purge.run()).toMatchObject({ requests: 0 });
  clock.at -= 200 * DAY_MS;
  expect(await purge.run()).toMatchObject({ requests: 0 });
});

test('two purges at once run one after the other', async () => {
  await using folder = await tempFolder();
  await fillStore(`${folder.path}/log.sqlite`, FILLING);
  await using log = openLog(`${folder.path}/log.sqlite`);
  let running = 0;
  let most = 0;
  const notePurge: StoreUpkeep['notePurge'] = async (report) => {
    running--;
    await log.upkeep.notePurge(report);
  };
  let begun = true;
  const purgeStep: StoreUpkeep['purgeStep'] = async (before) => {
    if (begun) running++;
    begun = false;
    most = Math.max(most, running);
    const step = await log.upkeep.purgeStep(before);
    begun = step.done;
    return step;
  };
  const purge = purgeOf({ purgeStep, notePurge });
  const reports = await Promise.all([purge.run(), purge.run(), purge.run()]);
  expect(reports.map(({ requests }) => requests)).toEqual([3, 0, 0]);
  expect(most).toBe(1);
});

test('a purge that is stopped says so, and the next goes on where it ended', async () => {
  await using folder = await tempFolder();
  await fillStore(`${folder.path}/log.sqlite`, FILLING);
  await using log = openLog(`${folder.path}/log.sqlite`);
  const first = Promise.withResolvers<void>();
  let steps = 0;
  // The rest after a step is so long that only the stop can end it.
  const stopped = purgeOf(log.upkeep, {
    onStep: () => {
      steps++;
      first.resolve();
    },
    restFactor: 1_000_000,
  });
  const running = expect(stopped.run()).rejects.toMatchObject({ code: 'SHUTTING_DOWN' });
  await first.promise;
  await stopped[Symbol.asyncDispose]();
  await running;
  expect(steps).toBe(1);
  expect(await log.upkeep.stats()).toMatchObject({ purging: 3, requestsByStatus: {}, lastPurge: null });
  expect(await purgeOf(log.upkeep).run()).toMatchObject({ requests: 3 });
});
