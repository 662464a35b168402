import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import fc from 'fast-check';
import { describe, expect, test, vi } from 'vitest';
import { EARLIEST_MS, OFF_FOR_MS, TOLERANCE_MS, type ClockMark } from '../../src/lib/judge-clock.ts';
import { machineClocks, SteadyClock, type ClockChange } from '../../src/lib/steady-clock.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const STARTED_MS = Date.parse('2026-11-22T09:30:00Z');
/** The jumps that a machine makes: a wrong month, a wrong time zone, a leap of the time service, no clock of its own. */
const JUMPS = [31 * DAY_MS, -31 * DAY_MS, 13 * HOUR_MS, -13 * HOUR_MS, 14 * SECOND_MS, -14 * SECOND_MS, -STARTED_MS];

/** A machine whose wall clock the test sets wrong. Its gateway looks at it every second. */
class Machine {
  /** The true time. */
  ms = STARTED_MS;
  /** How far the wall clock is ahead of it. */
  offMs = 0;
  bootedMs = STARTED_MS - 5 * HOUR_MS;
  readonly told: ClockChange[] = [];
  clock = this.start(null);

  start(kept: ClockMark | null): SteadyClock {
    const sources = { wallMs: () => this.ms + this.offMs, uptimeMs: () => this.ms - this.bootedMs };
    this.clock = new SteadyClock(sources, (change) => this.told.push(change));
    this.clock.resume(kept);
    return this.clock;
  }

  run(ms: number): void {
    for (let left = ms; left > 0; left -= SECOND_MS) {
      this.ms += Math.min(left, SECOND_MS);
      this.clock.look();
    }
  }

  /** Another process of the gateway on the same store. */
  restart(downMs: number, { rebooted = false } = {}): void {
    const kept = this.clock.mark;
    this.ms += downMs;
    if (rebooted) this.bootedMs = this.ms - 20 * SECOND_MS;
    this.start(kept);
  }

  /** How far the gateway's time is ahead of the true time. */
  get wrongMs(): number {
    return this.clock.now() - this.ms;
  }
}

describe.each(JUMPS)('a wall clock that jumps by %i ms', (byMs) => {
  test('for 14 seconds changes nothing, and is told once', () => {
    const machine = new Machine();
    machine.offMs = byMs;
    for (let second = 0; second < 14; second++) {
      machine.run(SECOND_MS);
      expect(machine.wrongMs).toBe(0);
      expect(machine.clock.jump?.byMs).toBe(byMs);
    }
    machine.offMs = 0;
    machine.run(SECOND_MS);
    expect(machine.clock.jump).toBeNull();
    expect(machine.told).toEqual([
      { what: 'JUMPED', byMs },
      { what: 'BACK', byMs },
    ]);
  });

  test('is wrong at a start of the gateway, and changes nothing until it is right', () => {
    const machine = new Machine();
    machine.run(MINUTE_MS);
    machine.offMs = byMs;
    machine.restart(2 * MINUTE_MS);
    machine.run(40 * SECOND_MS);
    expect(machine.wrongMs).toBe(0);
    machine.restart(SECOND_MS);
    machine.run(SECOND_MS);
    expect(machine.wrongMs).toBe(0);
    machine.offMs = 0;
    machine.run(SECOND_MS);
    expect(machine.clock.jump).toBeNull();
    expect(machine.wrongMs).toBe(0);
  });

  test('for good is believed after an hour at most, and not at all if that time lies before this version', () => {
    const machine = new Machine();
    machine.offMs = byMs;
    machine.run(HOUR_MS + SECOND_MS);
    const isPossible = STARTED_MS + byMs > EARLIEST_MS;
    expect(machine.wrongMs).toBe(isPossible ? byMs : 0);
    expect(machine.told.at(-1)).toEqual({ what: isPossible ? 'FOLLOWED' : 'JUMPED', byMs });
  });
});

