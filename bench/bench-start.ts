import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { statSync } from 'node:fs';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { tempFolderOnDisk } from '../test/support/temp-folder.ts';
import { BenchProcess } from './child-process.ts';
import { FakeCarrier } from './fake-carrier.ts';
import { fillStore } from './fill-store.ts';
import { GatewayProcess } from './gateway-process.ts';
import type { BenchOptions } from './options.ts';
import type { Row, Section } from './report.ts';
import { median } from './statistics.ts';

const MB = 1_048_576;
/** Watched after it is ready, while it does its periodic work on the whole store for the first time. */
const WATCHED_MS = 6_000;
const LOAD_DEVICES = 5_000;
/** Of each request in the store. */
const DEVICES = 20;

interface Start {
  readonly readyMs: number;
  /** Processor time until ready, the preload of the measurement left out. */
  readonly cpuMs: number;
  /** The write-ahead log that the start found. */
  readonly walMb: number;
  readonly longestBlockMs: number;
  readonly rssMb: number;
}

/** Measures the time from the start of the process to ready with a large store: cleanly stopped, not in memory, and after kill -9. */
export async function benchStart({ quick, rounds, rows, inFlight, profile }: BenchOptions): Promise<Section> {
  const watchedMs = quick ? 100 : WATCHED_MS;
  const logBytes = (quick ? 8 : 256) * MB;
  await using folder = await tempFolderOnDisk();
  const storePath = `${folder.path}/bench.sqlite`;
  await using carrier = await FakeCarrier.start();
  await using generator = new BenchProcess('./load-generator.ts');
  const filled = fillStore(storePath, { requests: Math.ceil(rows / DEVICES), devices: DEVICES, done: DEVICES });
  const storeMb = statSync(storePath).size / MB;

  const start = async (path: string): Promise<{ readonly gateway: GatewayProcess; readonly start: Start }> => {
    const walMb = (statSync(`${path}-wal`, { throwIfNoEntry: false })?.size ?? 0) / MB;
    const begun = performance.now();
    const gateway = await GatewayProcess.start({ carrierUrl: carrier.url, storePath: path, profile });
    await gateway.ready();
    const readyMs = performance.now() - begun;
    const { cpuMs } = await gateway.process.probe('begin');
    await delay(watchedMs);
    const { longestBlockMs, rssMb } = await gateway.process.probe('end');
    return { gateway, start: { readyMs, cpuMs, walMb, longestBlockMs, rssMb } };
  };
  const stopped = async (path: string): Promise<Start> => {
    const { gateway, start: measured } = await start(path);
    await gateway[Symbol.asyncDispose]();
    return measured;
  };
  const killedUnderLoad = async (): Promise<Start> => {
    await using before = await GatewayProcess.start({ carrierUrl: carrier.url, storePath, profile });
    const requests = await before.submit(4, quick ? 100 : LOAD_DEVICES);
    await generator.ask('prepare', { url: before.callbackUrl, requests, inFlight });
    const load = generator.ask('send').catch(() => undefined);
    await delay(quick ? 20 : 400);
    await before.process.kill();
    await load;
    return stopped(storePath);
  };
  const withLargeLog = async (): Promise<Start> => {
    const child = spawn(process.execPath, [fileURLToPath(new URL('./leave-wal.ts', import.meta.url)), storePath, String(logBytes)]);
    await once(child, 'exit');
    return stopped(storePath);
  };

  const cases: readonly (readonly [name: string, run: (round: number) => Promise<Start>])[] = [
    ['empty store', (round) => stopped(`${folder.path}/empty-${round}.sqlite`)],
    ...(quick ? [] : [['cleanly stopped', () => stopped(storePath)] as const]),
    ['cleanly stopped, not in memory', () => (forgetFile(storePath), stopped(storePath))],
    ['killed (-9) under load', killedUnderLoad],
    [`killed with ${logBytes / MB} MB of log`, withLargeLog],
  ];
  const measured = new Map<string, Start[]>();
  for (let round = 0; round < rounds; round++) {
    // The cases take turns, because other work on the machine slows the floor too.
    for (const [name, run] of cases) measured.set(name, [...(measured.get(name) ?? []), await run(round)]);
  }
  const readyMs = (starts: readonly Start[]): number => median(starts.map((each) => each.readyMs));
  const floorMs = readyMs([...measured.values()][0] ?? []);
  const count = (number: number): string => number.toLocaleString('en-US');
  return {
    title: 'start: from the start of the process to ready',
    notes: [
      `A store of ${count(filled.callbacks)} callbacks of ${count(filled.requests.length)} requests, ${count(Math.round(storeMb))} MB on disk, made in ${Math.round(filled.seconds)} s.`,
      `Median of ${rounds} starts, Node's own included; \`block\` is the longest hold of the event loop in the ${watchedMs / 1000} s after it; milliseconds.`,
    ],
    rows: [...measured].map(([name, starts]) => row(name, starts, readyMs(starts), floorMs)),
  };
}

function row(name: string, starts: readonly Start[], readyMs: number, floorMs: number): Row {
  return {
    name,
    figures: {
      'ready ms': Math.round(readyMs),
      '× empty': readyMs / floorMs,
      'CPU ms': Math.round(median(starts.map(({ cpuMs }) => cpuMs))),
      'slowest ms': Math.round(Math.max(...starts.map((each) => each.readyMs))),
      'log MB': Math.round(median(starts.map(({ walMb }) => walMb))),
      block: Math.max(...starts.map(({ longestBlockMs }) => longestBlockMs)),
      'memory MB': Math.round(Math.max(...starts.map(({ rssMb }) => rssMb))),
    },
  };
}

/** Takes the file out of the system's memory, where there is a `dd` that can. */
function forgetFile(path: string): void {
  spawnSync('dd', [`of=${path}`, 'oflag=nocache', 'conv=notrunc,fdatasync', 'count=0'], { stdio: 'ignore' });
}
