import { createRandom } from '../random.ts';
import type { Device } from './device.ts';

/** A data session of a device. */
export interface DataSession {
  readonly startAt: number;
  readonly stopAt: number;
  readonly bytesUsed: number;
}

const dayMs = 86_400_000;
const hourMs = 3_600_000;

/**
 * The sessions that ended on a day (the number of days since 1970), the oldest first: up to three, none for a line that was not active
 * yet. They follow from the device's number alone, so every question about a day has the same answer.
 */
export function sessionsOf(device: Device, day: number, now: number): DataSession[] {
  const { lastActivationAt } = device;
  if (lastActivationAt === undefined) return [];
  const random = createRandom(device.number * 31 + day);
  const sessions = Array.from({ length: random.integer(1, 3) }, (_, at) => {
    const startAt = day * dayMs + at * 8 * hourMs + random.integer(0, 4 * hourMs);
    const stopAt = startAt + random.integer(60_000, 3 * hourMs);
    return { startAt, stopAt, bytesUsed: device.nbIot ? random.integer(50, 2_000) : random.integer(10_000, 20_000_000) };
  });
  return sessions.filter(({ startAt, stopAt }) => startAt >= lastActivationAt && stopAt <= now);
}

/** Text messages of a day. */
export function messagesOf(device: Device, day: number): number {
  return createRandom(device.number * 37 + day).integer(0, 3);
}

/** The days, by their numbers, that a range of time touches. */
export function daysBetween(earliest: number, latest: number): number[] {
  const [first, last] = [Math.floor(earliest / dayMs), Math.floor(latest / dayMs)];
  return Array.from({ length: Math.max(0, last - first + 1) }, (_, at) => first + at);
}

/** The beginning of a day. */
export const startOfDay = (day: number): number => day * dayMs;
