import { openBench } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import type { LoadRun } from './run-load.ts';
import { StallingClient, type StallResult } from './stalling-client.ts';

/** The gateway gives a stalled client 15 s. */
const STALLED_MS = 17_000;
/** One callback on its way at a time: several hundred a second, far below what would fill the machine. */
const IN_FLIGHT = 1;

/** Measures what one of 1,000 live followers costs the others, the gateway and itself when it reads nothing. */
export async function benchStalled({ quick, profile }: BenchOptions): Promise<Section> {
  const followerCount = quick ? 20 : 1_000;
  const live = quick ? { requests: 4, devices: 50 } : { requests: 100, devices: 40 };
  // The stalled client asks for it five times. These 20 MB are more than the connection holds.
  const replayed = quick ? 1_000 : 10_000;
  await using bench = await openBench({ profile });
  const { gateway } = bench;

  const finished = await gateway.submit(1, replayed);
  await bench.load(finished, 64);
  const measure = async (stalled: boolean): Promise<{ readonly run: LoadRun; readonly stall: StallResult | null }> => {
    const requests = await gateway.submit(live.requests, live.devices);
    const wanted = [...Array.from({ length: quick ? 60 : 5 }, () => finished).flat(), ...requests.slice(0, 1)];
    const client = stalled ? await StallingClient.open(gateway.websocketUrl, wanted) : null;
    const stall = client?.wakeAfter(STALLED_MS) ?? null;
    const run = await bench.load(requests, IN_FLIGHT, followerCount - (stalled ? 1 : 0));
    return { run, stall: await stall };
  };

  await measure(false);
  const before = await measure(false);
  const during = await measure(true);
  const after = await measure(false);
  const { stall } = during;
  const p99 = Math.max(before.run.eventMs?.p99 ?? 0, after.run.eventMs?.p99 ?? 0);
  return {
    title: 'stalled: one of the followers reads nothing',
    notes: [
      `${followerCount.toLocaleString('en-US')} followers of ${live.requests} requests, ${(live.requests * live.devices).toLocaleString('en-US')} callbacks, ${IN_FLIGHT} on its way at a time; milliseconds from a callback's sending to its event at each of the others.`,
      `Others' p99 with one stalled: × ${((during.run.eventMs?.p99 ?? Number.NaN) / p99).toFixed(2)} of the slower run without.`,
      stall
        ? `The stalled one read nothing for ${STALLED_MS / 1000} s, was closed with ${stall.closedWith}, and came back with its cursors: ${stall.before.toLocaleString('en-US')} devices before, then the rest; missing ${stall.missing}, repeated ${stall.repeated}.`
        : 'Nobody stalled.',
    ],
    rows: [row('none stalled', before.run), row('one stalled', during.run), row('none stalled again', after.run)],
  };
}

function row(name: string, run: LoadRun): Row {
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
      'memory MB': Math.round(run.rssMb),
    },
  };
}
