import type { GraphqlAnswer, Stack } from './stack.ts';

/** The result of a mutation, its union flattened. */
export interface MutationResult {
  readonly __typename: string;
  readonly message?: string;
  readonly code?: string;
  readonly totalFaults?: number;
  readonly faults?: readonly { readonly path: readonly string[]; readonly code: string; readonly message: string }[];
  readonly request?: { readonly id: string; readonly carrierRequests: readonly { readonly carrierRequestId: string | null }[] };
}

/** Calls the mutation of an operation by the name of its types (`ActivateDevices`). Throws when the answer has GraphQL errors. */
export async function mutate(stack: Pick<Stack, 'query'>, name: string, input: Record<string, unknown>): Promise<MutationResult> {
  const field = `${name.charAt(0).toLowerCase()}${name.slice(1)}`;
  const answer: GraphqlAnswer<Record<string, MutationResult>> = await stack.query(
    `mutation ($input: ${name}Input!) { result: ${field}(input: $input) { __typename
      ... on ${name}Accepted { request { id carrierRequests { carrierRequestId } } }
      ... on MutationError { message code }
      ... on InvalidInput { totalFaults faults { path code message } } } }`,
    { input },
  );
  const result = answer.data?.['result'];
  if (!result) throw new Error(JSON.stringify(answer.errors));
  return result;
}
