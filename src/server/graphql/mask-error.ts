import { GraphQLError } from 'graphql';
import { GatewayError } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { badRequestError } from '../limits/refusal-errors.ts';
import { removeValues } from '../limits/variable-values.ts';

/**
 * What a caller may read of an error: those of the gateway as they are, with their code; those of GraphQL itself (a document
 * that does not parse or validate, variables that do not fit) without the values in them; anything else is a bug, logged here
 * and masked.
 */
export function createMaskError(logger: Logger) {
  return (error: unknown): Error => {
    const graphqlError = error instanceof GraphQLError ? error : null;
    const cause = graphqlError ? rootOf(graphqlError) : error;
    const place = graphqlError ? { nodes: graphqlError.nodes, path: graphqlError.path } : {};
    if (cause instanceof GatewayError) return new GraphQLError(cause.message, { ...place, extensions: { code: cause.code } });
    // JSON.parse quotes the body it could not read.
    if (graphqlError?.extensions['originalError']) return badRequestError(graphqlError.message, 400);
    if (graphqlError && (cause === undefined || cause instanceof GraphQLError)) return removeValues(graphqlError);
    logger.error('graphql_unexpected_error', { error: cause });
    return new GraphQLError('Unexpected error. It was logged; nothing more is known to the caller.', {
      ...place,
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
  };
}

function rootOf(error: GraphQLError): unknown {
  let cause: unknown = error.originalError;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}
