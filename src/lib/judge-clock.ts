/** What the gateway held for the time at one moment. It is kept over restarts. */
export interface ClockMark {
  /** Milliseconds since 1970. */
  readonly at: number;
  /** For how long the machine had been running, its sleep included. */
  readonly uptimeMs: number;
  /** How far small steps of the wall clock have moved the time of late. Many of them in one direction are no correction. */
  readonly steppedMs: number;
  /** Null while the wall clock was believed. */
  readonly jump: ClockJump | null;
}

export interface ClockJump {
  /** How far the wall clock was ahead of the time that the gateway goes by when it began to be as far off. Below zero: behind. */
  readonly byMs: number;
  /** For how long it has been as far off as that. */
  readonly heldMs: number;
}

export interface ClockReading {
  readonly wallMs: number;
  readonly uptimeMs: number;
}

/** Steps of the wall clock that sum up to less are followed at once: a time service corrects it so. */
export const TOLERANCE_MS = 2_000;
/** In a second so many milliseconds of former steps no longer count. A time service makes up for a clock by half as much. */
const STEPS_FADE_BY = 0.001;
/** A machine that was restarted may have been off for this long. A longer gap is a jump until something confirms it. */
export const OFF_FOR_MS = 10 * 60_000;
/** No gateway with this clock has run before. It is where a new store begins when the machine starts in 1970. */
export const EARLIEST_MS = Date.UTC(2025, 0, 1);
const SHORTEST_HOLD_MS = 60_000;
const LONGEST_HOLD_MS = 60 * 60_000;

/**
 * Judges the wall clock. While it goes as fast as the uptime it is believed. When it jumps, the time goes on by the uptime, and the
 * jump is believed when it has held for as long as it is wide: for a minute at least, and for an hour at most.
 *
 * @param aheadMs how far ahead of the uptime the wall clock may be and is believed at once.
 */
export function judgeClock(mark: ClockMark, { wallMs, uptimeMs }: ClockReading, aheadMs: number): ClockMark {
  const elapsedMs = uptimeMs - mark.uptimeMs;
  const at = mark.at + elapsedMs;
  const byMs = wallMs - at;
  const faded = Math.sign(mark.steppedMs) * Math.max(Math.abs(mark.steppedMs) - elapsedMs * STEPS_FADE_BY, 0);
  const steppedMs = faded + byMs;
  if (Math.abs(byMs) <= TOLERANCE_MS && Math.abs(steppedMs) <= TOLERANCE_MS) return { at: wallMs, uptimeMs, steppedMs, jump: null };
  const believed: ClockMark = { at: wallMs, uptimeMs, steppedMs: 0, jump: null };
  if (aheadMs > TOLERANCE_MS && byMs >= 0 && byMs <= aheadMs) return believed;
  const isSame = mark.jump !== null && Math.abs(mark.jump.byMs - byMs) <= TOLERANCE_MS;
  const jump = mark.jump && isSame ? { ...mark.jump, heldMs: mark.jump.heldMs + elapsedMs } : { byMs, heldMs: 0 };
  const holdMs = Math.min(Math.max(Math.abs(byMs), SHORTEST_HOLD_MS), LONGEST_HOLD_MS);
  return jump.heldMs >= holdMs && wallMs >= EARLIEST_MS ? believed : { at, uptimeMs, steppedMs: faded, jump };
}

/**
 * Brings the mark of an earlier process to now. While the machine runs on, its uptime tells how much time has passed. After a
 * restart of the machine at least as much has passed as it has been up.
 *
 * @returns `aheadMs` is how far ahead of the mark the wall clock may be at first.
 */
export function resumeMark(kept: ClockMark, { wallMs, uptimeMs }: ClockReading): { readonly mark: ClockMark; readonly aheadMs: number } {
  const { at, jump, steppedMs } = kept;
  const aheadMs = jump ? TOLERANCE_MS : OFF_FOR_MS;
  const restarted = { mark: { at: at + uptimeMs, uptimeMs, steppedMs, jump }, aheadMs };
  const wasOffMs = wallMs - restarted.mark.at;
  // The uptime is shorter than before, or the wall clock says that a restart may have been before the uptime grew as long.
  if (uptimeMs < kept.uptimeMs || (wasOffMs >= 0 && wasOffMs <= aheadMs)) return restarted;
  return { mark: { at: at + uptimeMs - kept.uptimeMs, uptimeMs, steppedMs, jump }, aheadMs: TOLERANCE_MS };
}
