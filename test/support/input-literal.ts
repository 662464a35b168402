import { assertInputObjectType, print, valueToLiteral } from 'graphql';
import { schema } from '../../src/schema/index.ts';

/** An input of a mutation as it stands in a document: `{ accountName: "…", devices: [{ deviceIds: [{ kind: ICCID, value: "…" }] }] }`. */
export function inputLiteral(typeName: string, input: Readonly<Record<string, unknown>>): string {
  const literal = valueToLiteral(input, assertInputObjectType(schema.getType(`${typeName}Input`)));
  if (!literal) throw new Error(`Not an input of ${typeName}: ${JSON.stringify(input)}`);
  return print(literal);
}
