import type { ResultOf } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import type { Client } from 'graphql-ws';
import { RequestStatusDocument } from '../../operations/gql/graphql.ts';

export type StatusEvent = ResultOf<typeof RequestStatusDocument>['requestStatus'];

/** Every event of a request from its beginning, until the subscription completes or `enough` is met. */
export async function followToEnd(client: Client, requestId: string, enough?: (event: StatusEvent) => boolean): Promise<StatusEvent[]> {
  const events: StatusEvent[] = [];
  const query = print(RequestStatusDocument);
  for await (const { data, errors } of client.iterate<ResultOf<typeof RequestStatusDocument>>({ query, variables: { requestId } })) {
    if (!data || errors) throw new Error(errors?.map(({ message }) => message).join(' ') ?? 'no data');
    events.push(data.requestStatus);
    if (enough?.(data.requestStatus)) break;
  }
  return events;
}
