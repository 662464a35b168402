import { expect, test, vi } from 'vitest';
import { setAlarm } from '../../src/lib/timers.ts';

const DAY_MS = 86_400_000;

test('an alarm for a time far away rings then, and not at once as a timer of more than 24 days would', () => {
  vi.useFakeTimers();
  try {
    const rungAt: number[] = [];
    const at = Date.now() + 30 * DAY_MS;
    setAlarm(at, Date.now, () => rungAt.push(Date.now()));
    const undo = setAlarm(Date.now() + DAY_MS, Date.now, () => rungAt.push(0));
    undo();
    for (let timers = 0; timers < 50_000 && vi.getTimerCount() > 0; timers++) vi.advanceTimersToNextTimer();
    expect(rungAt).toEqual([at]);
  } finally {
    vi.useRealTimers();
  }
});

test('an alarm rings within a minute of a clock that has moved on to its time meanwhile', () => {
  vi.useFakeTimers();
  try {
    let movedMs = 0;
    const ring = vi.fn<() => void>();
    setAlarm(Date.now() + DAY_MS, () => Date.now() + movedMs, ring);
    vi.advanceTimersByTime(10 * 60_000);
    expect(ring).not.toHaveBeenCalled();
    movedMs = DAY_MS;
    vi.advanceTimersByTime(60_000);
    expect(ring).toHaveBeenCalledOnce();
  } finally {
    vi.useRealTimers();
  }
});
