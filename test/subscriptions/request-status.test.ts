import { describe, expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { EventLedger, FAULTLESS, positionOf } from '../support/event-ledger.ts';
import { refusalOf, TRANSPORTS, type FollowEvent } from '../support/follow.ts';
import { startStack } from '../support/stack.ts';

describe.each(TRANSPORTS)('requestStatus over $transport', ({ following }) => {
  test.each([1, 1_000])('replays a finished request to a late subscriber in batches of %i, and completes', async (batchSize) => {
    await using stack = await startStack();
    const { id } = await activateDevices(stack, 40);
    await stack.simulator.idle();
    const ledger = new EventLedger(40);
    const sizes: number[] = [];
    let position = 0;
    for await (const event of following(stack, { id, batchSize })) {
      ledger.add(event);
      sizes.push(positionOf(event.cursor) - position);
      position = positionOf(event.cursor);
    }
    expect({ ...ledger.report(), status: ledger.status }).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
    expect(sizes).toEqual(batchSize === 1 ? Array.from({ length: 43 }, () => 1) : [43]);
  });

  test('shows at each cursor the status and the progress of that moment, the terminal status only in the last event', async () => {
    await using stack = await startStack({ simulator: { callbackDelayMs: [0, 100], failureRate: 0.3, seed: 5 } });
    const { id } = await activateDevices(stack, 60);
    const ledger = new EventLedger(60);
    const statuses: string[] = [];
    for await (const event of following(stack, { id, batchSize: 3 })) {
      ledger.add(event);
      statuses.push(event.status);
    }
    expect(ledger.report()).toEqual(FAULTLESS);
    expect(statuses.at(-1)).toBe('PARTIALLY_FAILED');
    expect(new Set(statuses.slice(0, -1))).toEqual(new Set(['IN_PROGRESS']));
  });

  test('follows only what is new after LATEST; of a finished request that is nothing', async () => {
    await using stack = await startStack();
    stack.simulator.holdCallbacks();
    const { id } = await activateDevices(stack, 30);
    const latest = following(stack, { id, after: 'LATEST' });
    const first = latest.next();
    // Another subscriber's first event: by then the one before it stands at the end of the log.
    const fromStart = following(stack, { id });
    await fromStart.next();
    stack.simulator.releaseCallbacks();
    const seen = new Set<string>();
    const event = (await first).value as FollowEvent;
    expect(positionOf(event.cursor) - event.outcomes.length).toBe(3);
    for (const { id: outcome } of event.outcomes) seen.add(outcome);
    for await (const { outcomes } of latest) for (const outcome of outcomes) seen.add(outcome.id);
    for await (const { status } of fromStart) expect(status).toBeDefined();
    expect(seen.size).toBe(30);
    for await (const { cursor } of following(stack, { id, after: 'LATEST' })) expect.unreachable(`an event at ${cursor}`);
  });

  test('yields the same request under the carrier’s own request id', async () => {
    await using stack = await startStack();
    const { id, carrierRequestId } = await activateDevices(stack, 5);
    await stack.simulator.idle();
    const byOwn = await Array.fromAsync(following(stack, { id }));
    const byCarriers = await Array.fromAsync(following(stack, { id: carrierRequestId }));
    expect(byCarriers).toEqual(byOwn);
    expect(byOwn.at(-1)?.cursor).toContain(id);
  });

  test('refuses at once what cannot be followed', async () => {
    await using stack = await startStack();
    const { id } = await activateDevices(stack, 3);
    const { id: other } = await activateDevices(stack, 3, { first: 10 });
    await stack.simulator.idle();
    const last = (await Array.fromAsync(following(stack, { id }))).at(-1)?.cursor ?? '';
    const [position, , epoch] = last.split('.') as [string, string, string];
    const otherEpoch = epoch === '00000000' ? '00000001' : '00000000';
    const refusals = await Promise.all(
      [
        { id: `req_${'0'.repeat(26)}` },
        { id: '00000000-0000-0000-0000-000000000000' },
        { id: '' },
        { id, after: 'forged' },
        { id, after: '0' },
        { id, after: `-1.${id}.${epoch}` },
        { id, after: `1.${other}.${epoch}` },
        { id, after: `${Number(position) + 1}.${id}.${epoch}` },
        { id, after: `1.${id}.${otherEpoch}` },
        { id, batchSize: 0 },
        { id, batchSize: 1_001 },
      ].map((variables) => refusalOf(following(stack, variables))),
    );
    expect(refusals).toEqual([
      'NOT_FOUND',
      'NOT_FOUND',
      'NOT_FOUND',
      'CURSOR_INVALID',
      'CURSOR_INVALID',
      'CURSOR_INVALID',
      'CURSOR_INVALID',
      'CURSOR_INVALID',
      'CURSOR_EXPIRED',
      'BAD_USER_INPUT',
      'BAD_USER_INPUT',
    ]);
  });

  test('completes after the terminal event, or with untilNiddSettled after the NIDD messages', async () => {
    await using stack = await startStack({ simulator: { magicIdentifiers: true } });
    stack.simulator.holdCallbacks();
    // 0007: succeeds, and NiddService reports it too.
    const { id } = await activateDevices(stack, [10_007, 20_007, 30_007, 40_007], { servicePlan: 'NBIoT50KB' });
    const plain = following(stack, { id });
    const patient = following(stack, { id, untilNiddSettled: true });
    await Promise.all([plain.next(), patient.next()]);
    stack.simulator.releaseCallbacks();
    const [short, long] = await Promise.all([Array.fromAsync(plain), Array.fromAsync(patient)]);
    expect(short.filter(({ status }) => status === 'SUCCEEDED')).toHaveLength(1);
    expect(settledNidd(long)).toBe(4);
    await stack.simulator.idle();
    // The same to those who come when all is over, however they cut it.
    for (const batchSize of [1, 3, 1_000]) {
      const late = await Array.fromAsync(following(stack, { id, untilNiddSettled: true, batchSize }));
      expect(settledNidd(late)).toBe(4);
      const terminal = late.find(({ status }) => status === 'SUCCEEDED')?.cursor ?? '';
      const resumed = await Array.fromAsync(following(stack, { id, untilNiddSettled: true, batchSize, after: terminal }));
      expect([...late.slice(0, late.findIndex(({ cursor }) => cursor === terminal) + 1), ...resumed]).toEqual(late);
    }
  });
});

/** Devices whose NIDD message was shown. */
function settledNidd(events: readonly FollowEvent[]): number {
  return new Set(events.flatMap(({ outcomes }) => outcomes.filter(({ nidd }) => nidd !== null).map(({ id }) => id))).size;
}
