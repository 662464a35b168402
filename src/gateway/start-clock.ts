import * as z from 'zod';
import type { Facts, PartsOf } from '../datasources/request-log/store.ts';
import type { ClockMark } from '../lib/judge-clock.ts';
import { parseJson } from '../lib/parse-json.ts';
import { describeOff, type ClockChange, type SteadyClock } from '../lib/steady-clock.ts';
import { repeat } from '../lib/timers.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';

/** Fact: the last mark of the clock. */
const CLOCK = 'clock';
const LOOK_EVERY_MS = 1_000;
/** A new mark is a commit. */
const KEEP_EVERY_MS = 60_000;

const markShape = z.object({
  at: z.number(),
  uptimeMs: z.number(),
  steppedMs: z.number(),
  jump: z.object({ byMs: z.number(), heldMs: z.number() }).nullable(),
});

/** Lets the clock go on from the store's mark. A mark that cannot be read is none. */
export async function resumeClock(clock: SteadyClock, facts: Pick<Facts, 'recall'>): Promise<void> {
  const mark = markShape.safeParse(parseJson((await facts.recall(CLOCK)) ?? 'null'));
  clock.resume(mark.success ? mark.data : null);
}

interface Parts {
  readonly store: PartsOf<{ facts: 'recall' | 'remember' }>;
  readonly metrics: Metrics;
  readonly logger: Logger;
  readonly undo: AsyncDisposableStack;
}

/** Lets the clock go on from the store's mark, has it look at the wall clock every second, and keeps its marks in the store. */
export async function startClock(clock: SteadyClock, { store, metrics, logger, undo }: Parts): Promise<void> {
  metrics.clockOff(() => (clock.jump?.byMs ?? 0) / 1000);
  await resumeClock(clock, store.facts);
  let kept: ClockMark | null = null;
  const work = async () => {
    clock.look();
    const { mark } = clock;
    if (mark === null || (kept && (mark.jump === null) === (kept.jump === null) && mark.uptimeMs - kept.uptimeMs < KEEP_EVERY_MS)) return;
    kept = mark;
    await store.facts.remember(CLOCK, JSON.stringify(mark));
  };
  // A store that fails is told by what fails. The next mark is tried a minute later.
  const onFailure = (error: unknown) => logger.warn('clock_not_kept', { error });
  await work().catch(onFailure);
  repeat(undo, LOOK_EVERY_MS, work, onFailure);
}

export function tellClockChange({ logger, metrics }: Pick<Parts, 'logger' | 'metrics'>): (change: ClockChange) => void {
  return ({ what, byMs }) => {
    const outcome = describeOff(byMs);
    if (what === 'JUMPED') {
      metrics.clockJumps.inc();
      logger.warn('clock_jumped', { outcome, reason: JUMPED });
    } else if (what === 'BACK') logger.info('clock_back', { outcome, reason: BACK });
    else logger.warn('clock_followed', { outcome, reason: FOLLOWED });
  };
}

const JUMPED =
  'The wall clock of this machine is not believed: it differs from the time that has passed by the uptime. The gateway goes on by the uptime. It follows the wall clock when a server that it asks over HTTPS says the same, or after an hour at most. Check the time service of the machine.';
const BACK = 'The wall clock of this machine is right again.';
const FOLLOWED = 'The gateway goes by the wall clock of this machine again, and its time has moved by as much.';
