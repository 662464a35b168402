import { Agent } from 'node:http';
import { BenchProcess } from './child-process.ts';
import type { OpenLoad, OpenLoadResult } from './load-plan.ts';
import { openBench } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import { sendQueries, type QueryRun } from './query-load.ts';
import type { Row, Section } from './report.ts';
import { latency, middleRound } from './statistics.ts';

interface OverloadRun {
  /** Callbacks a second. */
  readonly sustained: number;
  readonly load: OpenLoad;
  readonly callbacks: OpenLoadResult;
  readonly queries: QueryRun;
  readonly rssMb: number;
  readonly longestBlockMs: number;
  /** Of one processor. */
  readonly cpuShare: number;
}

const TIMES = 3;
const REQUESTS = 20;
const QUERIES_PER_SECOND = 200;
/** Connections of the sender, each with one callback under way. Further callbacks wait in the sender. */
const CONNECTIONS = [1_000, 2_500];
const QUICK_CONNECTIONS = [100];
const QUERY = JSON.stringify({
  query: '{ requests(first: 20) { nodes { id status accountName createdAt progress { total settled succeeded failed } } } }',
});

/**
 * Sends three times the callbacks that can be sustained, without waiting for answers, and GraphQL queries beside them. Callbacks must
 * go on at the sustained rate, and the queries must be told to come back later.
 */
export async function benchOverload({ quick, inFlight, rounds, profile }: BenchOptions): Promise<Section> {
  const seconds = quick ? 0.5 : 6;
  const connectionCounts = quick ? QUICK_CONNECTIONS : CONNECTIONS;
  await using bench = await openBench({ profile, against: null });
  const { gateway } = bench;
  await using flood = new BenchProcess('./open-loop-generator.ts');
  const sustain = async (count: number, devices: number): Promise<number> =>
    (await bench.load(await gateway.submit(count, devices), inFlight)).perSecond;
  const agent = new Agent({ keepAlive: true });
  const flooded = async (sustained: number, connections: number): Promise<OverloadRun> => {
    // More devices than can be acknowledged, so that there is always a next callback.
    const devices = Math.ceil((sustained * seconds * 1.3 + connections) / REQUESTS);
    const requests = await gateway.submit(REQUESTS, devices);
    const load: OpenLoad = { url: gateway.callbackUrl, requests, perSecond: sustained * TIMES, seconds, connections };
    await flood.ask<number>('prepare', load);
    await gateway.process.probe('begin');
    const sent = flood.ask<OpenLoadResult>('send');
    const queries = await sendQueries(gateway.graphqlUrl, agent, QUERY, QUERIES_PER_SECOND, sent);
    const callbacks = await sent;
    const { rssMb, longestBlockMs, cpuMs } = await gateway.process.probe('end');
    if (!(await gateway.isReady())) throw new Error('the gateway is not ready after the overload');
    return { sustained, load, callbacks, queries, rssMb, longestBlockMs, cpuShare: cpuMs / 1000 / seconds };
  };

  const runs: OverloadRun[] = [];
  let usual = await sustain(1, quick ? 200 : 10_000);
  for (let round = 0; round < rounds; round++) {
    // As long as the overload and over as many devices, because devices in memory cost too.
    const sustained = await sustain(REQUESTS, Math.ceil((usual * seconds) / REQUESTS));
    usual = sustained;
    for (const connections of connectionCounts) runs.push(await flooded(sustained, connections));
  }
  agent.destroy();
  return {
    title: `overload: ${TIMES} × the callbacks that can be sustained, beside ${QUERIES_PER_SECOND} GraphQL queries a second`,
    notes: [
      `Sustained: ${inFlight} in flight. Overload: for ${seconds} s each callback leaves when it is due, over at most as many connections as its row says.`,
      `Middle of ${rounds} rounds by the share of the sustained rate; milliseconds. Promised: ≥ 0.95 × sustained, no callback refused, queries refused in < 50 ms.`,
    ],
    rows: connectionCounts.map((connections) =>
      row(
        middleRound(
          runs.filter(({ load }) => load.connections === connections),
          share,
        ),
      ),
    ),
  };
}

/** The acknowledged share of what can be sustained. */
function share({ callbacks, load, sustained }: OverloadRun): number {
  return callbacks.inTime / load.seconds / sustained;
}

function row(run: OverloadRun): Row {
  const { sustained, load, callbacks, queries, rssMb, longestBlockMs, cpuShare } = run;
  const ack = latency(callbacks.ackMs);
  return {
    name: `${load.connections.toLocaleString('en-US')} connections`,
    figures: {
      'sustained/s': Math.round(sustained),
      'offered/s': Math.round(load.perSecond),
      'acknowledged/s': Math.round(callbacks.inTime / load.seconds),
      '× sustained': share(run),
      refused: callbacks.refused,
      'ack p50': ack.p50,
      'ack p99': ack.p99,
      'ack max': ack.max,
      'queries shed': `${Math.round((queries.shed / (queries.shed + queries.answered + queries.other)) * 100)} %`,
      unanswered: queries.other,
      'refusal p50': queries.shedMs.p50,
      'refusal p99': queries.shedMs.p99,
      'answer p50': queries.answeredMs.p50,
      CPU: cpuShare,
      'RSS MB': Math.round(rssMb),
      block: longestBlockMs,
    },
  };
}
