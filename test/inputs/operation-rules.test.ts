import { expect, test } from 'vitest';
import { inputFaults } from '../support/input-faults.ts';
import { OPERATION_CASES } from '../support/operation-fixtures.ts';

const RULES = OPERATION_CASES.flatMap(({ operation, input, rules = [] }) =>
  rules.map(([rule, change, faults]) => ({ operation, rule, input: { ...input, ...change }, faults })),
);

test.each(OPERATION_CASES)('$operation.mutation takes the least input', ({ operation, input }) => {
  expect(inputFaults(input, operation.parse(input))).toEqual([]);
});

test.each(RULES)('$operation.mutation: $rule', ({ operation, input, faults }) => {
  expect(inputFaults(input, operation.parse(input))).toEqual(faults);
});
