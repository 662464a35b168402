import { setTimeout as delay } from 'node:timers/promises';
import { BenchProcess } from './child-process.ts';
import { openBench } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { runLoad, type LoadRun } from './run-load.ts';
import { middleRound } from './statistics.ts';
import { PEER_QUERY } from './load-plan.ts';

/** Measures 10,000 callbacks on their way to their followers, beside a bare createPubSub server that stores nothing. */
export async function benchDelivery({ quick, inFlight, rounds, profile }: BenchOptions): Promise<Section> {
  const whole = quick ? 500 : 10_000;
  const cases = [
    { requests: 1, devices: whole, followerCount: 1 },
    { requests: 1, devices: whole, followerCount: 10 },
    { requests: whole / 100, devices: 100, followerCount: whole / 100 },
  ];
  await using bench = await openBench({ profile });
  const { generator, followers, gateway } = bench;
  await using peer = new BenchProcess('./peer-pubsub.ts');
  const peerHost = await peer.ask<string>('listen');

  const throughGateway = async (count: number, devices: number, followerCount: number): Promise<LoadRun> => {
    return bench.load(await gateway.submit(count, devices), inFlight, followerCount);
  };
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

  for (const through of [throughGateway, throughPeer]) await through(1, whole, 5);
  const rows: Row[] = [];
  for (const { requests, devices, followerCount } of cases) {
    const own: LoadRun[] = [];
    const others: LoadRun[] = [];
    for (let round = 0; round < rounds; round++) {
      own.push(await throughGateway(requests, devices, followerCount));
      others.push(await throughPeer(requests, devices, followerCount));
    }
    const gatewayRun = middleRound(own, ({ cpuMsPer10k }) => cpuMsPer10k);
    const peerRun = middleRound(others, ({ cpuMsPer10k }) => cpuMsPer10k);
    const name = `${requests} × ${devices.toLocaleString('en-US')}, ${followerCount} ${followerCount === 1 ? 'follower' : 'followers'}`;
    rows.push(row(`${name}: gateway`, gatewayRun, gatewayRun.cpuMsPer10k / peerRun.cpuMsPer10k), row(`${name}: createPubSub`, peerRun, 1));
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
