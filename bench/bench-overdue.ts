import { tempFolderOnDisk } from '../test/support/temp-folder.ts';
import { BenchProcess } from './child-process.ts';
import { FakeCarrier } from './fake-carrier.ts';
import { fillStore } from './fill-store.ts';
import { GatewayProcess } from './gateway-process.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { runLoad, type LoadRun } from './run-load.ts';

const REQUESTS = 10_000;
const DEVICES = 100;
/** Few, because it shows how long a callback waits for the work beside it, and not for other callbacks. */
const IN_FLIGHT = 4;
/** The most runs of callbacks until everything has lapsed. */
const MOST_RUNS = 60;
const NOTHING_OVERDUE = { M2M_OVERDUE_AFTER_MS: '86400000', M2M_EXPIRE_AFTER_MS: '604800000' };

/** Measures how long callbacks wait while, after a kill -9, thousands of requests are overdue or expired at once. */
export async function benchOverdue({ quick, profile }: BenchOptions): Promise<Section> {
  await using carrier = await FakeCarrier.start();
  await using generator = new BenchProcess('./load-generator.ts');
  await using followers = new BenchProcess('./followers.ts');
  await using folder = await tempFolderOnDisk();
  const storePath = `${folder.path}/bench.sqlite`;
  const filled = fillStore(storePath, { requests: quick ? 100 : REQUESTS, devices: DEVICES, done: 0 });
  // Requests of one run. The newest are the last to lapse.
  const inRun = quick ? 2 : 20;
  const runs = Array.from({ length: quick ? 4 : MOST_RUNS }, (_, run) => filled.requests.slice(-inRun * (run + 1)).slice(0, inRun));
  const load = async (gateway: GatewayProcess, run: number) => {
    const parts = { server: gateway.process, generator, followers };
    return runLoad(parts, { url: gateway.callbackUrl, requests: runs[run] ?? [], inFlight: IN_FLIGHT, isMixed: true }, null);
  };
  let quiet: LoadRun;
  {
    await using gateway = await GatewayProcess.start({ carrierUrl: carrier.url, storePath, profile, env: NOTHING_OVERDUE });
    await load(gateway, 0);
    quiet = await load(gateway, 1);
    await gateway.process.kill();
  }
  await using gateway = await GatewayProcess.start({ carrierUrl: carrier.url, storePath, profile });
  const began = performance.now();
  const busy: LoadRun[] = [];
  let lapsed = 0;
  for (let run = 2, isGoingOn = true; run < runs.length && isGoingOn; run++) {
    busy.push(await load(gateway, run));
    const now = await gateway.lapsed();
    isGoingOn = now > lapsed || now === 0;
    lapsed = now;
  }
  const seconds = (performance.now() - began) / 1_000;
  return {
    title: 'overdue: callbacks while many requests lapse at once',
    notes: [
      `${filled.requests.length.toLocaleString('en-US')} requests of ${DEVICES} devices, all overdue or expired when the gateway starts after a kill -9; ${IN_FLIGHT} callbacks on their way; milliseconds.`,
      `${lapsed.toLocaleString('en-US')} devices had lapsed after ${Math.round(seconds)} s.`,
    ],
    rows: [row('nothing overdue', [quiet], quiet), row('all overdue', busy, quiet)],
  };
}

function row(name: string, runs: readonly LoadRun[], floor: LoadRun): Row {
  const callbacks = runs.reduce((sum, run) => sum + run.callbacks, 0);
  const perSecond = callbacks / runs.reduce((sum, run) => sum + run.callbacks / run.perSecond, 0);
  return {
    name,
    figures: {
      callbacks,
      'callbacks/s': Math.round(perSecond),
      '× nothing': perSecond / floor.perSecond,
      'ack p50': Math.max(...runs.map(({ ackMs }) => ackMs.p50)),
      'ack p99': Math.max(...runs.map(({ ackMs }) => ackMs.p99)),
      max: Math.max(...runs.map(({ ackMs }) => ackMs.max)),
      block: Math.max(...runs.map(({ longestBlockMs }) => longestBlockMs)),
    },
  };
}
