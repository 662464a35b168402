import { setTimeout as delay } from 'node:timers/promises';
import { BenchProcess } from './child-process.ts';
import { FOLLOW_QUERY, type FloorFrames, type FollowResult } from './load-plan.ts';
import { openBench, type Subject } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { middleRound } from './statistics.ts';

interface FrameRun {
  readonly frames: number;
  readonly devicesAFrame: number;
  readonly bytesAFrame: number;
  /** Processor time of one frame: of the run with followers less the same run without. */
  readonly cpuMs: number;
}

interface Beside {
  readonly own: FrameRun;
  readonly other: FrameRun | null;
  readonly floor: FrameRun;
}

const PATIENCE_MS = 60_000;

/** Measures the processor time that one frame to a follower costs, beside its bare execution and sending. */
export async function benchFrame(options: BenchOptions): Promise<Section> {
  const { quick, inFlight, rounds } = options;
  const [count, devices] = quick ? ([5, 40] as const) : ([100, 100] as const);
  await using bench = await openBench(options);
  const { followers } = bench;
  await using bare = new BenchProcess('./floor-frame.ts');
  const bareUrl = await bare.ask<string>('listen');

  const throughGateway = async ({ measure }: Subject): Promise<FrameRun> => {
    const plan = { requests: count, devices, inFlight };
    const alone = await measure({ ...plan, followerCount: 0 });
    const run = await measure({ ...plan, followerCount: count });
    const cpuMs = ((run.cpuMsPer10k - alone.cpuMsPer10k) * run.callbacks) / 10_000 / run.frames;
    return { frames: run.frames, devicesAFrame: run.callbacks / run.frames, bytesAFrame: run.bytes / run.frames, cpuMs };
  };
  const throughFloor = async (devicesAFrame: number): Promise<FrameRun> => {
    const requests = Array.from({ length: count }, (_, at) => {
      const requestId = `req_${String(at).padStart(26, '0')}`;
      return { requestId, carrierRequestId: requestId, firstDevice: 1 + at * devices, devices };
    });
    const frames = await bare.ask<number>('prepare', { requests, devicesAFrame } satisfies FloorFrames);
    await followers.ask('follow', { url: bareUrl, followers: count, requests, query: FOLLOW_QUERY, awaitFirst: false });
    while ((await bare.ask<number>('subscribers')) < count) await delay(5);
    await bare.probe('begin');
    await bare.ask('emit');
    const { bytes } = await followers.ask<FollowResult>('finish', PATIENCE_MS);
    const { cpuMs } = await bare.probe('end');
    while ((await bare.ask<number>('subscribers')) > 0) await delay(5);
    return { frames, devicesAFrame: (count * devices) / frames, bytesAFrame: bytes / frames, cpuMs: cpuMs / frames };
  };

  for (let warmUp = 0; warmUp < (quick ? 1 : 2); warmUp++) {
    const { devicesAFrame } = await throughGateway(bench.own);
    if (bench.other) await throughGateway(bench.other);
    await throughFloor(Math.round(devicesAFrame));
  }
  const all: Beside[] = [];
  for (let round = 0; round < rounds; round++) {
    const other = bench.other && (await throughGateway(bench.other));
    const own = await throughGateway(bench.own);
    all.push({ own, other, floor: await throughFloor(Math.round(own.devicesAFrame)) });
  }
  const { own, other, floor } = middleRound(all, (beside) => beside.own.cpuMs / beside.floor.cpuMs);
  return {
    title: 'frame: what one frame to a follower costs',
    notes: [
      `${count} requests of ${devices} devices, one follower each, ${inFlight} callbacks in flight; processor time of the run with followers less the same run without, by frame; middle of ${rounds} rounds; milliseconds.`,
      '`bare` executes the same document with graphql-js on objects from memory and sends it with graphql-ws, one frame a follower every 60 ms, with as many devices in each as the gateway had.',
    ],
    rows: [row('gateway', own, floor), ...(other ? [row('against', other, floor)] : []), row('bare', floor, floor)],
  };
}

function row(name: string, run: FrameRun, floor: FrameRun): Row {
  return {
    name,
    figures: {
      'CPU ms a frame': run.cpuMs,
      '× bare': run.cpuMs / floor.cpuMs,
      frames: run.frames,
      'devices a frame': run.devicesAFrame,
      'kB a frame': run.bytesAFrame / 1_000,
    },
  };
}
