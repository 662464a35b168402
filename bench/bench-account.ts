import { BenchProcess } from './child-process.ts';
import { ACCOUNT } from './gateway-process.ts';
import { CHANGES_QUERY } from './load-plan.ts';
import { openBench } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { runLoad, type LoadRun } from './run-load.ts';
import { middleRound } from './statistics.ts';

/** Measures what a thousand live tables of one account cost while its devices report, beside as many followers of its requests. */
export async function benchAccount(options: BenchOptions): Promise<Section> {
  const { quick, inFlight, rounds } = options;
  const followerCount = quick ? 20 : 1_000;
  const loads = quick
    ? [
        { requests: 1, devices: 200 },
        { requests: 10, devices: 20 },
      ]
    : [
        { requests: 1, devices: 10_000 },
        { requests: 100, devices: 100 },
      ];
  await using bench = await openBench({ ...options, against: null });
  const { gateway, generator, own } = bench;
  await using followers = new BenchProcess('./account-followers.ts');
  const query = CHANGES_QUERY(ACCOUNT);
  const followAccount = async (count: number, devices: number): Promise<LoadRun> => {
    const requests = await gateway.submit(count, devices);
    const load = { url: gateway.callbackUrl, requests, inFlight };
    const plan = { url: gateway.websocketUrl, followers: followerCount, requests, query, awaitFirst: true };
    return runLoad({ server: gateway.process, generator, followers }, load, plan);
  };
  const rows: Row[] = [];
  for (const { requests, devices } of loads) {
    const runs: Record<'nobody' | 'requestStatus' | 'requestsChanged', LoadRun[]> = { nobody: [], requestStatus: [], requestsChanged: [] };
    for (let round = 0; round < rounds; round++) {
      runs.nobody.push(await own.measure({ requests, devices, inFlight, followerCount: 0 }));
      runs.requestStatus.push(await own.measure({ requests, devices, inFlight, followerCount }));
      runs.requestsChanged.push(await followAccount(requests, devices));
    }
    const floor = middleRound(runs.requestStatus, ({ cpuMsPer10k }) => cpuMsPer10k);
    for (const [name, some] of Object.entries(runs)) {
      const run = middleRound(some, ({ cpuMsPer10k }) => cpuMsPer10k);
      rows.push(row(`${requests} × ${devices.toLocaleString('en-US')}: ${name}`, run, floor));
    }
  }
  return {
    title: 'account: live tables of one account',
    notes: [
      `${followerCount.toLocaleString('en-US')} followers, each on its own socket; ${inFlight} callbacks in flight; middle of ${rounds} rounds by processor time; milliseconds.`,
      '× compares with as many followers of `requestStatus`, spread over the requests, who are sent each device.',
    ],
    rows,
  };
}

function row(name: string, run: LoadRun, floor: LoadRun): Row {
  const seconds = run.callbacks / run.perSecond;
  return {
    name,
    figures: {
      'CPU ms/10k': Math.round(run.cpuMsPer10k),
      '× requestStatus': run.cpuMsPer10k / floor.cpuMsPer10k,
      'events/s': Math.round(run.frames / seconds),
      'callbacks/s': Math.round(run.perSecond),
      'ack p99': run.ackMs.p99,
      MB: run.bytes / 1_048_576,
      block: run.longestBlockMs,
    },
  };
}
