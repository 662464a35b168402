import { GraphQLError } from 'graphql';

/** `Variable "$input" has invalid value at .devices[3].deviceIds: `, and the like for arguments and default values. */
const PLACE =
  /^(?:(?:Variable "\$\w+"(?: defined by fragment "\w+")?|Argument "[^"]*") has invalid (?:default )?value(?: at [\w.[\]]+)?: )*/;

/**
 * The messages of graphql-js that repeat a value, and what is put in their place. They come from `validateInputValue`, from the
 * scalars and enums, from a result that is not of its type, and from the parser, which repeats tokens.
 */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [
    /^(Expected value of type "[^"]*" not to include unknown field "[A-Za-z_]\w{0,63}")(?:, found|\. Did you mean [^?]*\? Found): [^]*$/,
    '$1.',
  ],
  [/^(Expected value of type "[^"]*" not to include unknown field) "[^]*$/, '$1s.'],
  [
    /^(Expected value of type "[^"]*"(?: to be an object| to include required field "\w+")?), (?:found: |but encountered error ")[^]*$/,
    '$1.',
  ],
  [/^(Expected value of type "[^"]*") but got: [^]*$/, '$1.'],
  [/^((?:\w+|Enum "\w+") cannot represent (?:[\w -]+ )?value): [^]*$/, '$1.'],
  [/^(Variable "\$\w+" got invalid value) [^]*$/, '$1.'],
  [/^Value "[^]*" does not exist in ("\w+" enum\.)[^]*$/, 'The value does not exist in $1'],
  [/^(Syntax Error: (?:Expected [^,]+, found|Unexpected) \w+) "[^]*$/, '$1.'],
  [/^(Syntax Error: Invalid (?:Unicode|character) escape sequence): [^]*$/, '$1.'],
  [/^(Syntax Error: Invalid number, expected digit before "\."), did you mean [^]*$/, '$1.'],
];

/**
 * Removes from an error the values that the caller sent. The variable or argument, the path and the expected type stay. The name
 * of an unknown input field stays if it could be the name of a field. Other errors stay as they are.
 */
export function removeValues(error: GraphQLError): GraphQLError {
  const place = PLACE.exec(error.message)?.[0] ?? '';
  const said = error.message.slice(place.length);
  for (const [form, rest] of FORMS) {
    if (!form.test(said)) continue;
    const message = place + said.replace(form, rest);
    const { nodes, source, positions, path, extensions } = error;
    // The originalError is left out, because it repeats the value too.
    return new GraphQLError(message, { nodes, source, positions, path, extensions });
  }
  return error;
}
