import { getNamedType, getNullableType, isInterfaceType, isIntrospectionType, isListType, isObjectType } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { listSizeOf, pageSizeOf } from '../../src/schema/list-sizes.ts';

const fields = Object.values(schema.getTypeMap()).flatMap((type) =>
  (isObjectType(type) || isInterfaceType(type)) && !isIntrospectionType(type)
    ? Object.values(type.getFields()).map((field) => ({ place: `${type.name}.${field.name}`, parent: type.name, field }))
    : [],
);
const lists = fields.filter(({ field }) => isListType(getNullableType(field.type)));

test('every list has a size beside its field', () => {
  expect(lists.length).toBeGreaterThan(20);
  expect(lists.filter(({ field }) => listSizeOf(field) === null).map(({ place }) => place)).toEqual([]);
});

test('nothing but a list has a size', () => {
  const sized = fields.filter(({ field }) => field.extensions['listSize'] !== undefined);
  expect(sized.map(({ place }) => place)).toEqual(lists.map(({ place }) => place));
});

test('every list of a page stands below a field that takes the size of the page, or takes it itself', () => {
  const ofPage = lists.filter(({ field }) => listSizeOf(field) === 'PAGE');
  const takesSize = ({ field }: (typeof fields)[number]) => field.args.some((argument) => pageSizeOf(argument));
  const pages = new Set(ofPage.filter((list) => !takesSize(list)).map(({ parent }) => parent));
  const without = fields.filter((each) => pages.has(getNamedType(each.field.type).name) && !takesSize(each));
  expect(pages.size).toBeGreaterThan(5);
  expect(without.map(({ place }) => place)).toEqual([]);
});

test('every page size is one number with a default, and an own default of its argument is the same', () => {
  const sizes = fields.flatMap(({ place, field }) =>
    field.args.filter((argument) => pageSizeOf(argument)).map((argument) => ({ place, argument })),
  );
  expect(new Set(sizes.map(({ place }) => place)).size).toBe(sizes.length);
  expect(sizes.filter(({ argument }) => argument.defaultValue !== undefined).length).toBeGreaterThan(0);
  for (const { place, argument } of sizes) {
    const own: unknown = argument.defaultValue;
    expect([place, String(getNullableType(argument.type)), own ?? null]).toEqual([
      place,
      'Int',
      own === undefined ? null : pageSizeOf(argument)?.fallback,
    ]);
  }
});

test('every argument for a number of objects is known as a page size', () => {
  const counts = fields.flatMap(({ place, field }) =>
    field.args.filter(({ name }) => /^(?:first|last|limit|\w*size)$/i.test(name)).map((argument) => ({ place, argument })),
  );
  expect(counts.filter(({ argument }) => !pageSizeOf(argument)).map(({ place }) => place)).toEqual([]);
});
