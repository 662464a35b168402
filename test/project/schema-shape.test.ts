import { assertInterfaceType, getNamedType, isEnumType, isScalarType, isSpecifiedScalarType } from 'graphql';
import { expect, test } from 'vitest';
import { OPERATIONS } from '../../src/operations/index.ts';
import { schema } from '../../src/schema/index.ts';

const types = Object.values(schema.getTypeMap()).filter(({ name }) => !name.startsWith('__'));

test('the schema says what it is for', () => {
  expect(schema.description).toMatch(/ThingSpace/);
});

test('every scalar of ours with a public specification names it', () => {
  const own = types.filter((type) => isScalarType(type)).filter((type) => !isSpecifiedScalarType(type));
  expect(Object.fromEntries(own.map(({ name, specifiedByURL }) => [name, specifiedByURL ?? null]))).toEqual({
    DateTime: 'https://scalars.graphql.org/andimarek/date-time.html',
    // It is opaque: there is nothing to specify, and its description says how to use it.
    Cursor: null,
  });
});

test('every enum value has a description', () => {
  const bare = types
    .filter((type) => isEnumType(type))
    .flatMap((type) => type.getValues().flatMap(({ name, description }) => (description ? [] : [`${getNamedType(type).name}.${name}`])));
  expect(bare).toEqual([]);
});

test('every result that holds an accepted request is a RequestAccepted', () => {
  const accepting = OPERATIONS.map(({ typeName }) => `${typeName}Accepted`).concat('RetryFailedDevicesAccepted');
  const implementing = schema.getPossibleTypes(assertInterfaceType(schema.getType('RequestAccepted'))).map(({ name }) => name);
  expect(implementing.toSorted()).toEqual(accepting.toSorted());
});
