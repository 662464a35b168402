import { randomBytes } from 'node:crypto';
import { openBench } from './open-bench.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import type { LoadRun } from './run-load.ts';
import { middleRound } from './statistics.ts';

interface Beside {
  readonly plain: LoadRun;
  readonly encrypted: LoadRun;
}

/** Measures what it costs to encrypt what is stored, beside the same without a key. */
export async function benchEncrypted(options: BenchOptions): Promise<Section> {
  const { quick, inFlight, rounds } = options;
  const cases = quick
    ? [{ requests: 4, devices: 50 }]
    : [
        { requests: 1, devices: 10_000 },
        { requests: 100, devices: 100 },
      ];
  await using bench = await openBench({ ...options, against: null });
  const env = { M2M_STORE_KEYS: randomBytes(32).toString('base64'), M2M_STORE_PLAINTEXT: 'off' };
  await using encrypted = await bench.startGateway({ env });
  for (const subject of [bench.own, encrypted]) {
    for (const followerCount of [0, 10]) await subject.measure({ requests: 1, devices: quick ? 200 : 10_000, inFlight, followerCount });
  }

  const rows: Row[] = [];
  for (const { requests, devices } of cases) {
    for (const followerCount of [0, 10]) {
      const all: Beside[] = [];
      for (let round = 0; round < rounds; round++) {
        const plan = { requests, devices, inFlight, followerCount };
        const plain = await bench.own.measure(plan);
        all.push({ plain, encrypted: await encrypted.measure(plan) });
      }
      const middle = middleRound(all, (beside) => beside.encrypted.cpuMsPer10k / beside.plain.cpuMsPer10k);
      const name = `${requests} × ${devices.toLocaleString('en-US')}, ${followerCount} followers`;
      rows.push(row(`${name}: plain`, middle.plain, middle.plain), row(`${name}: encrypted`, middle.encrypted, middle.plain));
    }
  }
  return {
    title: 'encrypted: callbacks with M2M_STORE_KEYS set',
    notes: [
      `Two gateways, one after the other in each round; ${inFlight} in flight; middle of ${rounds} rounds by the ratio of processor time; milliseconds. Aim: CPU within 1.25 × plain.`,
    ],
    rows,
  };
}

function row(name: string, run: LoadRun, plain: LoadRun): Row {
  return {
    name,
    figures: {
      'callbacks/s': Math.round(run.perSecond),
      '× plain': run.perSecond / plain.perSecond,
      'CPU ms/10k': Math.round(run.cpuMsPer10k),
      'CPU × plain': run.cpuMsPer10k / plain.cpuMsPer10k,
      'ack p50': run.ackMs.p50,
      p99: run.ackMs.p99,
      max: run.ackMs.max,
      ...(run.eventMs && { 'event p50': run.eventMs.p50, 'event p99': run.eventMs.p99 }),
    },
  };
}