test('a jump is believed when it has held for as long as it is wide, over restarts too', () => {
  const machine = new Machine();
  machine.offMs = 5 * MINUTE_MS;
  machine.run(3 * MINUTE_MS);
  machine.restart(SECOND_MS);
  machine.run(MINUTE_MS + 50 * SECOND_MS);
  expect(machine.wrongMs).toBe(0);
  machine.run(20 * SECOND_MS);
  expect(machine.wrongMs).toBe(5 * MINUTE_MS);
  // The log of each process tells it.
  expect(machine.told.map(({ what }) => what)).toEqual(['JUMPED', 'JUMPED', 'FOLLOWED']);
});

test('a jump that becomes much wider is told again', () => {
  const machine = new Machine();
  for (const offMs of [14 * SECOND_MS, 15 * SECOND_MS, 31 * DAY_MS, 30 * DAY_MS]) {
    machine.offMs = offMs;
    machine.run(5 * SECOND_MS);
  }
  expect(machine.told).toEqual([
    { what: 'JUMPED', byMs: 14 * SECOND_MS },
    { what: 'JUMPED', byMs: 31 * DAY_MS },
  ]);
});

test('a server that says the same as a wall clock that has just jumped is believed at once', () => {
  const machine = new Machine();
  machine.offMs = 31 * DAY_MS;
  machine.clock.hear(new Date(machine.ms + machine.offMs).toUTCString());
  expect(machine.wrongMs).toBe(31 * DAY_MS);
});

test('the time that this machine has slept is a part of its uptime', () => {
  const { uptime } = os;
  const now = vi.spyOn(performance, 'now');
  try {
    const clocks = machineClocks();
    const before = clocks.uptimeMs();
    const ran = performance.now() + 2 * SECOND_MS;
    now.mockReturnValue(ran);
    os.uptime = () => uptime() + HOUR_MS / 1000;
    syncBuiltinESMExports();
    expect(clocks.uptimeMs() - before).toBeGreaterThan(HOUR_MS - MINUTE_MS);
    expect(clocks.uptimeMs() - before).toBeLessThan(HOUR_MS + MINUTE_MS);
  } finally {
    now.mockRestore();
    os.uptime = uptime;
    syncBuiltinESMExports();
  }
});

test('a machine that was off for some minutes is believed at once', () => {
  const machine = new Machine();
  machine.run(MINUTE_MS);
  machine.restart(9 * MINUTE_MS, { rebooted: true });
  expect(machine.clock.jump).toBeNull();
  expect(machine.wrongMs).toBe(0);
  expect(machine.told).toEqual([]);
});

test('a machine that is restarted again soon after its start is believed at once', () => {
  const machine = new Machine();
  machine.bootedMs = machine.ms - 10 * SECOND_MS;
  machine.start(null);
  machine.run(SECOND_MS);
  machine.restart(3 * MINUTE_MS, { rebooted: true });
  expect(machine.clock.jump).toBeNull();
  expect(machine.wrongMs).toBe(0);
  expect(machine.told).toEqual([]);
});

test('a wall clock that was in doubt is not believed because the machine is restarted', () => {
  const machine = new Machine();
  machine.offMs = 5 * MINUTE_MS;
  machine.run(MINUTE_MS);
  machine.restart(30 * SECOND_MS, { rebooted: true });
  expect(machine.clock.jump).not.toBeNull();
  expect(machine.wrongMs).toBeLessThanOrEqual(0);
});

test('a machine that was off for a weekend is believed when a server says the same, else after an hour', () => {
  for (const isHeard of [true, false]) {
    const machine = new Machine();
    machine.restart(2 * DAY_MS, { rebooted: true });
    machine.run(SECOND_MS);
    expect(machine.wrongMs).toBeLessThan(-DAY_MS);
    if (isHeard) machine.clock.hear(new Date(machine.ms).toUTCString());
    else machine.run(HOUR_MS + SECOND_MS);
    expect(machine.wrongMs).toBe(0);
    expect(machine.told.map(({ what }) => what)).toEqual(['JUMPED', 'FOLLOWED']);
  }
});

