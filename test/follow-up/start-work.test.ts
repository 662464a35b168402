import { expect, test } from 'vitest';
import { LocalLeases } from '../../src/datasources/request-log/local-leases.ts';
import { startWork } from '../../src/gateway/start-work.ts';
import { recordedLog } from '../support/recorded-log.ts';

const PATIENCE = { patienceMs: 1 };

function parts() {
  const leases = new LocalLeases();
  const { logger, of } = recordedLog();
  return { leases, of, store: { leases }, logger, undo: new AsyncDisposableStack() };
}

test('a start waits for the beginning of the work, however long it takes, when the lease is free', async () => {
  const { store, logger, undo } = parts();
  const gate = Promise.withResolvers<void>();
  const events: string[] = [];
  const started = startWork({ store, logger, undo }, async () => (await gate.promise, void events.push('begun')), PATIENCE).then(() =>
    events.push('started'),
  );
  // This timer was set after that of the patience, and is as long: so it ends after it.
  setTimeout(gate.resolve, PATIENCE.patienceMs);
  await started;
  await undo.disposeAsync();
  expect(events).toEqual(['begun', 'started']);
});

test('a start does not wait for a lease that another gateway has; the work begins when it is given back, and ends with the gateway', async () => {
  const { leases, store, logger, undo } = parts();
  const other = Promise.withResolvers<void>();
  const held = leases.during('carrier-work', () => other.promise);
  const events: string[] = [];
  const begun = Promise.withResolvers<void>();
  await startWork(
    { store, logger, undo },
    (_lease, ended) => {
      events.push('begun');
      ended.defer(() => void events.push('ended'));
      begun.resolve();
      return Promise.resolve();
    },
    PATIENCE,
  );
  expect(events).toEqual([]);
  other.resolve();
  await held;
  await begun.promise;
  await undo.disposeAsync();
  expect(events).toEqual(['begun', 'ended']);
  expect(await leases.during('carrier-work', () => Promise.resolve('free'))).toBe('free');
});

test('a start fails when its work cannot begin, and says so in the log', async () => {
  const { of, store, logger, undo } = parts();
  await expect(startWork({ store, logger, undo }, () => Promise.reject(new Error('no store')), PATIENCE)).rejects.toThrow('no store');
  await undo.disposeAsync();
  expect(of('carrier_work_failed')).toHaveLength(1);
});
