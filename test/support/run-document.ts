import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { graphql } from './stack.ts';

/** Runs one of the committed operations over HTTP and gives back its data; throws where GraphQL itself has errors. */
export async function runDocument<Data, Variables extends Record<string, unknown>>(
  url: string,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  const { data, errors } = await graphql<Data>(url, print(document), variables);
  if (!data || errors) throw new Error(errors?.map(({ message }) => message).join(' ') ?? 'no data');
  return data;
}
