import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { startWork } from '../../src/gateway/start-work.ts';
import { createLogger } from '../../src/logger.ts';
import { GroupMembers } from '../../src/resolvers/requests/group-members.ts';
import { RequestSender } from '../../src/resolvers/requests/request-sender.ts';
import { SendQueue } from '../../src/resolvers/requests/send-queue.ts';
import { carrierClient } from '../support/carrier-client.ts';
import { iccid } from '../support/devices.ts';
import { storeOf } from '../support/flat-store.ts';
import { newRequest } from '../support/new-request.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';

const ROUNDS = 6;
const REQUESTS = 20;

test('two gateways on one store: one of them sends, whoever took the request; the other goes on when it ends, and nothing is sent twice', async () => {
  await using simulator = await startSimulator({ magicIdentifiers: false, activateRequestsPerMinute: Number.POSITIVE_INFINITY });
  const [account = ''] = simulator.accounts;
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/store`);
  const store = storeOf(log);
  const failures: unknown[] = [];
  const begun: string[] = [];
  const startGateway = async (name: string) => {
    const undo = new AsyncDisposableStack();
    const carrier = undo.use(carrierClient(simulator));
    const sender = undo.use(
      new RequestSender({
        store,
        thingSpace: carrier.thingSpace,
        queue: undo.use(new SendQueue({ perMinute: 100_000, monotonicNow: () => performance.now() })),
        members: new GroupMembers({ store, reads: carrier.reads, onFailure: (_id, error) => failures.push(error) }),
        firstPauseMs: 5,
        maxPauseMs: 20,
        maxWaitMs: 60_000,
        now: Date.now,
        onFailure: (_id, error) => failures.push(error),
      }),
    );
    const started = startWork({ store, logger: createLogger({ level: 'silent' }), undo }, async (lease, ended) => {
      begun.push(name);
      await sender.begin(lease, ended);
    });
    return { sender, started, stop: () => undo.disposeAsync() };
  };
  let number = 0;
  const intend = async () => {
    const settings = JSON.stringify({ servicePlan: 'm2m4G2GB', mdnZipCode: '98801', skuNumber: 'VZW1' });
    const request = newRequest([[['ICCID', iccid(++number)]]], { account, settings, createdAt: Date.now() });
    return (await log.create(request)).id;
  };
  let one = await startGateway('1');
  await one.started;
  for (let round = 2; round <= ROUNDS; round++) {
    const other = await startGateway(String(round));
    const ids = await Promise.all(Array.from({ length: REQUESTS }, intend));
    const sent = Promise.all(ids.map((id, at) => (at % 2 === 0 ? one : other).sender.send(id)));
    // The first one ends while it sends. What had not left by then, the other sends.
    await until(() => simulator.ledger.posts.length >= (round - 2) * REQUESTS + round);
    await one.stop();
    await sent;
    await until(async () => (await log.queued()).length === 0);
    one = other;
  }
  await until(() => simulator.ledger.posts.length === number);
  await one.stop();
  expect(begun).toEqual(Array.from({ length: ROUNDS }, (_, at) => String(at + 1)));
  expect([...simulator.ledger.postsPerDevice().values()]).toEqual(Array.from({ length: number }, () => 1));
  expect(failures).toEqual([]);
});
