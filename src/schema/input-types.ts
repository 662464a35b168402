import type { InputFieldBuilder, InputFieldMap, InputRef } from '@pothos/core';
import * as z from 'zod';
import { DEVICE_IDENTIFIER_KINDS } from '../datasources/thingspace/wire/device-identifier.ts';
import { INPUT_TYPES } from '../operations/fields.ts';
import { builder } from './builder.ts';
import { DeviceIdentifierKindEnum } from './enums.ts';

type Fields = InputFieldBuilder<typeof builder.$inferSchemaTypes, 'InputObject'>;
type FieldType = InputRef<unknown> | typeof DeviceIdentifierKindEnum | 'String' | 'Boolean' | 'Int';

const known = new Map<string, { readonly type: InputRef<unknown>; readonly fields: string }>();

/** Makes the GraphQL input type of a zod object. The description of a field comes from `.describe()`. */
export function inputTypeOf(object: z.ZodObject): InputRef<unknown> {
  const named = INPUT_TYPES.get(object);
  if (!named) throw new Error(`The input object with the fields ${Object.keys(object.shape).join(', ')} has no name.`);
  const { name, description, isOneOf = false } = named;
  const fields = Object.keys(object.shape).join(', ');
  const before = known.get(name);
  if (before && before.fields !== fields) throw new Error(`Two input types are called ${name}: (${before.fields}) and (${fields}).`);
  const type = before?.type ?? builder.inputType(name, { description, isOneOf, fields: (t) => inputFieldsOf(t, object) });
  known.set(name, { type, fields });
  return type;
}

export function inputFieldsOf(t: Fields, { shape }: z.ZodObject): InputFieldMap {
  return Object.fromEntries(
    Object.entries(shape).map(([name, field]) => {
      const description = z.globalRegistry.get(field)?.description;
      if (description === undefined) throw new Error(`The input field ${name} has no description.`);
      const { type, isList, isRequired } = readType(field);
      return [name, t.field({ type: isList ? [type] : type, required: isRequired, description })];
    }),
  );
}

function readType(type: z.core.$ZodType): { readonly type: FieldType; readonly isList: boolean; readonly isRequired: boolean } {
  if (type instanceof z.ZodPipe) return readType(type.in);
  if (type instanceof z.ZodOptional || type instanceof z.ZodNullable) return { ...readType(type.unwrap()), isRequired: false };
  if (type instanceof z.ZodArray) return { ...readType(type.element), isList: true, isRequired: true };
  return { type: namedType(type), isList: false, isRequired: true };
}

function namedType(type: z.core.$ZodType): FieldType {
  if (type instanceof z.ZodObject) return inputTypeOf(type);
  if (type instanceof z.ZodString) return 'String';
  if (type instanceof z.ZodBoolean) return 'Boolean';
  if (type instanceof z.ZodNumberFormat && type._zod.def.format === 'safeint') return 'Int';
  if (type instanceof z.ZodEnum && type.options.join() === DEVICE_IDENTIFIER_KINDS.join()) return DeviceIdentifierKindEnum;
  throw new Error(`An input field cannot have the zod type ${type._zod.def.type}.`);
}
