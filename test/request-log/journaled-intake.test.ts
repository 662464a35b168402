import { expect, test } from 'vitest';
import { JournaledIntake, type JournaledIntakeOptions } from '../../src/datasources/request-log/journaled-intake.ts';
import type { IncomingCallback } from '../../src/datasources/request-log/callback-intake.ts';
import { JOURNAL_LIMITS, type LogLimits } from '../../src/datasources/request-log/log-limits.ts';
import { callbackMessage } from '../support/callback-message.ts';
import { Away, FaultyIntake } from '../support/faulty-intake.ts';
import { storeOf, type FlatStore } from '../support/flat-store.ts';
import { openLog } from '../support/open-log.ts';
import { smallDisk, whyNoSmallDisk } from '../support/small-disk.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

interface Bench extends AsyncDisposable {
  readonly folder: string;
  readonly store: FlatStore;
  readonly shared: FaultyIntake;
}

interface Desk extends AsyncDisposable {
  readonly intake: JournaledIntake;
  readonly journal: FlatStore;
  readonly changes: string[];
  readonly stuck: unknown[];
  /** Resolves when the journal has been emptied so often. */
  emptied(times?: number): Promise<void>;
}

const letter = (text: string, more: { readonly forward?: { readonly contentType: null; readonly body: Uint8Array } } = {}) => ({
  account: 'account-1',
  service: 'CarrierService',
  receivedAt: 7,
  reason: 'UNREADABLE' as const,
  contentType: 'text/plain',
  body: Buffer.from(text),
  ...more,
});
const numbered = (number: number) => callbackMessage({ id: 'of-nobody', text: `number ${number}`, status: 'Pending' });

async function startBench(limits: Partial<LogLimits> = {}, fails?: (callback: IncomingCallback) => boolean): Promise<Bench> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const store = undo.use(openLog(`${folder.path}/shared.sqlite`, { limits, diskFloorBytes: 0 }));
  const built = undo.move();
  return { folder: folder.path, store, shared: new FaultyIntake(store, fails), [Symbol.asyncDispose]: () => built.disposeAsync() };
}

/** One life of a gateway's callback door. */
function openDesk({ folder, store, shared }: Bench, more: Partial<JournaledIntakeOptions> = {}, place = folder): Desk {
  const undo = new AsyncDisposableStack();
  const journal = undo.use(openLog(`${place}/journal.sqlite`, { limits: JOURNAL_LIMITS, diskFloorBytes: 0 }));
  const changes: string[] = [];
  const stuck: unknown[] = [];
  const intake = new JournaledIntake({
    shared: { intake: shared, forwards: store },
    journal: storeOf(journal),
    isUnavailable: (error) => error instanceof Away,
    patienceMs: 40,
    stuckPauseMs: 60_000,
    now: () => 99,
    onChange: (state) => changes.push(state),
    onStuck: (why) => stuck.push(why),
    ...more,
  });
  undo.defer(() => intake.close());
  return {
    intake,
    journal,
    changes,
    stuck,
    emptied: (times = 1) => until(() => changes.filter((change) => change === 'EMPTIED').length >= times),
    [Symbol.asyncDispose]: () => undo.disposeAsync(),
  };
}

async function textsIn(store: FlatStore): Promise<string[]> {
  const { rows } = await store.unclaimed(null, null, 10_000);
  return rows.map(({ json }) => (JSON.parse(json) as { comment: string }).comment);
}

const inOrder = (count: number) => Array.from({ length: count }, (_, number) => `number ${number}`);

