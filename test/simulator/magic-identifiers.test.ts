import { expect, test } from 'vitest';
import { magicIdentifiers } from '../../simulator/magic-identifiers.ts';
import { ManualClock } from './support/manual-clock.ts';
import { openScene } from './support/scene.ts';

/** What each suffix reports, in order. */
const expected: Record<string, string[]> = {
  '0001': ['Success'],
  '0002': [],
  '0003': ['Pending', 'Success'],
  '0004': ['Success', 'Success'],
  '0005': ['Success', 'ConfigFailed'],
  '0006': ['Success', 'Failed'],
  '0007': ['Success', 'ConfigCreated'],
  '4000': ['Failed'],
  '4030': ['Failed'],
  '4040': ['Failed'],
  '4090': ['Failed'],
  '4220': ['Failed'],
  '5000': ['Failed'],
};

test('every magic identifier does what the table says', async () => {
  expect(Object.keys(expected).toSorted()).toEqual(magicIdentifiers.map(({ suffix }) => suffix).toSorted());
  const clock = new ManualClock();
  await using scene = await openScene(['CarrierService', 'NiddService'], { clock, callbackDelayMs: [100, 100] });
  const { simulator, listener, client } = scene;
  for (const { suffix, script } of magicIdentifiers) {
    listener.received.length = 0;
    await client.activated(`8914139078080078${suffix}`);
    if (script.kind === 'late') {
      clock.advance(59_999);
      expect(simulator.ledger.counts.callbacksSent).toBe(0);
    }
    clock.advance(105);
    await simulator.idle();
    expect([suffix, listener.messages.map(({ status }) => status)]).toEqual([suffix, expected[suffix]]);
    const faultcode = script.kind === 'fault' ? script.faultcode : undefined;
    if (faultcode !== undefined) expect(listener.messages[0]?.faultResponse?.faultcode).toBe(faultcode);
    if (script.kind === 'twice') expect(new Set(listener.received.map(({ body }) => body)).size).toBe(1);
  }
});

test('counts as ordinary when magic is turned off', async () => {
  await using scene = await openScene(['CarrierService'], { magicIdentifiers: false });
  const { simulator, listener, client } = scene;
  await client.activated('89141390780800784040');
  await simulator.idle();
  expect(listener.messages.map(({ status }) => status)).toEqual(['Success']);
});
