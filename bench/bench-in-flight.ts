import { statSync } from 'node:fs';
import { tempFolderOnDisk } from '../test/support/temp-folder.ts';
import { BenchProcess } from './child-process.ts';
import { FakeCarrier } from './fake-carrier.ts';
import { fillStore } from './fill-store.ts';
import { GatewayProcess } from './gateway-process.ts';
import type { BenchRequest } from './load-plan.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { runLoad } from './run-load.ts';

const DEVICES = 10_000;
/** Half of the devices have reported. The others report in two runs: right after a start, and when the gateway is warm. */
const DONE = DEVICES / 2;
const MOST_CALLBACKS = 40_000;

/** Measures what a callback costs while more and more devices wait for theirs, in requests of 10,000. */
export async function benchInFlight({ quick, inFlight, requests, profile }: BenchOptions): Promise<Section> {
  await using carrier = await FakeCarrier.start();
  await using generator = new BenchProcess('./load-generator.ts');
  await using followers = new BenchProcess('./followers.ts');
  const devices = quick ? 100 : DEVICES;
  const done = quick ? 50 : DONE;
  const rows: Row[] = [];
  const notes: string[] = [];
  let floor = { cold: 0, warm: 0 };
  for (const count of [1, 16, 100, 1_000].filter((each) => each <= requests)) {
    await using folder = await tempFolderOnDisk();
    const storePath = `${folder.path}/bench.sqlite`;
    const filled = fillStore(storePath, { requests: count, devices, done });
    const perRun = Math.floor(Math.min(devices - done, MOST_CALLBACKS / count) / 2);
    await using gateway = await GatewayProcess.start({ carrierUrl: carrier.url, storePath, profile });
    await gateway.ready();
    const parts = { server: gateway.process, generator, followers };
    const part = (from: number): BenchRequest[] =>
      filled.requests.map((each) => ({ ...each, firstDevice: each.firstDevice + from, devices: perRun }));
    const url = gateway.callbackUrl;
    const [one] = part(done);
    const first = one && (await runLoad(parts, { url, requests: [{ ...one, devices: 1 }], inFlight: 1 }, null));
    const cold = await runLoad(parts, { url, requests: part(done + 1), inFlight, isMixed: true }, null);
    const warm = await runLoad(parts, { url, requests: part(done + 1 + perRun), inFlight, isMixed: true }, null);
    // Memory grows with the callbacks that were taken, until the first large collections. So each case has taken as many.
    const missing = Math.ceil((quick ? 0 : MOST_CALLBACKS - 2 * perRun * count) / (perRun * count));
    let { rssMb } = warm;
    for (let round = 0; round < missing; round++) {
      ({ rssMb } = await runLoad(parts, { url, requests: part(done + 1 + perRun), inFlight, isMixed: true }, null));
    }
    if (count === 1) floor = { cold: cold.perSecond, warm: warm.perSecond };
    for (const [state, run] of Object.entries({ cold, warm })) {
      rows.push({
        name: `${(count * devices).toLocaleString('en-US')} devices, ${state}`,
        figures: {
          'callbacks/s': Math.round(run.perSecond),
          '× 10,000': run.perSecond / floor[state as keyof typeof floor],
          'CPU ms/10k': Math.round(run.cpuMsPer10k),
          'ack p50': run.ackMs.p50,
          'ack p99': run.ackMs.p99,
          max: run.ackMs.max,
          'first ack': state === 'cold' ? (first?.ackMs.max ?? 0) : 0,
          'memory MB': Math.round(state === 'cold' ? run.rssMb : rssMb),
        },
      });
    }
    const mb = Math.round(statSync(storePath).size / 1_048_576).toLocaleString('en-US');
    notes.push(
      `${count} requests: ${(perRun * count).toLocaleString('en-US')} callbacks in each run, a store of ${mb} MB made in ${Math.round(filled.seconds)} s.`,
    );
  }
  return {
    title: 'in-flight: what a callback costs while many devices wait',
    notes: [
      `Requests of ${devices.toLocaleString('en-US')} devices, half of them done; ${inFlight} callbacks on their way, requests in turn, devices in no order; milliseconds.`,
      ...notes,
      `Memory, warm: after ${MOST_CALLBACKS.toLocaleString('en-US')} callbacks. Where fewer devices wait, the rest are resends.`,
    ],
    rows,
  };
}
