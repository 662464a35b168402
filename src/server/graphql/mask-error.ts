import { GraphQLError } from 'graphql';
import { GatewayError, isStoreAway } from '../../errors.ts';
import type { Logger } from '../../logger.ts';
import { badRequestError } from '../limits/refusal-errors.ts';
import { explainError } from '../limits/explain-error.ts';

/**
 * Turns an error into one that a caller may read. Errors of the gateway stay as they are, with their code. Errors of GraphQL
 * itself (a document that does not parse or validate, variables that do not fit) lose the values in them. Any other error is a
 * bug, which is logged here and masked.
 */
export function createMaskError(logger: Logger) {
  return (error: unknown): Error => {
    const graphqlError = error instanceof GraphQLError ? error : null;
    const cause = graphqlError ? rootOf(graphqlError) : error;
    const place = graphqlError ? { nodes: graphqlError.nodes, path: graphqlError.path } : {};
    if (cause instanceof GatewayError) {
      const extensions = { code: cause.code, ...(isStoreAway(cause) && { retryAfterMs: STORE_AWAY_MS }), ...shownDetails(cause) };
      return new GraphQLError(cause.message, { ...place, extensions });
    }
    // This drops the error of JSON.parse, which quotes the body.
    if (graphqlError?.extensions['originalError']) return badRequestError(graphqlError.message, 400);
    if (graphqlError && (cause === undefined || cause instanceof GraphQLError)) return explainError(graphqlError);
    logger.error('graphql_unexpected_error', { error: cause });
    return new GraphQLError('Unexpected error. The gateway has logged it, and tells callers nothing more.', {
      ...place,
      extensions: { code: 'INTERNAL_SERVER_ERROR' },
    });
  };
}

/** When a limit allows it again, and the carrier's code of a refusal. The other details are for the log. */
function shownDetails({ details }: GatewayError) {
  const { retryAfterMs, carrierCode } = details;
  return {
    ...(typeof retryAfterMs === 'number' && { retryAfterMs }),
    ...(typeof carrierCode === 'string' && { carrierErrorCode: carrierCode }),
  };
}

/** A shared store that is away comes back by itself. */
const STORE_AWAY_MS = 2_000;

function rootOf(error: GraphQLError): unknown {
  let cause: unknown = error.originalError;
  while (cause instanceof GraphQLError && cause.originalError) cause = cause.originalError;
  return cause;
}
