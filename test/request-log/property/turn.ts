import fc from 'fast-check';

/** Operations that are given to the log at once, without waiting in between; and perhaps a death, after so many moments. */
export interface Turn<Operation> {
  readonly operations: readonly Operation[];
  readonly dies: { readonly after: number; readonly recovers: boolean } | null;
}

const death = fc.record({ after: fc.nat({ max: 12 }), recovers: fc.boolean() });

/** Up to 24 turns of one operation or a few; one in nine ends in a death. */
export function turnsOf<Operation>(operation: fc.Arbitrary<Operation>): fc.Arbitrary<readonly Turn<Operation>[]> {
  const turn = fc.record({
    operations: fc.oneof(
      { weight: 3, arbitrary: fc.array(operation, { minLength: 1, maxLength: 1 }) },
      { weight: 2, arbitrary: fc.array(operation, { minLength: 2, maxLength: 6, size: 'max' }) },
    ),
    dies: fc.oneof({ weight: 8, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: death }),
  });
  return fc.array(turn, { minLength: 1, maxLength: 24, size: 'max' });
}
