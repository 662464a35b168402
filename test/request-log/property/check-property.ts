import fc from 'fast-check';
import type { Turn } from './turn.ts';

export interface PropertyOptions {
  readonly runs: number;
  /** Repeats a run. Without it a new seed is drawn. */
  readonly seed?: number | undefined;
}

/** Attempts at making a failure smaller, beyond those of fast-check. */
const MOST_ATTEMPTS = 400;

/**
 * Plays random turns until the runs are over or one fails. Then it makes the failing turns fewer, and reports them with the seed.
 * Gives back the number of runs.
 */
export async function checkProperty<Operation>(
  drawn: fc.Arbitrary<readonly Turn<Operation>[]>,
  { runs, seed }: PropertyOptions,
  play: (turns: readonly Turn<Operation>[]) => Promise<void>,
): Promise<number> {
  const result = await fc.check(fc.asyncProperty(drawn, play), { numRuns: runs, ...(seed !== undefined && { seed }) });
  if (!result.failed) return result.numRuns;
  const [found] = result.counterexample ?? [[]];
  const { turns, cause } = await shortened(found, play);
  const text = turns.map((turn) => `  ${JSON.stringify(turn)},`).join('\n');
  throw new Error(`seed ${result.seed}, after ${result.numRuns} runs, in ${turns.length} turns:\n[\n${text}\n]\n${messageOf(cause)}`, {
    cause: cause ?? result.errorInstance,
  });
}

/** fast-check tries shorter beginnings of a list. This also tries the list without turns in its middle or at its end. */
async function shortened<Operation>(
  found: readonly Turn<Operation>[],
  play: (turns: readonly Turn<Operation>[]) => Promise<void>,
): Promise<{ turns: readonly Turn<Operation>[]; cause: unknown }> {
  let turns = found;
  let cause: unknown = null;
  let attempts = 0;
  for (let again = true; again;) {
    again = false;
    for (const shorter of shorterOnes(turns)) {
      if (attempts++ > MOST_ATTEMPTS) return { turns, cause };
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

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
