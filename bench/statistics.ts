export interface Latency {
  readonly p50: number;
  readonly p99: number;
  readonly max: number;
}

export function latency(values: Float64Array): Latency {
  const sorted = values.toSorted();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99), max: at(1) };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((left, right) => left - right);
  const middle = sorted.length >> 1;
  const high = sorted[middle] ?? Number.NaN;
  return sorted.length % 2 === 1 ? high : ((sorted[middle - 1] ?? Number.NaN) + high) / 2;
}

/** The round whose figure is in the middle, with all figures of that round. */
export function middleRound<Round>(rounds: readonly Round[], figure: (round: Round) => number): Round {
  const sorted = rounds.toSorted((left, right) => figure(left) - figure(right));
  const middle = sorted[(sorted.length - 1) >> 1];
  if (middle === undefined) throw new RangeError('no rounds');
  return middle;
}
