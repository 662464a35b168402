import { BenchProcess } from './child-process.ts';
import type { Greed } from './greedy-client.ts';
import type { OpenLoad, OpenLoadResult } from './load-plan.ts';
import { openBench } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { latency, middleRound } from './statistics.ts';

interface GreedyRun {
  readonly callbacks: OpenLoadResult;
  readonly got: number;
  readonly cpuShare: number;
  readonly longestBlockMs: number;
}

const CALLBACKS_PER_SECOND = 100;
const CONNECTIONS = 100;
const CASES = [
  { name: 'nobody', kind: null, count: 0 },
  { name: '20 followers', kind: 'follow', count: 20 },
  { name: '100 followers', kind: 'follow', count: 100 },
  { name: '1,000 followers', kind: 'follow', count: 1_000 },
  { name: '100 queries under way', kind: 'ask', count: 100 },
] as const;

/** Measures how long callbacks wait while one caller asks for as much as its limits allow. */
export async function benchGreedy({ quick, rounds, profile }: BenchOptions): Promise<Section> {
  const seconds = quick ? 0.5 : 8;
  const cases = CASES.filter(({ count }) => !quick || count <= 100);
  const devices = quick ? 200 : 5_000;
  await using bench = await openBench({ profile, against: null });
  const { gateway } = bench;
  await using sender = new BenchProcess('./open-loop-generator.ts');
  const [finished] = await gateway.submit(1, devices);
  if (!finished) throw new Error('no request was made');
  await bench.load([finished], 64);

  const live = await gateway.submit(cases.length * rounds, CALLBACKS_PER_SECOND * (seconds + 1));
  const measure = async ({ kind, count }: (typeof CASES)[number]): Promise<GreedyRun> => {
    // A new client each time, because the next one must not get what this one left unread.
    await using client = new BenchProcess('./greedy-client.ts');
    const plan = {
      url: gateway.callbackUrl,
      requests: live.splice(0, 1),
      perSecond: CALLBACKS_PER_SECOND,
      seconds,
      connections: CONNECTIONS,
    };
    await sender.ask<number>('prepare', plan satisfies OpenLoad);
    const url = kind === 'ask' ? gateway.graphqlUrl : gateway.websocketUrl;
    if (kind) await client.ask('begin', { kind, url, requestId: finished.requestId, devices, count } satisfies Greed);
    await gateway.process.probe('begin');
    const callbacks = await sender.ask<OpenLoadResult>('send');
    const { cpuMs, longestBlockMs } = await gateway.process.probe('end');
    return { callbacks, got: kind ? await client.ask<number>('end') : 0, cpuShare: cpuMs / 1000 / seconds, longestBlockMs };
  };

  const rows: { readonly name: string; readonly run: GreedyRun }[] = [];
  for (const one of cases) {
    const runs: GreedyRun[] = [];
    for (let round = 0; round < rounds; round++) runs.push(await measure(one));
    rows.push({ name: one.name, run: middleRound(runs, ({ callbacks }) => latency(callbacks.ackMs).p99) });
  }
  const floor = latency(rows[0]?.run.callbacks.ackMs ?? new Float64Array()).p50;
  return {
    title: 'greedy: callbacks beside a caller that asks for as much as it may',
    notes: [
      `${CALLBACKS_PER_SECOND} callbacks a second for ${seconds} s. Followers take a page of up to 1,000 devices with every change of a request of ${devices.toLocaleString('en-US')}. Queries ask for three such pages, one query after the other.`,
      `Middle of ${rounds} rounds by p99. Milliseconds from the sending of a callback to its acknowledgement. × compares with nobody asking.`,
    ],
    rows: rows.map(({ name, run }) => row(name, run, floor)),
  };
}

function row(name: string, { callbacks, got, cpuShare, longestBlockMs }: GreedyRun, floor: number): Row {
  const ack = latency(callbacks.ackMs);
  return {
    name,
    figures: {
      due: callbacks.due,
      'in time': callbacks.inTime,
      refused: callbacks.refused,
      'ack p50': ack.p50,
      '× nobody': ack.p50 / floor,
      'ack p99': ack.p99,
      'ack max': ack.max,
      'events or answers': got,
      CPU: cpuShare,
      block: longestBlockMs,
    },
  };
}
