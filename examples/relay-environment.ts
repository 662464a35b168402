// Relay against the gateway: HTTP for queries and mutations, a WebSocket for subscriptions, which go on where they were.
//
// Ids are global and `node(id:)` finds them, so Relay needs no `getDataID`. What the store has from a list it need not ask for
// again: `missingFieldHandlers` says where it stands.
import { Environment, Network, Observable, RecordSource, Store, type GraphQLResponse } from 'relay-runtime';
import { patientFetch } from './patient-fetch.ts';
import { createReconnectingClient, type ConnectionOptions } from './reconnecting-client.ts';

export interface RelayOptions extends ConnectionOptions {
  /** `https://…/graphql` */
  readonly httpUrl: string;
}

export function createRelayEnvironment(options: RelayOptions): Environment {
  const socket = createReconnectingClient(options);
  const network = Network.create(
    async ({ text }, variables) => {
      const authorization = await options.authorization?.();
      const answer = await patientFetch(options.httpUrl, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
        body: JSON.stringify({ query: text, variables }),
      });
      return (await answer.json()) as GraphQLResponse;
    },
    ({ text }, given) =>
      Observable.create((sink) => {
        // graphql-ws sends `variables` as they are at that moment, each time it connects.
        const variables: Record<string, unknown> = { ...given };
        return socket.subscribe<{ requestStatus?: { cursor?: string } }>(
          { query: text ?? '', variables },
          {
            next: (answer) => {
              variables['after'] = answer.data?.requestStatus?.cursor ?? variables['after'];
              sink.next(answer as GraphQLResponse);
            },
            error: (error) =>
              sink.error(error instanceof Error ? error : new Error('The gateway ended the subscription.', { cause: error })),
            complete: () => sink.complete(),
          },
        );
      }),
  );
  return new Environment({
    network,
    store: new Store(new RecordSource()),
    missingFieldHandlers: [
      {
        kind: 'linked',
        handle: ({ name }, parent, args: { readonly id?: string }) =>
          parent?.getType() === '__Root' && (name === 'node' || (name === 'request' && args.id?.startsWith('req_'))) ? args.id : undefined,
      },
    ],
  });
}
