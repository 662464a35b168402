import { uptime } from 'node:os';
import { EARLIEST_MS, judgeClock, resumeMark, TOLERANCE_MS, type ClockJump, type ClockMark, type ClockReading } from './judge-clock.ts';

export interface ClockSources {
  /** Milliseconds since 1970. It may be wrong, and jump. */
  readonly wallMs: () => number;
  /** Milliseconds since the machine was started, its sleep included. */
  readonly uptimeMs: () => number;
}

/** `JUMPED`: the wall clock is no longer believed. `BACK`: it is right again. `FOLLOWED`: the time is what it says. */
export interface ClockChange {
  readonly what: 'JUMPED' | 'BACK' | 'FOLLOWED';
  /** How far the wall clock is, or was, ahead. Below zero: behind. */
  readonly byMs: number;
}

/** What an answer of a server says of the time is whole seconds, and was on its way. */
const WITNESS_TOLERANCE_MS = 60_000;

/**
 * The gateway's only clock. Between two looks at the wall clock it goes by the uptime, so nothing that it tells jumps with the wall
 * clock. `judgeClock` decides when a jump is believed. A server that tells its time decides earlier.
 */
export class SteadyClock {
  readonly #sources: ClockSources;
  readonly #onChange: (change: ClockChange) => void;
  #mark: ClockMark;
  #aheadMs = TOLERANCE_MS;
  #isNew = false;
  /** The last jump that was told of. A clock that never stops jumping must not fill the log. */
  #toldMs = 0;

  constructor(sources: ClockSources, onChange: (change: ClockChange) => void) {
    this.#sources = sources;
    this.#onChange = onChange;
    this.#mark = { at: sources.wallMs(), uptimeMs: sources.uptimeMs(), steppedMs: 0, jump: null };
  }

  /** Whole milliseconds since 1970. */
  readonly now = (): number => Math.floor(this.#mark.at + this.#sources.uptimeMs() - this.#mark.uptimeMs);

  /** Null while the wall clock is believed. */
  get jump(): ClockJump | null {
    return this.#mark.jump;
  }

  /** To be kept for the next process. Null while nothing but a wall clock that cannot be right is known of the time. */
  get mark(): ClockMark | null {
    return this.#isNew ? null : this.#mark;
  }

  /** Goes on from the mark of the last process. Without one, any time is believed at which this version can run. */
  resume(kept: ClockMark | null): void {
    const { wallMs, uptimeMs } = this.#read();
    this.#isNew = kept === null;
    const unknown = { mark: { at: EARLIEST_MS, uptimeMs, steppedMs: 0, jump: null }, aheadMs: Infinity };
    ({ mark: this.#mark, aheadMs: this.#aheadMs } = kept ? resumeMark(kept, { wallMs, uptimeMs }) : unknown);
    this.look();
  }

  /** Compares the wall clock with the uptime. To be called every second. */
  look(): void {
    this.#put(judgeClock(this.#mark, this.#read(), this.#aheadMs));
  }

  /** Hears what a trusted server says of the time, as its `Date` header has it. It settles a doubt, and makes none. */
  readonly hear = (date: string): void => {
    this.look();
    const { jump, at, uptimeMs } = this.#mark;
    if (!jump) return;
    const saidMs = Date.parse(date);
    const wallMs = this.#sources.wallMs();
    const isNear = (ms: number) => Math.abs(saidMs - ms) <= WITNESS_TOLERANCE_MS;
    if (isNear(at) === isNear(wallMs)) return;
    if (isNear(at)) this.#mark = { ...this.#mark, jump: { ...jump, heldMs: 0 } };
    else this.#put({ at: wallMs, uptimeMs, steppedMs: 0, jump: null });
  };

  #read(): ClockReading {
    return { wallMs: this.#sources.wallMs(), uptimeMs: this.#sources.uptimeMs() };
  }

  #put(mark: ClockMark): void {
    const before = this.#mark;
    this.#mark = mark;
    const { jump } = mark;
    if (jump) {
      if (!before.jump || isFartherOff(jump.byMs, this.#toldMs)) this.#tell('JUMPED', jump.byMs);
      return;
    }
    this.#isNew = false;
    this.#aheadMs = TOLERANCE_MS;
    if (!before.jump) return;
    const movedMs = mark.at - (before.at + mark.uptimeMs - before.uptimeMs);
    if (Math.abs(movedMs) > TOLERANCE_MS) this.#tell('FOLLOWED', movedMs);
    else this.#tell('BACK', before.jump.byMs);
  }

  #tell(what: ClockChange['what'], byMs: number): void {
    this.#toldMs = byMs;
    this.#onChange({ what, byMs });
  }
}

function isFartherOff(byMs: number, toldMs: number): boolean {
  return Math.abs(byMs - toldMs) > Math.abs(toldMs) / 2 + TOLERANCE_MS;
}

const UNITS = [
  ['years', 31_557_600_000],
  ['days', 86_400_000],
  ['hours', 3_600_000],
  ['minutes', 60_000],
] as const;

/** For people: `31 days ahead`, `14 seconds behind`. */
export function describeOff(byMs: number): string {
  const off = Math.abs(byMs);
  const [unit, ms] = UNITS.find(([, unitMs]) => off >= 2 * unitMs) ?? ['seconds', 1_000];
  return `${Math.round(off / ms)} ${unit} ${byMs < 0 ? 'behind' : 'ahead'}`;
}

/** How often the operating system is asked whether the machine has slept. Node's own clock stands still meanwhile. */
const ASK_EVERY_MS = 1_000;

/** The clocks of this machine. */
export function machineClocks(): ClockSources {
  let askedMs = performance.now();
  let aheadMs = uptime() * 1000 - askedMs;
  return {
    wallMs: Date.now,
    uptimeMs: () => {
      const ranMs = performance.now();
      if (ranMs - askedMs < ASK_EVERY_MS) return ranMs + aheadMs;
      askedMs = ranMs;
      const sleptMs = uptime() * 1000 - ranMs - aheadMs;
      if (sleptMs > ASK_EVERY_MS) aheadMs += sleptMs;
      return ranMs + aheadMs;
    },
  };
}
