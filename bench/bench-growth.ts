import { stat } from 'node:fs/promises';
import { tempFolderOnDisk } from '../test/support/temp-folder.ts';
import { BenchProcess } from './child-process.ts';
import { FakeCarrier } from './fake-carrier.ts';
import { GatewayProcess } from './gateway-process.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { runLoad } from './run-load.ts';

const DEVICES = 5_000;

/** Measures what a callback costs as the store grows, and how long a gateway takes to start with that store. */
export async function benchGrowth({ quick, inFlight, rows, profile }: BenchOptions): Promise<Section> {
  const steps = quick ? 3 : 10;
  const perStep = Math.ceil(rows / steps);
  const devices = quick ? 100 : Math.min(DEVICES, perStep);
  await using folder = await tempFolderOnDisk();
  const storePath = `${folder.path}/bench.sqlite`;
  await using carrier = await FakeCarrier.start();
  await using generator = new BenchProcess('./load-generator.ts');
  await using followers = new BenchProcess('./followers.ts');
  const result: Row[] = [];
  const start = async (): Promise<{ gateway: GatewayProcess; readyMs: number }> => {
    const started = performance.now();
    const gateway = await GatewayProcess.start({ carrierUrl: carrier.url, storePath, profile });
    await gateway.ready();
    return { gateway, readyMs: performance.now() - started };
  };

  let stored = 0;
  let emptyMs: number;
  {
    const { gateway, readyMs } = await start();
    await using _undo = gateway;
    emptyMs = readyMs;
    const parts = { server: gateway.process, generator, followers };
    const fill = async (callbacks: number) => {
      const requests = await gateway.submit(Math.ceil(callbacks / devices), devices);
      const run = await runLoad(parts, { url: gateway.callbackUrl, requests, inFlight }, null);
      stored += run.callbacks;
      return run;
    };
    await fill(Math.min(20_000, perStep));
    let first = 0;
    for (let step = 1; step <= steps; step++) {
      const run = await fill(perStep);
      first ||= run.cpuMsPer10k;
      result.push({
        name: `to ${stored.toLocaleString('en-US')} rows`,
        figures: {
          'CPU ms/10k': Math.round(run.cpuMsPer10k),
          '× first': run.cpuMsPer10k / first,
          'callbacks/s': Math.round(run.perSecond),
          'ack p99': run.ackMs.p99,
          max: run.ackMs.max,
          'memory MB': Math.round(run.rssMb),
        },
      });
    }
  }
  const { size } = await stat(storePath);
  const again = await start();
  await using _undo = again.gateway;
  return {
    title: 'growth: what a callback costs as the store grows',
    notes: [
      `Requests of ${devices.toLocaleString('en-US')} devices, one callback each; ${inFlight} in flight; milliseconds.`,
      `Start to ready, Node's own start included: ${Math.round(emptyMs)} ms with an empty store, ${Math.round(again.readyMs)} ms with ${stored.toLocaleString('en-US')} callbacks (${Math.round(size / 1_048_576)} MB): × ${(again.readyMs / emptyMs).toFixed(2)}.`,
    ],
    rows: result,
  };
}
