import type { BenchProcess } from './child-process.ts';
import { latency, type Latency } from './statistics.ts';
import type { ThreadReading } from './probe.ts';
import type { BenchRequest, FollowPlan, FollowResult, Load, LoadResult } from './load-plan.ts';

export interface LoadRun {
  readonly callbacks: number;
  readonly perSecond: number;
  readonly ackMs: Latency;
  /** Callback sent to its event at a follower; null without followers. */
  readonly eventMs: Latency | null;
  /** Of the server, until the last event has arrived. */
  readonly cpuMsPer10k: number;
  /** Of the server's threads, the one that was held up longest. */
  readonly longestBlockMs: number;
  readonly threads: readonly ThreadReading[];
  /** Memory of the server at the end. */
  readonly rssMb: number;
  /** Frames that followers were sent, and their bytes. */
  readonly frames: number;
  readonly bytes: number;
}

export interface LoadParts {
  readonly server: BenchProcess;
  readonly generator: BenchProcess;
  readonly followers: BenchProcess;
}

const PATIENCE_MS = 120_000;

/** Sends one callback for every device of the requests and waits until the last one is acknowledged and seen by all followers. */
export async function runLoad(
  { server, generator, followers }: LoadParts,
  load: Load,
  plan: (FollowPlan & { readonly subscribed?: (count: number) => Promise<void> }) | null,
): Promise<LoadRun> {
  const callbacks = await generator.ask<number>('prepare', load);
  if (plan) {
    const { subscribed, ...rest } = plan;
    const count = await followers.ask<number>('follow', rest);
    await subscribed?.(count);
  }
  await server.probe('begin');
  const sent = await generator.ask<LoadResult>('send');
  const followed = plan ? await followers.ask<FollowResult>('finish', PATIENCE_MS) : null;
  const { cpuMs, longestBlockMs, rssMb, threads } = await server.probe('end');
  if (sent.acknowledged !== callbacks) throw new Error(`${sent.refused} of ${callbacks} callbacks were refused`);
  return {
    callbacks,
    perSecond: callbacks / sent.seconds,
    ackMs: latency(sent.ackMs),
    eventMs: followed && latency(eventLatencies(load.requests, sent, followed)),
    cpuMsPer10k: (cpuMs / callbacks) * 10_000,
    longestBlockMs,
    threads,
    rssMb,
    frames: followed?.frames ?? 0,
    bytes: followed?.bytes ?? 0,
  };
}

function eventLatencies(requests: readonly BenchRequest[], { sentAt }: LoadResult, { arrivals }: FollowResult): Float64Array {
  const firstDevice = Math.min(...requests.map((request) => request.firstDevice));
  const all = new Float64Array(arrivals.reduce((sum, { at }) => sum + at.length, 0));
  let next = 0;
  for (const { request, at } of arrivals) {
    const offset = (requests[request]?.firstDevice ?? 0) - firstDevice;
    for (const [place, arrived] of at.entries()) all[next++] = arrived - (sentAt[offset + place] ?? Number.NaN);
  }
  return all;
}
