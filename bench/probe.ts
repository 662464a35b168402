import { writeFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector';
import { join } from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';

export interface ProbeReading {
  /** Processor time of the whole process, its threads included, since the reading before. */
  readonly cpuMs: number;
  /** Longest time the event loop was held up since the reading before. */
  readonly longestBlockMs: number;
  /** Memory of the process now. */
  readonly rssMb: number;
}

/**
 * Loaded before the program under measurement (`--import`): answers `probe` over the IPC channel. It costs a 1 ms timer and is
 * the same in every process that is compared. With BENCH_PROFILE it also writes a V8 processor profile of each measured time.
 */
const delays = monitorEventLoopDelay({ resolution: 1 });
delays.enable();
let before = process.cpuUsage();

const profileFolder = process.env['BENCH_PROFILE'];
let session: Session | null = null;
let profiles = 0;

process.on('message', (message) => {
  const { id, command, argument } = message as { id: number; command: string; argument: 'begin' | 'end' };
  if (command !== 'probe') return;
  const { user, system } = process.cpuUsage(before);
  const value: ProbeReading = {
    cpuMs: (user + system) / 1000,
    // The histogram counts the 1 ms between its own ticks as well.
    longestBlockMs: Math.max(0, delays.max / 1e6 - 1),
    rssMb: process.memoryUsage.rss() / 1_048_576,
  };
  if (profileFolder !== undefined) profile(profileFolder, argument);
  before = process.cpuUsage();
  delays.reset();
  process.send?.({ id, value });
});
process.channel?.unref();
// When the benchmark ends, its processes end too.
process.once('disconnect', () => process.exit(1));

function profile(folder: string, at: 'begin' | 'end'): void {
  if (at === 'begin') {
    session = new Session();
    session.connect();
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: 250 });
    session.post('Profiler.start');
    return;
  }
  session?.post('Profiler.stop', (_error: Error | null, { profile: result }: Profiler.StopReturnType) => {
    writeFileSync(join(folder, `gateway-${process.pid}-${String(++profiles).padStart(3, '0')}.cpuprofile`), JSON.stringify(result));
  });
  session?.disconnect();
  session = null;
}