test('what the shared store does not take waits in the journal, and all is stored in the order in which it was acknowledged', async () => {
  await using bench = await startBench();
  await using desk = openDesk(bench);
  const { intake } = desk;
  let next = 0;
  const send = async (count: number) => {
    for (const end = next + count; next < end; next++) await intake.append(numbered(next));
  };
  await send(5);
  expect(intake.state).toEqual({ isBehind: false, since: null, stuck: null });
  bench.shared.fault = 'AWAY';
  await send(300);
  expect(intake.state).toEqual({ isBehind: true, since: 99, stuck: null });
  expect(await textsIn(bench.store)).toEqual(inOrder(5));
  expect(desk.changes).toEqual(['BEHIND']);
  bench.shared.release();
  // New messages come all the while, and none of them overtakes one that waits.
  while (intake.state.isBehind) await send(1);
  await send(5);
  await desk.emptied();
  expect(await textsIn(bench.store)).toEqual(inOrder(next));
  expect(await textsIn(desk.journal)).toEqual([]);
  expect(desk.changes).toEqual(['BEHIND', 'EMPTIED']);
});

test('messages that were under way in a silent store are acknowledged in time, and stored once', async () => {
  await using bench = await startBench();
  await using desk = openDesk(bench);
  bench.shared.fault = 'SILENT';
  const results = await Promise.all(Array.from({ length: 20 }, (_, number) => desk.intake.append(numbered(number))));
  expect(new Set(results)).toEqual(new Set(['UNCLAIMED']));
  expect(await textsIn(desk.journal)).toEqual(inOrder(20));
  // The store takes what it was asked long ago, and then the same from the journal.
  bench.shared.release();
  await desk.emptied();
  expect(await textsIn(bench.store)).toEqual(inOrder(20));
});

test('a message whose answer was lost is in both stores for a while, and is stored once', async () => {
  await using bench = await startBench();
  await using desk = openDesk(bench);
  bench.shared.fault = 'ANSWER_LOST';
  expect(await desk.intake.append(numbered(0))).toBe('UNCLAIMED');
  expect(await desk.intake.keep(letter('twice'))).toBe('KEPT');
  bench.shared.release();
  await desk.emptied();
  expect(await textsIn(bench.store)).toEqual(['number 0']);
  expect((await bench.store.deadLetters({ accounts: null, reason: null }, null, 10)).rows).toHaveLength(1);
});

test('a journal that was full at the end of a life is emptied by the next one, before anything newer is stored', async () => {
  await using bench = await startBench();
  bench.shared.fault = 'AWAY';
  {
    await using first = openDesk(bench);
    for (let number = 0; number < 600; number++) await first.intake.append(numbered(number));
  }
  bench.shared.release();
  await using second = openDesk(bench);
  second.intake.start();
  await second.intake.append(numbered(600));
  await second.emptied();
  expect(await textsIn(bench.store)).toEqual(inOrder(601));
});

test('a start with an empty journal tells nothing, and messages go to the shared store', async () => {
  await using bench = await startBench();
  await using desk = openDesk(bench);
  desk.intake.start();
  await until(() => !desk.intake.state.isBehind);
  await desk.intake.append(numbered(0));
  expect(await textsIn(bench.store)).toEqual(['number 0']);
  expect(desk.changes).toEqual([]);
});

test('a message that the shared store refuses stays, is told, holds up nobody, and is moved when there is room', async () => {
  const limits = { messages: 3 };
  await using bench = await startBench(limits);
  await using desk = openDesk(bench);
  bench.shared.fault = 'AWAY';
  for (let number = 0; number < 5; number++) await desk.intake.append(numbered(number));
  await desk.intake.append(callbackMessage({ id: 'of-nobody', account: 'account-2', text: 'of another path' }));
  bench.shared.release();
  await until(() => !desk.intake.state.isBehind);
  expect(desk.intake.state).toEqual({ isBehind: false, since: null, stuck: 'PATH_FULL' });
  expect(desk.stuck).toEqual(['PATH_FULL']);
  expect(await textsIn(bench.store)).toEqual([...inOrder(3), 'of another path']);
  expect(await textsIn(desk.journal)).toEqual(['number 3', 'number 4']);
  // New messages go to the shared store again: it answers for itself.
  expect(await desk.intake.append(numbered(5))).toBe('PATH_FULL');
  expect(await desk.intake.append(callbackMessage({ id: 'of-nobody', account: 'account-2', text: 'later' }))).toBe('UNCLAIMED');

  const { rows } = await bench.store.unclaimed(null, null, 10);
  await bench.store.discardUnclaimed(rows.map(({ id }) => id));
  // The next outage begins a new round, which begins with the oldest.
  bench.shared.fault = 'AWAY';
  await desk.intake.append(callbackMessage({ id: 'of-nobody', account: 'account-2', text: 'last' }));
  bench.shared.release();
  await desk.emptied();
  expect(await textsIn(bench.store)).toEqual(['number 3', 'number 4', 'last']);
  expect(desk.intake.state.stuck).toBeNull();
});

