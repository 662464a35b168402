import { openBench } from './open-bench.ts';
const [requests, devices, followerCount, rounds, profile, against] = process.argv.slice(2);
const options = { quick: false, inFlight: 64, rounds: Number(rounds), rows: 0, requests: 0, profile: profile && profile !== '-' ? profile : null, against: against ?? null, json: null } as never;
await using bench = await openBench(options);
const plan = { requests: Number(requests), devices: Number(devices), inFlight: 64, followerCount: Number(followerCount) };
for (let r = 0; r < Number(rounds); r++) for (const [n, s] of [['own', bench.own], ['other', bench.other]] as const) {
  if (!s) continue;
  const run = await s.measure(plan);
  console.log(n, r, Math.round(run.perSecond) + '/s', 'cpu/10k', Math.round(run.cpuMsPer10k), 'ack', run.ackMs.p50.toFixed(1), run.ackMs.p99.toFixed(1), run.ackMs.max.toFixed(1), 'block', run.longestBlockMs.toFixed(1), run.threads.map((t: {thread:string;cpuMs:number}) => `${t.thread} ${Math.round(t.cpuMs / run.callbacks * 10000)}`).join(' '), run.eventMs ? `event ${run.eventMs.p50.toFixed(0)} ${run.eventMs.p99.toFixed(0)}` : '');
}
