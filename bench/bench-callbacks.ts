import { mkdir } from 'node:fs/promises';
import { BenchProcess } from './child-process.ts';
import { findRedis } from './find-redis.ts';
import { openBench } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { runLoad, type LoadRun } from './run-load.ts';
import { middleRound } from './statistics.ts';

/** One measurement and what was measured right before it. */
interface Beside {
  readonly run: LoadRun;
  readonly bare: LoadRun;
  readonly hash: LoadRun;
  /** Null where redis-server is not installed. */
  readonly redis: LoadRun | null;
  /** The same case through the other checkout; null without one. */
  readonly other: LoadRun | null;
}

/**
 * Measures callbacks that are durable before their 2xx, beside a bare HTTP server, one that also parses and hashes, and one that adds
 * each to a Redis Stream.
 */
export async function benchCallbacks(options: BenchOptions): Promise<Section> {
  const { quick, inFlight, rounds } = options;
  const cases = quick
    ? [
        { requests: 1, devices: 300 },
        { requests: 10, devices: 30 },
      ]
    : [
        { requests: 1, devices: 10_000 },
        { requests: 100, devices: 100 },
        { requests: 20, devices: 5_000 },
      ];
  await using bench = await openBench(options);
  const { generator, followers } = bench;
  const redisVersion = findRedis();
  await using peers = new AsyncDisposableStack();
  const listen = async (module: string, env: Readonly<Record<string, string>> = {}) => {
    const server = peers.use(new BenchProcess(module, { env }));
    return { server, url: await server.ask<string>('listen') };
  };
  const bare = await listen('./floor-http.ts');
  const hash = await listen('./floor-http.ts', { BENCH_FLOOR: 'hash' });
  const redisFolder = `${bench.folder}/redis`;
  await mkdir(redisFolder);
  const redis = redisVersion === null ? null : await listen('./peer-redis.ts', { BENCH_REDIS_FOLDER: redisFolder });

  const through = async ({ server, url }: typeof bare, devices: number): Promise<LoadRun> => {
    const requests = [{ requestId: '', carrierRequestId: '595f5c44-c31c-4552-8670-020a1545a84d', firstDevice: 1, devices }];
    return runLoad({ server, generator, followers }, { url, requests, inFlight }, null);
  };
  const throughRedis = async (peer: typeof bare, devices: number): Promise<LoadRun> => {
    const before = await peer.server.ask<number>('storeCpuMs');
    const run = await through(peer, devices);
    const storeCpuMs = (await peer.server.ask<number>('storeCpuMs')) - before;
    return { ...run, cpuMsPer10k: run.cpuMsPer10k + (storeCpuMs / run.callbacks) * 10_000 };
  };

  const warm = quick ? 200 : 10_000;
  const floorCallbacks = quick ? 300 : 10_000;
  for (const peer of [bare, hash, redis]) if (peer) await through(peer, warm);
  for (const subject of [bench.own, bench.other]) {
    for (const followerCount of [0, 10]) await subject?.measure({ requests: 1, devices: warm, inFlight, followerCount });
  }

  const measured = new Map<string, Beside[]>();
  for (let round = 0; round < rounds; round++) {
    for (const { requests, devices } of cases) {
      for (const followerCount of [0, 10]) {
        // All are measured at the same moment, because other work on the machine slows each of them.
        const floors = {
          bare: await through(bare, floorCallbacks),
          hash: await through(hash, floorCallbacks),
          redis: redis && (await throughRedis(redis, floorCallbacks)),
        };
        const name = `${requests} × ${devices.toLocaleString('en-US')}, ${followerCount} followers`;
        const plan = { requests, devices, inFlight, followerCount };
        // The other checkout goes first in every second round.
        const before = round % 2 === 0 ? null : await bench.other?.measure(plan);
        const run = await bench.own.measure(plan);
        const other = before ?? (await bench.other?.measure(plan)) ?? null;
        measured.set(name, [...(measured.get(name) ?? []), { ...floors, run, other }]);
      }
    }
  }
  const all = [...measured.values()].flat();
  const peerRow = (name: 'bare' | 'hash' | 'redis'): Row[] => {
    const rows = all.flatMap((beside) => (beside[name] ? [{ ...beside, run: beside[name], other: null }] : []));
    if (rows.length === 0) return [];
    const middle = middleRound(rows, ({ run }) => run.perSecond);
    return [row(name, middle)];
  };
  return {
    title: 'callbacks: on disk before their 2xx',
    notes: [
      `${inFlight} in flight from a process of its own; middle of ${rounds} rounds by its ratio to the floor right before it; milliseconds.`,
      '`bare` reads the body and answers, `hash` also parses, strips and hashes it; neither stores.',
      redisVersion === null
        ? 'redis-server is not installed, so there is no durable peer.'
        : `\`redis\` adds each message to a Redis Stream (redis-server ${redisVersion}, appendfsync always) before it answers, and only stores; its processor time is that of both processes.`,
      ...(options.against === null ? [] : [`\`against\` is the gateway of ${options.against}.`]),
    ],
    rows: [
      ...peerRow('bare'),
      ...peerRow('hash'),
      ...peerRow('redis'),
      ...[...measured].flatMap(([name, rows]) => {
        const middle = middleRound(rows, ({ run, bare: floor }) => run.perSecond / floor.perSecond);
        const { other } = middle;
        return [row(name, middle), ...(other ? [row(`${name}: against`, { ...middle, run: other, other: null })] : [])];
      }),
    ],
  };
}

function row(name: string, { run, bare, hash, redis, other }: Beside): Row {
  const intake = run.threads.find(({ thread }) => thread !== 'main');
  return {
    name,
    figures: {
      'callbacks/s': Math.round(run.perSecond),
      '× bare': run.perSecond / bare.perSecond,
      '× hash': run.perSecond / hash.perSecond,
      ...(redis && { '× redis': run.perSecond / redis.perSecond }),
      ...(other && { '× against': run.perSecond / other.perSecond }),
      'CPU ms/10k': Math.round(run.cpuMsPer10k),
      'CPU × bare': run.cpuMsPer10k / bare.cpuMsPer10k,
      ...(redis && { 'CPU × redis': run.cpuMsPer10k / redis.cpuMsPer10k }),
      ...(other && { 'CPU × against': run.cpuMsPer10k / other.cpuMsPer10k }),
      'ack p50': run.ackMs.p50,
      p99: run.ackMs.p99,
      max: run.ackMs.max,
      ...(run.eventMs && { 'event p50': run.eventMs.p50, 'event p99': run.eventMs.p99 }),
      block: run.longestBlockMs,
      ...(intake && { 'intake CPU': Math.round((intake.cpuMs / run.callbacks) * 10_000) }),
    },
  };
}