test('a message that the shared store fails because of is acknowledged, and told until it can be moved', async () => {
  let isMended = false;
  await using bench = await startBench({}, ({ json }) => !isMended && json.includes('number 1'));
  await using desk = openDesk(bench, { stuckPauseMs: 10 });
  for (let number = 0; number < 3; number++) expect(await desk.intake.append(numbered(number))).toBe('UNCLAIMED');
  await until(() => desk.intake.state.stuck === 'a bug' && !desk.intake.state.isBehind);
  expect(await textsIn(desk.journal)).toEqual(['number 1']);
  isMended = true;
  await desk.emptied();
  expect((await textsIn(bench.store)).toSorted()).toEqual(inOrder(3));
});

test('dead letters and the copies for the previous listener are moved too', async () => {
  await using bench = await startBench();
  await using desk = openDesk(bench);
  bench.shared.fault = 'AWAY';
  await desk.intake.append(callbackMessage({ id: 'of-nobody', text: 'copied', forward: true }));
  await desk.intake.keep(letter('first', { forward: { contentType: null, body: Buffer.from('copy of the first') } }));
  await desk.intake.keep(letter('second'));
  bench.shared.release();
  await desk.emptied();
  const { rows } = await bench.store.deadLetters({ accounts: null, reason: null }, null, 10);
  expect(rows.map(({ body, receivedAt, contentType }) => [Buffer.from(body).toString(), receivedAt, contentType])).toEqual([
    ['first', 7, 'text/plain'],
    ['second', 7, 'text/plain'],
  ]);
  const copies = await bench.store.forwards({ account: 'account-1', service: 'CarrierService' }, 10);
  expect(copies.map(({ body }) => Buffer.from(body).toString().includes('cop'))).toEqual([true, true]);
  expect(await desk.journal.forwardBacklog()).toMatchObject({ rows: 0 });
});

test('a gateway stops while the shared store is silent in the middle of a move, and the next one moves all', async () => {
  await using bench = await startBench();
  {
    await using desk = openDesk(bench);
    bench.shared.fault = 'AWAY';
    for (let number = 0; number < 3; number++) await desk.intake.append(numbered(number));
    bench.shared.fault = 'SILENT';
    await bench.shared.asked();
  }
  bench.shared.release();
  await using next = openDesk(bench);
  next.intake.start();
  await next.emptied();
  expect(await textsIn(bench.store)).toEqual(inOrder(3));
});

test.skipIf(whyNoSmallDisk() !== null)(
  'when the disk of the journal is full too, nothing is acknowledged that is not stored, and all goes on with room',
  async () => {
    await using bench = await startBench();
    await using disk = await smallDisk('6m');
    await using desk = openDesk(bench, {}, disk.path);
    bench.shared.fault = 'AWAY';
    const acknowledged: string[] = [];
    let refusals = 0;
    for (let number = 0; refusals < 5; number++) {
      const message = callbackMessage({ id: 'of-nobody', text: `number ${number} ${'x'.repeat(20_000)}` });
      await desk.intake.append(message).then(
        () => acknowledged.push(`number ${number}`),
        () => refusals++,
      );
    }
    expect(acknowledged.length).toBeGreaterThan(10);
    bench.shared.release();
    disk.resize('40m');
    await desk.emptied();
    expect((await textsIn(bench.store)).map((text) => text.split(' x')[0])).toEqual(acknowledged);
  },
);
