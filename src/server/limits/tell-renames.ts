import { GraphQLError } from 'graphql';
import { RENAMES } from '../../schema/renames.ts';
import { removeValues } from './variable-values.ts';

/** The messages of graphql-js about something that the schema does not have, and how they name it. */
const MENTIONS: readonly (readonly [RegExp, (first: string, second: string) => string])[] = [
  [/Cannot query field "(\w+)" on type "(\w+)"/, (field, type) => `${type}.${field}`],
  [/Expected value of type "\[*(\w+)[\]!]*" not to include unknown field "(\w+)"/, (type, field) => `${type}.${field}`],
  [/Unknown argument "(\w+)" on field "(\w+\.\w+)"/, (argument, field) => `${field}(${argument}:)`],
  [/Value "(\w+)" does not exist in "(\w+)" enum/, (value, type) => `${type}.${value}`],
  [/Unknown type "(\w+)"/, (type) => type],
  [/of type "(\w+)!?" used in position expecting type "(\w+)!?"/, (given, expected) => `${given} → ${expected}`],
];

/** Removes the values from an error of GraphQL, and adds what it is called now if an earlier version had what the error is about. */
export function explainError(error: GraphQLError): GraphQLError {
  const clean = removeValues(error);
  const sentence = renameIn(error.message);
  // An error of validation comes by here a second time, with the errors of the execution.
  if (sentence === null || clean.message.endsWith(sentence)) return clean;
  const { nodes, source, positions, path, extensions } = clean;
  return new GraphQLError(`${clean.message} ${sentence}`, { nodes, source, positions, path, extensions });
}

function renameIn(message: string): string | null {
  for (const [form, placeOf] of MENTIONS) {
    const [, first = '', second = ''] = form.exec(message) ?? [];
    const sentence = RENAMES.get(placeOf(first, second));
    if (sentence !== undefined) return sentence;
  }
  return null;
}
