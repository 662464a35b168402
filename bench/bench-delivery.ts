import { setTimeout as delay } from 'node:timers/promises';
import { BenchProcess } from './child-process.ts';
import { openBench } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { runLoad, type LoadRun } from './run-load.ts';
import { middleRound } from './statistics.ts';
import { PEER_QUERY } from './load-plan.ts';

/** Measures 10,000 callbacks on their way to their followers, beside a bare createPubSub server that stores nothing. */
export async function benchDelivery(options: BenchOptions): Promise<Section> {
  const { quick, inFlight, rounds } = options;
  const whole = quick ? 500 : 10_000;
  const cases = [
    { requests: 1, devices: whole, followerCount: 1 },
    { requests: 1, devices: whole, followerCount: 10 },
    { requests: whole / 100, devices: 100, followerCount: whole / 100 },
  ];
  await using bench = await openBench(options);
  const { generator, followers, own, other } = bench;
  await using peer = new BenchProcess('./peer-pubsub.ts');
  const peerHost = await peer.ask<string>('listen');

  const throughPeer = async (count: number, devices: number, followerCount: number): Promise<LoadRun> => {
    const requests = Array.from({ length: count }, (_, at) => {
      const id = `bench-${at}`;
      return { requestId: id, carrierRequestId: id, firstDevice: 1 + at * devices, devices };
    });
    const plan = { url: `ws://${peerHost}/graphql`, followers: followerCount, requests, query: PEER_QUERY, awaitFirst: false };
    const subscribed = async (expected: number): Promise<void> => {
      while ((await peer.ask<number>('subscribers')) < expected) await delay(5);
    };
    const load = { url: `http://${peerHost}/callbacks/peer`, requests, inFlight };
    const run = await runLoad({ server: peer, generator, followers }, load, { ...plan, subscribed });
    while ((await peer.ask<number>('subscribers')) > 0) await delay(5);
    return run;
  };

  for (const subject of [own, other]) await subject?.measure({ requests: 1, devices: whole, inFlight, followerCount: 5 });
  await throughPeer(1, whole, 5);
  const rows: Row[] = [];
  for (const { requests, devices, followerCount } of cases) {
    const runs: Record<'gateway' | 'against' | 'createPubSub', LoadRun[]> = { gateway: [], against: [], createPubSub: [] };
    for (let round = 0; round < rounds; round++) {
      runs.gateway.push(await own.measure({ requests, devices, inFlight, followerCount }));
      if (other) runs.against.push(await other.measure({ requests, devices, inFlight, followerCount }));
      runs.createPubSub.push(await throughPeer(requests, devices, followerCount));
    }
    const peerRun = middleRound(runs.createPubSub, ({ cpuMsPer10k }) => cpuMsPer10k);
    const name = `${requests} × ${devices.toLocaleString('en-US')}, ${followerCount} ${followerCount === 1 ? 'follower' : 'followers'}`;
    for (const [server, some] of Object.entries(runs)) {
      if (some.length === 0) continue;
      const run = middleRound(some, ({ cpuMsPer10k }) => cpuMsPer10k);
      rows.push(row(`${name}: ${server}`, run, run.cpuMsPer10k / peerRun.cpuMsPer10k));
    }
  }
  return {
    title: 'delivery: callbacks through to their followers',
    notes: [
      `${inFlight} callbacks in flight; middle of ${rounds} rounds by processor time; milliseconds.`,
      'createPubSub stores nothing and sends one event a callback. Its own queue ends the process at 1,024 waiting events, so it runs with one that has no end.',
    ],
    rows,
  };
}

function row(name: string, run: LoadRun, ratio: number): Row {
  return {
    name,
    figures: {
      'CPU ms/10k': Math.round(run.cpuMsPer10k),
      '× createPubSub': ratio,
      'callbacks/s': Math.round(run.perSecond),
      'ack p99': run.ackMs.p99,
      'event p50': run.eventMs?.p50 ?? Number.NaN,
      'event p99': run.eventMs?.p99 ?? Number.NaN,
      frames: run.frames,
    },
  };
}
