/** The largest number of these times (in milliseconds) in any window of so many milliseconds. */
export function mostWithin(windowMs: number, times: readonly number[]): number {
  return Math.max(0, ...times.map((start) => times.filter((each) => each >= start && each < start + windowMs).length));
}
