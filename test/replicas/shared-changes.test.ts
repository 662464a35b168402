import { expect, test } from 'vitest';
import { activateDevices } from '../support/activate-devices.ts';
import { ChangesLedger, clientOf, followThrough } from '../support/follow-changes.ts';
import { needPostgres } from '../support/need-postgres.ts';
import { openGateway } from '../support/open-gateway.ts';
import { SeededRandom } from '../support/seeded-random.ts';
import { startStack } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';

const REQUESTS = 8;
const DEVICES = 125;

test(
  'one gateway makes requests and hears their callbacks; whoever follows the account at either of them, cut at random, misses nothing',
  { timeout: 180_000 },
  async () => {
    const random = new SeededRandom();
    await using undo = new AsyncDisposableStack();
    const { url } = undo.use(await (await needPostgres()).openDatabase());
    const folder = undo.use(await tempFolder());
    const shared = (name: string) => ({ M2M_STORE_URL: url, M2M_STORE_JOURNAL: `${folder.path}/${name}.sqlite` });
    const stack = undo.use(await startStack({ env: shared('one'), simulator: { callbackDelayMs: [0, 300] } }));
    const other = undo.use(await openGateway(stack.simulator, `${folder.path}/unused.sqlite`, shared('other')));
    // Mostly at the gateway that hears nothing by itself.
    const clients = [other, other, stack.gateway].map(({ urls }) => clientOf(urls.websocket));
    for (const client of clients) undo.defer(() => client.dispose());

    const ledger = new ChangesLedger();
    await ledger.begin(stack);
    const cuts = await followThrough(stack, clients, ledger, random, async () => {
      for (let request = 0; request < REQUESTS; request++) await activateDevices(stack, DEVICES, { first: request * DEVICES + 1 });
      await stack.simulator.idle();
    });
    expect({ backwards: ledger.backwards, size: ledger.size }, `seed ${random.seed}`).toEqual({ backwards: [], size: REQUESTS });
    expect(cuts).toBeGreaterThan(10);
  },
);
