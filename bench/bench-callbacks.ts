import { BenchProcess } from './child-process.ts';
import { openBench } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { runLoad, type LoadRun } from './run-load.ts';
import { middleRound } from './statistics.ts';

/** Measures callbacks that are durable before their 2xx, beside a bare HTTP server and one that also parses and hashes. */
export async function benchCallbacks({ quick, inFlight, rounds, profile }: BenchOptions): Promise<Section> {
  const cases = quick
    ? [
        { requests: 1, devices: 500 },
        { requests: 10, devices: 50 },
      ]
    : [
        { requests: 1, devices: 10_000 },
        { requests: 100, devices: 100 },
        { requests: 20, devices: 5_000 },
      ];
  await using bench = await openBench({ profile });
  const { generator, followers, gateway } = bench;
  await using bare = new BenchProcess('./floor-http.ts');
  await using hashing = new BenchProcess('./floor-http.ts', { env: { BENCH_FLOOR: 'hash' } });

  const bareUrl = await bare.ask<string>('listen');
  const hashingUrl = await hashing.ask<string>('listen');
  const floor = async (server: BenchProcess, devices: number): Promise<LoadRun> => {
    const url = server === bare ? bareUrl : hashingUrl;
    const requests = [{ requestId: '', carrierRequestId: '595f5c44-c31c-4552-8670-020a1545a84d', firstDevice: 1, devices }];
    return runLoad({ server, generator, followers }, { url, requests, inFlight }, null);
  };
  const measure = async (count: number, devices: number, followerCount: number): Promise<LoadRun> => {
    return bench.load(await gateway.submit(count, devices), inFlight, followerCount);
  };

  const warm = quick ? 200 : 10_000;
  const floorCallbacks = quick ? 500 : 10_000;
  for (const server of [bare, hashing]) await floor(server, warm);
  await measure(1, warm, 0);
  await measure(1, warm, 10);

  const measured = new Map<string, Beside[]>();
  for (let round = 0; round < rounds; round++) {
    for (const { requests, devices } of cases) {
      for (const followerCount of [0, 10]) {
        // The floors are measured at the same moment, because other work on the machine slows both.
        const floors = { bare: await floor(bare, floorCallbacks), hashing: await floor(hashing, floorCallbacks) };
        const name = `${requests} × ${devices.toLocaleString('en-US')}, ${followerCount} followers`;
        const beside = { ...floors, run: await measure(requests, devices, followerCount) };
        measured.set(name, [...(measured.get(name) ?? []), beside]);
      }
    }
  }
  const all = [...measured.values()].flat();
  const bareRow = middleRound(
    all.map((beside) => ({ ...beside, run: beside.bare })),
    ({ run }) => run.perSecond,
  );
  const hashRow = middleRound(
    all.map((beside) => ({ ...beside, run: beside.hashing })),
    ({ run }) => run.perSecond,
  );
  return {
    title: 'callbacks: on disk before their 2xx',
    notes: [
      `${inFlight} in flight from a process of its own; middle of ${rounds} rounds by its ratio to the floor right before it; milliseconds.`,
      '`bare` reads the body and answers, `hash` also parses, strips and hashes it; neither stores.',
    ],
    rows: [
      row('bare', bareRow),
      row('hash', hashRow),
      ...[...measured].map(([name, rows]) =>
        row(
          name,
          middleRound(rows, ({ run, bare: floorRun }) => run.perSecond / floorRun.perSecond),
        ),
      ),
    ],
  };
}

/** A case and the floors measured right before it. */
interface Beside {
  readonly run: LoadRun;
  readonly bare: LoadRun;
  readonly hashing: LoadRun;
}

function row(name: string, { run, bare, hashing }: Beside): Row {
  return {
    name,
    figures: {
      'callbacks/s': Math.round(run.perSecond),
      '× bare': run.perSecond / bare.perSecond,
      '× hash': run.perSecond / hashing.perSecond,
      'CPU ms/10k': Math.round(run.cpuMsPer10k),
      'CPU × bare': run.cpuMsPer10k / bare.cpuMsPer10k,
      'ack p50': run.ackMs.p50,
      p99: run.ackMs.p99,
      max: run.ackMs.max,
      ...(run.eventMs && { 'event p50': run.eventMs.p50, 'event p99': run.eventMs.p99 }),
      block: run.longestBlockMs,
    },
  };
}
