import fc from 'fast-check';

/** How a turn may end: the process dies after so many moments, or the disk is full and nothing of the turn is taken. */
export type Fate =
  | { readonly is: 'DEATH'; readonly after: number; readonly recovers: boolean }
  | { readonly is: 'FULL_DISK'; readonly after: number };

/** Operations that are given to the log together, without waiting in between. */
export interface Turn<Operation> {
  readonly operations: readonly Operation[];
  readonly fate: Fate | null;
}

const fate: fc.Arbitrary<Fate | null> = fc.oneof(
  { weight: 16, arbitrary: fc.constant(null) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('DEATH'), after: fc.nat({ max: 12 }), recovers: fc.boolean() }) },
  { weight: 2, arbitrary: fc.record({ is: fc.constant('FULL_DISK'), after: fc.nat({ max: 6 }) }) },
);

/** Up to 24 turns of one operation or a few; one in ten ends in a death, one in ten on a full disk. */
export function turnsOf<Operation>(operation: fc.Arbitrary<Operation>): fc.Arbitrary<readonly Turn<Operation>[]> {
  const turn = fc.record({
    operations: fc.oneof(
      { weight: 3, arbitrary: fc.array(operation, { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.array(operation, { minLength: 2, maxLength: 6, size: 'max' }) },
    ),
    fate,
  });
  return fc.array(turn, { minLength: 1, maxLength: 24, size: 'max' });
}