test('a gateway that was stopped for a weekend while the machine ran, or slept, has no doubt', () => {
  const machine = new Machine();
  machine.restart(2 * DAY_MS);
  expect(machine.clock.jump).toBeNull();
  expect(machine.wrongMs).toBe(0);
});

test('a server that says another time than the wall clock keeps it from being believed; what nobody can read says nothing', () => {
  const machine = new Machine();
  machine.offMs = 31 * DAY_MS;
  for (let halfHour = 0; halfHour < 10; halfHour++) {
    machine.run(HOUR_MS / 2);
    machine.clock.hear(new Date(machine.ms - 3 * SECOND_MS).toUTCString());
    for (const strange of ['', 'soon', new Date(0).toUTCString(), '0']) machine.clock.hear(strange);
  }
  expect(machine.wrongMs).toBe(0);
});

test('a new store on a machine that starts in 1970 begins where this version does, and believes any later time at once', () => {
  const machine = new Machine();
  machine.offMs = -STARTED_MS;
  machine.start(null);
  machine.run(40 * SECOND_MS);
  expect(machine.clock.now()).toBe(EARLIEST_MS + 40 * SECOND_MS);
  expect(machine.clock.mark).toBeNull();
  machine.offMs = 0;
  machine.run(SECOND_MS);
  expect(machine.wrongMs).toBe(0);
  expect(machine.clock.mark).not.toBeNull();
});

test('a store that has been used on a machine that starts in 1970 goes on from its last mark', () => {
  const machine = new Machine();
  machine.run(MINUTE_MS);
  machine.offMs = -machine.ms;
  machine.restart(5 * MINUTE_MS, { rebooted: true });
  machine.run(40 * SECOND_MS);
  expect(machine.wrongMs).toBeGreaterThan(-OFF_FOR_MS);
  expect(machine.wrongMs).toBeLessThanOrEqual(0);
  machine.offMs = 0;
  machine.run(SECOND_MS);
  expect(machine.wrongMs).toBe(0);
});

test('a time service that corrects the clock in small steps is followed at once', () => {
  const machine = new Machine();
  for (const step of [900, -700, 1_700, -1_900, -1_500]) {
    machine.offMs += step;
    machine.run(SECOND_MS);
    expect(machine.wrongMs).toBe(machine.offMs);
  }
  expect(machine.told).toEqual([]);
});

test('small steps of a time service that lie far apart do not add up to a jump', () => {
  const machine = new Machine();
  for (let quarter = 0; quarter < 12; quarter++) {
    machine.offMs += 600;
    machine.run(15 * MINUTE_MS);
    expect(machine.wrongMs).toBe(machine.offMs);
  }
  expect(machine.told).toEqual([]);
});

test.each([-SECOND_MS, SECOND_MS, 100, -100])('a wall clock that gains %i ms each second is not followed, and fills no log', (gainMs) => {
  const machine = new Machine();
  for (let second = 0; second < 7_200; second++) {
    machine.offMs += gainMs;
    machine.run(SECOND_MS);
  }
  expect(Math.abs(machine.wrongMs)).toBeLessThan(10 * TOLERANCE_MS);
  expect(machine.told.length).toBeLessThan(40);
});

test('whatever the wall clock does for less than a minute, over restarts too, no age grows by more than the time that has passed', () => {
  const lie = fc.record({ offMs: fc.constantFrom(...JUMPS), seconds: fc.integer({ min: 1, max: 59 }), restarts: fc.boolean() });
  fc.assert(
    fc.property(fc.array(lie, { maxLength: 30 }), (lies) => {
      const machine = new Machine();
      for (const { offMs, seconds, restarts } of lies) {
        machine.offMs = offMs;
        if (restarts) machine.restart(SECOND_MS);
        machine.run(seconds * SECOND_MS);
        expect(machine.wrongMs).toBe(0);
        machine.offMs = 0;
        machine.run(2 * SECOND_MS);
        expect(machine.clock.jump).toBeNull();
      }
    }),
    { numRuns: 200 },
  );
});
