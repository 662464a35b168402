import { isEnumType, isInputObjectType, isInterfaceType, isObjectType, isSpecifiedDirective, isSpecifiedScalarType } from 'graphql';
import { expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';

type Described = readonly [coordinate: string, description: string | null | undefined];

/** Every part of the graph that needs a description. */
function listDescriptions(): Described[] {
  const found: Described[] = [];
  for (const type of Object.values(schema.getTypeMap())) {
    if (type.name.startsWith('__') || isSpecifiedScalarType(type)) continue;
    found.push([type.name, type.description]);
    if (isEnumType(type)) for (const value of type.getValues()) found.push([`${type.name}.${value.name}`, value.description]);
    if (isInputObjectType(type))
      for (const field of Object.values(type.getFields())) found.push([`${type.name}.${field.name}`, field.description]);
    if (isObjectType(type) || isInterfaceType(type)) {
      for (const field of Object.values(type.getFields())) {
        found.push([`${type.name}.${field.name}`, field.description]);
        for (const argument of field.args) found.push([`${type.name}.${field.name}(${argument.name}:)`, argument.description]);
      }
    }
  }
  for (const directive of schema.getDirectives())
    if (!isSpecifiedDirective(directive)) found.push([`@${directive.name}`, directive.description]);
  return found;
}

test('every type, field, argument, enum value and input field has a description', () => {
  const described = listDescriptions();
  expect(described.length).toBeGreaterThan(200);
  expect(described.filter(([, description]) => !/\S{3,}/.test(description ?? '')).map(([coordinate]) => coordinate)).toEqual([]);
});

test('a description is a sentence: it begins with a capital letter or a code word and ends with a stop', () => {
  const odd = listDescriptions().filter(([, description]) => !/^[\p{Lu}\d`“].*[.)`…]$/su.test(description?.trim() ?? ''));
  expect(odd.map(([coordinate]) => coordinate)).toEqual([]);
});

test('fields that hold a secret say so', () => {
  const secrets = ['DeviceOutcome.activationCode', 'DeviceOutcome.deviceCredential', 'DeviceCredential', 'DeviceCredential.password'];
  const silent = listDescriptions().filter(
    ([coordinate, description]) => secrets.includes(coordinate) && !/\bsecret\b/i.test(description ?? ''),
  );
  expect(silent).toEqual([]);
});
