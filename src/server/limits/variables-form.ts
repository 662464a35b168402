import type { GraphQLError } from 'graphql';
import { refusalError } from './refusal-errors.ts';

export const VARIABLES_LIMITS = {
  /** Characters of one text. No field takes more than 255. */
  characters: 10_000,
  /** Fields of one object. The widest input has 20. For each unknown field graphql-js prints the whole object once. */
  fields: 64,
  /** Objects and lists within each other. The deepest input has 6 levels. */
  depth: 16,
  /** Texts, numbers, lists and objects together. 10,000 devices with all their identifiers have 240,000. */
  values: 500_000,
  /** Characters of everything that comes with a subscription. It is kept while the subscription is open, which may be hours. */
  charactersKept: 4_096,
} as const;

/**
 * Checks variables before they are coerced, up to the first fault. graphql-js prints the whole of a value that does not fit: 8 MiB
 * of fields that no input has would take it 20 seconds.
 *
 * @returns null when the variables are within the limits
 */
export function variablesFault(variables: unknown): GraphQLError | null {
  let values = 0;

  function faultOf(value: unknown, depth: number): GraphQLError | null {
    if (++values > VARIABLES_LIMITS.values) return limitError('Values', VARIABLES_LIMITS.values);
    if (typeof value === 'string')
      return value.length > VARIABLES_LIMITS.characters ? limitError('Characters of one text', VARIABLES_LIMITS.characters) : null;
    if (typeof value !== 'object' || value === null) return null;
    if (depth === VARIABLES_LIMITS.depth) return limitError('Objects and lists within each other', VARIABLES_LIMITS.depth);
    if (Array.isArray(value)) {
      for (const item of value) {
        const fault = faultOf(item, depth + 1);
        if (fault) return fault;
      }
      return null;
    }
    let fields = 0;
    for (const name in value) {
      // At the top there may be any number, because variables that the document does not declare are ignored.
      if (depth > 0 && ++fields > VARIABLES_LIMITS.fields) return limitError('Fields of one object', VARIABLES_LIMITS.fields);
      if (name.length > VARIABLES_LIMITS.characters) return limitError('Characters of one text', VARIABLES_LIMITS.characters);
      const fault = faultOf((value as Readonly<Record<string, unknown>>)[name], depth + 1);
      if (fault) return fault;
    }
    return null;
  }

  return faultOf(variables ?? null, 0);
}

/** The same for a subscription, whose request is kept as it came, with variables, extensions and everything beside them. */
export function keptParamsFault(params: object): GraphQLError | null {
  const rest = { ...params, query: null };
  const fault = variablesFault(rest);
  if (fault) return fault;
  const { length } = JSON.stringify(rest);
  return length > VARIABLES_LIMITS.charactersKept
    ? limitError('Characters of what comes with a subscription', VARIABLES_LIMITS.charactersKept)
    : null;
}

function limitError(what: string, limit: number): GraphQLError {
  return refusalError('OPERATION_TOO_LARGE', `Nothing was run. ${what}, in the variables: more than ${limit}. That is the limit.`);
}
