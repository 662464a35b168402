import type { InputFieldBuilder, InputFieldMap, InputRef } from '@pothos/core';
import * as z from 'zod';
import { INPUT_TYPES } from '../operations/fields.ts';
import { builder } from './builder.ts';
import { DeviceIdentifierKindEnum } from './enums.ts';

type Fields = InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>;
type FieldType = InputRef<unknown> | typeof DeviceIdentifierKindEnum | 'String' | 'Boolean';

const known = new Map<string, InputRef<unknown>>();

/** The GraphQL input type of a zod object: its fields, whether they may be left out, and what `.describe()` says of each. */
export function inputTypeOf(object: z.ZodObject): InputRef<unknown> {
  const named = INPUT_TYPES.get(object);
  if (!named) throw new Error(`An object of an input has no name: ${Object.keys(object.shape).join(', ')}`);
  const { name, description } = named;
  const type = known.get(name) ?? builder.inputType(name, { description, fields: (t) => inputFieldsOf(t, object) });
  known.set(name, type);
  return type;
}

export function inputFieldsOf(t: Fields, { shape }: z.ZodObject): InputFieldMap {
  return Object.fromEntries(
    Object.entries(shape).map(([name, field]) => {
      const description = z.globalRegistry.get(field)?.description;
      if (description === undefined) throw new Error(`The field ${name} of an input has no description.`);
      const { type, isList, isRequired } = read(field);
      return [name, t.field({ type: isList ? [type] : type, required: isRequired, description })];
    }),
  );
}

function read(type: z.core.$ZodType): { readonly type: FieldType; readonly isList: boolean; readonly isRequired: boolean } {
  if (type instanceof z.ZodPipe) return read(type.in);
  if (type instanceof z.ZodOptional || type instanceof z.ZodNullable) return { ...read(type.unwrap()), isRequired: false };
  if (type instanceof z.ZodArray) return { ...read(type.element), isList: true, isRequired: true };
  return { type: namedType(type), isList: false, isRequired: true };
}

function namedType(type: z.core.$ZodType): FieldType {
  if (type instanceof z.ZodObject) return inputTypeOf(type);
  if (type instanceof z.ZodString) return 'String';
  if (type instanceof z.ZodBoolean) return 'Boolean';
  if (type instanceof z.ZodEnum) return DeviceIdentifierKindEnum;
  throw new Error(`An input cannot have a field of the zod type ${type._zod.def.type}.`);
}
