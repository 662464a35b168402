/** The offset of dates in the history, in hours. Dates in the list are in UTC. The pages' samples have both. */
const historyOffsetHours = -4;

/** A date as the device list writes it: to the second, `2026-03-01T14:30:00Z`. */
export function listDate(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** A date as the history writes it: to the second, with an offset, `2026-03-01T10:30:00-04:00`. */
export function historyDate(ms: number): string {
  return listDate(ms + historyOffsetHours * 3_600_000).replace('Z', `-0${-historyOffsetHours}:00`);
}

/** The moment that its date tells, in whole seconds. The carrier compares these. */
export function wholeSecond(ms: number): number {
  return Math.floor(ms / 1000) * 1000;
}
