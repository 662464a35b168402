import { GraphQLError } from 'graphql';

/** What is no GraphQL request, whatever the client accepts. */
export function badRequest(message: string, status: number): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status } } });
}
