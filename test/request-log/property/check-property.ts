import fc from 'fast-check';
import type { Turn } from './turn.ts';

export interface PropertyOptions {
  readonly runs: number;
  /** Repeats a run. Without it a new seed is drawn. */
  readonly seed?: number | undefined;
}

/** For so long a failure is made smaller. It must be reported before the test's own time limit. */
const SHORTENED_FOR_MS = 20_000;
/** A run that takes longer hangs. The usual one takes a tenth of a second. */
const HANGS_AFTER_MS = 20_000;

/**
 * Plays random turns until the runs are over or one fails. Then it makes the failing turns fewer, and reports them with the seed.
 * Gives back the number of runs.
 */
export async function checkProperty<Operation>(
  drawn: fc.Arbitrary<readonly Turn<Operation>[]>,
  { runs, seed }: PropertyOptions,
  play: (turns: readonly Turn<Operation>[]) => Promise<void>,
): Promise<number> {
  const playInTime = (given: readonly Turn<Operation>[]) => inTime(play(given));
  const result = await fc.check(fc.asyncProperty(drawn, playInTime), {
    numRuns: runs,
    endOnFailure: true,
    ...(seed !== undefined && { seed }),
  });
  if (!result.failed) return result.numRuns;
  const [found] = result.counterexample ?? [[]];
  const { turns, cause } = await shortened(found, playInTime);
  const text = turns.map((turn) => `  ${JSON.stringify(turn)},`).join('\n');
  throw new Error(`seed ${result.seed}, after ${result.numRuns} runs, in ${turns.length} turns:\n[\n${text}\n]\n${messageOf(cause)}`, {
    cause: cause ?? result.errorInstance,
  });
}

/** Leaves out whole turns, their fates and single operations, as long as the rest still fails. */
async function shortened<Operation>(
  found: readonly Turn<Operation>[],
  play: (turns: readonly Turn<Operation>[]) => Promise<void>,
): Promise<{ turns: readonly Turn<Operation>[]; cause: unknown }> {
  let turns = found;
  let cause: unknown = null;
  const until = Date.now() + SHORTENED_FOR_MS;
  for (let again = true; again;) {
    again = false;
    for (const shorter of shorterOnes(turns)) {
      if (Date.now() > until) return { turns, cause };
      const error = await play(shorter).then(
        () => null,
        (failure: unknown) => failure,
      );
      if (error === null) continue;
      [turns, cause, again] = [shorter, error, true];
      break;
    }
  }
  return { turns, cause };
}

function* shorterOnes<Operation>(turns: readonly Turn<Operation>[]): Generator<readonly Turn<Operation>[]> {
  for (const at of [...turns.keys()].toReversed()) {
    const { operations, fate } = turns[at] ?? { operations: [], fate: null };
    yield turns.toSpliced(at, 1);
    if (fate) yield turns.with(at, { operations, fate: null });
    for (const each of operations.keys()) yield turns.with(at, { operations: operations.toSpliced(each, 1), fate });
  }
}

async function inTime(playing: Promise<void>): Promise<void> {
  const signal = AbortSignal.timeout(HANGS_AFTER_MS);
  const late = Promise.withResolvers<never>();
  signal.addEventListener('abort', () => late.reject(new Error(`the run has not ended after ${HANGS_AFTER_MS} ms`)));
  await Promise.race([playing, late.promise]);
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
