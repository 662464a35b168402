import { openBench } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import type { MemoryReading } from './probe.ts';
import type { Row, Section } from './report.ts';
import type { LoadRun } from './run-load.ts';
import { StallingClient, type StallResult } from './stalling-client.ts';
import { middleRound } from './statistics.ts';

interface Measured {
  readonly run: LoadRun;
  /** Before the first callback, with all followers of the run before gone. */
  readonly before: MemoryReading;
  /** After the last event; the stalled client still reads nothing. */
  readonly after: MemoryReading;
  readonly stall: StallResult | null;
}

interface Round {
  readonly none: Measured;
  readonly one: Measured;
  readonly again: Measured;
}

/** One callback on its way at a time: several hundred a second, far below what would fill the machine. */
const IN_FLIGHT = 1;

/** Measures what one of 1,000 live followers costs the others, the gateway and itself when it reads nothing. */
export async function benchStalled(options: BenchOptions): Promise<Section> {
  const { quick, rounds } = options;
  const followerCount = quick ? 20 : 1_000;
  const live = quick ? { requests: 4, devices: 50 } : { requests: 100, devices: 40 };
  // The stalled client asks for it five times. These 20 MB are more than the connection holds.
  const replayed = quick ? 1_000 : 10_000;
  await using bench = await openBench({ ...options, against: null });
  const { gateway } = bench;

  const finished = await gateway.submit(1, replayed);
  await bench.load(finished, 64);
  const measure = async (stalled: boolean): Promise<Measured> => {
    const requests = await gateway.submit(live.requests, live.devices);
    const before = await gateway.process.memory();
    const wanted = [...Array.from({ length: quick ? 60 : 5 }, () => finished).flat(), ...requests.slice(0, 1)];
    const closedBefore = await gateway.stalled();
    const client = stalled ? await StallingClient.open(gateway.websocketUrl, wanted) : null;
    const stall = client?.wakeWhen(async () => (await gateway.stalled()) > closedBefore) ?? null;
    stall?.catch(() => undefined);
    const run = await bench.load(requests, IN_FLIGHT, followerCount - (stalled ? 1 : 0));
    const after = await gateway.process.memory();
    return { run, before, after, stall: await stall };
  };

  if (!quick) await measure(false);
  const all: Round[] = [];
  for (let round = 0; round < rounds; round++) {
    all.push({ none: await measure(false), one: await measure(true), again: await measure(false) });
  }
  const { none, one, again } = middleRound(all, slowdown);
  const { stall } = one;
  return {
    title: 'stalled: one of the followers reads nothing',
    notes: [
      `${followerCount.toLocaleString('en-US')} followers of ${live.requests} requests, ${(live.requests * live.devices).toLocaleString('en-US')} callbacks, ${IN_FLIGHT} on its way at a time; milliseconds from a callback's sending to its event at each of the others; middle of ${rounds} rounds.`,
      `Others' p99 with one stalled: × ${slowdown({ none, one, again }).toFixed(2)} of the slower run without (all rounds: ${all.map((round) => slowdown(round).toFixed(2)).join(', ')}). Aim: within 1.10.`,
      '`live`: what is left in both threads after a full garbage collection, before the first callback and after the last event; `memory` is that of the process.',
      stall
        ? `The stalled one read nothing for ${(stall.stalledMs / 1000).toFixed(1)} s, was closed with ${stall.closedWith}, and came back with its cursors: ${stall.before.toLocaleString('en-US')} devices before, then the rest; missing ${stall.missing}, repeated ${stall.repeated}.`
        : 'Nobody stalled.',
    ],
    rows: [row('none stalled', none), row('one stalled', one), row('none stalled again', again)],
  };
}

/** The others' p99 with one stalled, as a ratio to the slower of the runs around it. */
function slowdown({ none, one, again }: Round): number {
  const p99 = ({ run }: Measured) => run.eventMs?.p99 ?? Number.NaN;
  return p99(one) / Math.max(p99(none), p99(again));
}

function row(name: string, { run, before, after }: Measured): Row {
  return {
    name,
    figures: {
      'event p50': run.eventMs?.p50 ?? Number.NaN,
      p99: run.eventMs?.p99 ?? Number.NaN,
      max: run.eventMs?.max ?? Number.NaN,
      'ack p99': run.ackMs.p99,
      'callbacks/s': Math.round(run.perSecond),
      'CPU ms/10k': Math.round(run.cpuMsPer10k),
      block: run.longestBlockMs,
      'live MB before': before.liveMb,
      after: after.liveMb,
      'memory MB before': Math.round(before.rssMb),
      'memory after': Math.round(after.rssMb),
    },
  };
}
