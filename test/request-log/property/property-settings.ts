/** A longer search, of new games each time: `PROPERTY_RUNS=20000 npm run test:long -- test/request-log/property`. */
export const RUNS = numberOf('PROPERTY_RUNS');
/** The seed that a failure reported, to repeat it. */
export const SEED = numberOf('PROPERTY_SEED');

/** The longest time that so many runs may take, in milliseconds. */
export function timeLimitOf(runs: number): number {
  return 60_000 + runs * 1_000;
}

function numberOf(name: string): number | undefined {
  const text = process.env[name];
  return text === undefined ? undefined : Number(text);
}
