import type { FormattedExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';

/** Leaves out the extension `http`, which is meant only for HTTP. */
export function formatError(error: GraphQLError): GraphQLFormattedError {
  const { extensions: { http: _, ...extensions } = {}, ...formatted } = error.toJSON();
  return Object.keys(extensions).length > 0 ? { ...formatted, extensions } : formatted;
}

/** A result without errors stays the same object, which may be shared. */
export function formatResult(result: { readonly errors?: readonly GraphQLError[] | undefined }): FormattedExecutionResult {
  return result.errors ? { ...result, errors: result.errors.map(formatError) } : (result as FormattedExecutionResult);
}
