import { isEnumType, isInputObjectType, isInterfaceType, isObjectType, type GraphQLSchema } from 'graphql';

/** What stands at `Type`, `Type.field`, `Input.field` or `Enum.VALUE` of a schema; undefined where nothing does. */
export function atCoordinate(schema: GraphQLSchema, coordinate: string): { readonly description?: string | null | undefined } | undefined {
  const [typeName = '', member] = coordinate.split('.');
  const type = schema.getType(typeName);
  if (member === undefined) return type;
  if (isEnumType(type)) return type.getValue(member) ?? undefined;
  if (isObjectType(type) || isInterfaceType(type) || isInputObjectType(type)) return type.getFields()[member];
  return undefined;
}
