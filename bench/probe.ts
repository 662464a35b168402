import { writeFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector';
import { basename } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { BroadcastChannel, isMainThread } from 'node:worker_threads';

/** One thread of a process under measurement. */
export interface ThreadReading {
  /** `main`, or the name of the file that the thread was started with. */
  readonly thread: string;
  /** Processor time of this thread since the reading before. */
  readonly cpuMs: number;
  /** Longest time its event loop was held up since the reading before. */
  readonly longestBlockMs: number;
}

export interface ProbeReading {
  /** Processor time of the whole process, its threads and garbage collection included, since the reading before. */
  readonly cpuMs: number;
  /** Longest time the event loop of one of its threads was held up since the reading before. */
  readonly longestBlockMs: number;
  /** Memory of the process now. */
  readonly rssMb: number;
  readonly threads: readonly ThreadReading[];
}

export interface MemoryReading {
  /** Memory of the process now. */
  readonly rssMb: number;
  /** What its threads still hold after a full garbage collection, buffers included. */
  readonly liveMb: number;
}

type Question = 'begin' | 'end' | 'memory';
interface Asked {
  readonly question: Question;
  readonly id: number;
}
interface Answered {
  readonly answerTo: number;
  readonly value: ThreadReading | number;
}

/**
 * Loaded before the program under measurement (`--import`), in each of its threads: answers `probe` and `memory` over the IPC
 * channel. It costs a 1 ms timer in each thread and is the same in every process that is compared. With BENCH_PROFILE, the beginning
 * of a file's name, it also writes a V8 processor profile of each measured time and thread.
 */
const MB = 1_048_576;
const thread = isMainThread ? 'main' : basename(process.argv[1] ?? 'thread', '.ts');
const profilePrefix = process.env['BENCH_PROFILE'];
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
let before = process.threadCpuUsage();
let session: Session | null = null;
let profiles = 0;

// The threads of one process are asked over it. It never keeps one of them alive.
const channel = new BroadcastChannel('bench-probe');
if (isMainThread) serveProcess();
else serveThread();
channel.unref();

function serveThread(): void {
  channel.onmessage = ({ data }: { data: unknown }) => {
    const { question, id } = data as Asked;
    if (id !== undefined) channel.postMessage({ answerTo: id, value: answer(question) } satisfies Answered);
  };
  channel.postMessage('hello');
}

function serveProcess(): void {
  let others = 0;
  let lastId = 0;
  let processBefore = process.cpuUsage();
  const waiting = new Map<number, (value: Answered['value']) => void>();
  channel.onmessage = ({ data }: { data: unknown }) => {
    if (data === 'hello') others++;
    else waiting.get((data as Answered).answerTo)?.((data as Answered).value);
  };
  /** The answers of all threads. */
  const ask = async (question: Question): Promise<readonly Answered['value'][]> => {
    const id = ++lastId;
    const values: Answered['value'][] = [];
    const { promise, resolve } = Promise.withResolvers<void>();
    waiting.set(id, (value) => void (values.push(value) === others && resolve()));
    channel.postMessage({ question, id } satisfies Asked);
    const own = answer(question);
    if (others > 0) await promise;
    waiting.delete(id);
    return [own, ...values];
  };
  const probe = async (at: 'begin' | 'end'): Promise<ProbeReading> => {
    const { user, system } = process.cpuUsage(processBefore);
    const rssMb = process.memoryUsage.rss() / MB;
    const threads = (await ask(at)) as readonly ThreadReading[];
    processBefore = process.cpuUsage();
    const longestBlockMs = Math.max(...threads.map((each) => each.longestBlockMs));
    return { cpuMs: (user + system) / 1000, longestBlockMs, rssMb, threads };
  };
  const memory = async (): Promise<MemoryReading> => {
    const held = (await ask('memory')) as readonly number[];
    return { rssMb: process.memoryUsage.rss() / MB, liveMb: held.reduce((sum, mb) => sum + mb, 0) };
  };
  process.on('message', (message) => {
    const { id, command, argument } = message as { id: number; command: string; argument: 'begin' | 'end' };
    if (command === 'probe') void probe(argument).then((value) => process.send?.({ id, value }));
    if (command === 'memory') void memory().then((value) => process.send?.({ id, value }));
  });
  process.channel?.unref();
  // When the benchmark ends, its processes end too.
  process.once('disconnect', () => process.exit(1));
}

/** What this thread answers. */
function answer(question: Question): Answered['value'] {
  if (question === 'memory') return collectAndCount();
  const { user, system } = process.threadCpuUsage(before);
  // The histogram counts the 1 ms between its own ticks as well.
  const reading = { thread, cpuMs: (user + system) / 1000, longestBlockMs: Math.max(0, delays.max / 1e6 - 1) };
  if (profilePrefix !== undefined) profile(profilePrefix, question);
  before = process.threadCpuUsage();
  delays.reset();
  return reading;
}

/** Megabytes that this thread still holds after a full garbage collection. */
function collectAndCount(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  const { heapUsed, external } = process.memoryUsage();
  return (heapUsed + external) / MB;
}

function profile(prefix: string, at: 'begin' | 'end'): void {
  if (at === 'begin') {
    session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: 250 });
    session.post('Profiler.start');
    return;
  }
  session?.post('Profiler.stop', (_error: Error | null, { profile: result }: Profiler.StopReturnType) => {
    const number = String(++profiles).padStart(3, '0');
    writeFileSync(`${prefix}-${process.pid}-${number}-${thread}.cpuprofile`, JSON.stringify(result));
  });
  session?.disconnect();
  session = null;
}
