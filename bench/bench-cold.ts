import { openBench, type Subject } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import type { LoadRun } from './run-load.ts';
import { middleRound } from './statistics.ts';

interface ColdRun {
  /** From the sending of one callback with nothing beside it to its acknowledgement. */
  readonly firstAckMs: number;
  readonly run: LoadRun;
}

interface Beside {
  readonly cold: ColdRun;
  readonly warm: ColdRun;
}

/** Measures the first callbacks that a gateway takes after its start, beside one that has taken many. */
export async function benchCold(options: BenchOptions): Promise<Section> {
  const { quick, inFlight, rounds } = options;
  const devices = quick ? 100 : 1_000;
  const followerCounts = quick ? [10] : [0, 10];
  await using bench = await openBench({ ...options, against: null });
  const measure = async ({ gateway, load }: Subject, followerCount: number): Promise<ColdRun> => {
    await gateway.ready();
    const [one, many] = [await gateway.submit(1, 1), await gateway.submit(1, devices)];
    const first = await load(one, 1);
    return { firstAckMs: first.ackMs.max, run: await load(many, inFlight, followerCount) };
  };
  const warmUp = quick ? 200 : 20_000;
  for (const followerCount of followerCounts) await bench.own.measure({ requests: 1, devices: warmUp / 2, inFlight, followerCount });

  const rows: Row[] = [];
  for (const followerCount of followerCounts) {
    const all: Beside[] = [];
    for (let round = 0; round < rounds; round++) {
      await using fresh = await bench.startGateway();
      all.push({ cold: await measure(fresh, followerCount), warm: await measure(bench.own, followerCount) });
    }
    const middle = middleRound(all, ({ cold, warm }) => cold.run.perSecond / warm.run.perSecond);
    for (const [state, measured] of Object.entries(middle)) {
      rows.push(row(`${devices.toLocaleString('en-US')} callbacks, ${followerCount} followers: ${state}`, measured, middle.warm));
    }
  }
  return {
    title: 'cold: the first callbacks after a start',
    notes: [
      `${inFlight} in flight, after one callback by itself (\`first ack\`); a new gateway with an empty store each time, its request made by a mutation before. Middle of ${rounds} rounds by callbacks/s; milliseconds.`,
      `Warm: a gateway that has taken ${warmUp.toLocaleString('en-US')} before, right after the cold one.`,
    ],
    rows,
  };
}

function row(name: string, { firstAckMs, run }: ColdRun, warm: ColdRun): Row {
  return {
    name,
    figures: {
      'callbacks/s': Math.round(run.perSecond),
      '× warm': run.perSecond / warm.run.perSecond,
      'CPU ms/10k': Math.round(run.cpuMsPer10k),
      'CPU × warm': run.cpuMsPer10k / warm.run.cpuMsPer10k,
      'first ack': firstAckMs,
      'ack p50': run.ackMs.p50,
      p99: run.ackMs.p99,
      max: run.ackMs.max,
      ...(run.eventMs && { 'event p50': run.eventMs.p50, 'event p99': run.eventMs.p99 }),
      block: run.longestBlockMs,
    },
  };
}
