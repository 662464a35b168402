import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { EventLedger, FAULTLESS } from '../support/event-ledger.ts';
import { follow } from '../support/follow.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { startStack } from '../support/stack.ts';

const CUTS = 1_000;
const DEVICES = 400;

test(
  'over 1,000 cuts at random places every device arrives exactly once, in order, on live and on finished requests',
  { timeout: 120_000 },
  async () => {
    const random = new SeededRandom();
    await using stack = await startStack({ simulator: { callbackDelayMs: [0, 150] } });
    const client = stack.client();
    let cuts = 0;
    for (let request = 0; cuts < CUTS; request++) {
      const live = request % 2 === 0;
      if (live) stack.simulator.holdCallbacks();
      const { id } = await activateDevices(stack, DEVICES, { first: request * DEVICES + 1 });
      if (!live) await stack.simulator.idle();
      const ledger = new EventLedger(DEVICES);
      while (!ledger.finished) {
        const variables = { id, after: ledger.cursor, batchSize: random.between(1, 4) };
        let left = random.between(1, 3);
        for await (const event of follow(client, variables)) {
          ledger.add(event);
          // From its first event on the request goes on under the followers' feet.
          if (live && ledger.events === 1) stack.simulator.releaseCallbacks('shuffled');
          if (--left === 0) break;
        }
        if (ledger.finished) break;
        cuts++;
        // Half of them leave politely (the loop did), half lose the whole connection, one in three of those before its first event.
        if (random.between(0, 1) === 0) continue;
        const early = random.between(0, 2) === 0 ? client.iterate({ query: 'subscription { __typename }' }).next() : null;
        client.terminate();
        await early?.catch(() => undefined);
      }
      expect({ ...ledger.report(), status: ledger.status }, `seed ${random.seed}`).toEqual({ ...FAULTLESS, status: 'SUCCEEDED' });
    }
    expect(cuts).toBeGreaterThanOrEqual(CUTS);
  },
);
