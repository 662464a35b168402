import type { ResultOf, TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import type { Client } from 'graphql-ws';
import { RequestStatusDocument } from '../../documents/gql/graphql.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import type { Finished, ProgressView } from './progress-view.ts';

/** What the acts of the demo play with. */
export interface Stage {
  readonly client: Client;
  readonly view: ProgressView;
  readonly simulator: Simulator;
  readonly accountName: string;
}

/** The id of the request that a mutation has made. */
export function requestId(result: { __typename: string; request?: { id: string }; message?: string }): string {
  if (!result.request || !result.__typename.endsWith('Accepted')) throw new Error(`${result.__typename}: ${result.message ?? ''}`);
  return result.request.id;
}

/** One operation over the socket. */
export async function run<Data, Variables extends Record<string, unknown>>(
  client: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  for await (const { data, errors } of client.iterate<Data>({ query: print(document), variables })) {
    if (!data || errors) throw new Error(errors?.map(({ message }) => message).join(' ') ?? 'no data');
    return data;
  }
  throw new Error('The socket closed before the answer.');
}

/** Follows a request to its end and draws what it hears. */
export async function follow({ client, view }: Stage, mutation: string, title: string, id: string): Promise<Finished> {
  const finished: Finished = { mutation, title, id, status: '', progress: null, faults: new Map(), events: 0 };
  const events = client.iterate<ResultOf<typeof RequestStatusDocument>>({
    query: print(RequestStatusDocument),
    variables: { requestId: id, batchSize: 1000 },
  });
  for await (const { data, errors } of events) {
    if (!data || errors) throw new Error(errors?.map(({ message }) => message).join(' ') ?? 'no data');
    const { status, progress, outcomes } = data.requestStatus;
    finished.status = status;
    finished.progress = progress;
    finished.events++;
    for (const { fault } of outcomes) if (fault) finished.faults.set(fault.message, (finished.faults.get(fault.message) ?? 0) + 1);
    view.draw(finished);
  }
  view.settle(finished);
  return finished;
}
