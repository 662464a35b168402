import { ApolloClient, ApolloLink, HttpLink, InMemoryCache } from '@apollo/client';
import { GraphQLWsLink } from '@apollo/client/link/subscriptions';
import { ApolloProvider, useApolloClient, useMutation, useQuery, useSubscription } from '@apollo/client/react';
import { OperationTypeNode } from 'graphql';
import { useState } from 'react';
import {
  ActivateDevicesDocument,
  CancelRequestDocument,
  RequestDocument,
  RequestsDocument,
  RequestStatusDocument,
  RetryFailedDevicesDocument,
} from '../../../../documents/gql/graphql.ts';
import { apolloCacheOptions } from '../../../../examples/cache-options.ts';
import { resumeLink } from '../../../../examples/follow-with-apollo.ts';
import { patientFetch } from '../../../../examples/patient-fetch.ts';
import { createReconnectingClient } from '../../../../examples/reconnecting-client.ts';
import { renderApp } from './app.tsx';
import { present, type Connect, type FrontEnd } from './front-end.ts';

const frontEnd: FrontEnd = {
  useReadDevices() {
    const client = useApolloClient();
    return async (id, after) => {
      const { data } = await client.query({ query: RequestDocument, variables: { id, after, first: 1000 }, fetchPolicy: 'no-cache' });
      return present(data?.request);
    };
  },
  useRequests() {
    const { data, error, refetch } = useQuery(RequestsDocument, { variables: { first: 20 }, fetchPolicy: 'cache-and-network' });
    return { requests: data?.requests.nodes ?? [], error, reload: () => void refetch() };
  },
  useActivate() {
    const [mutate] = useMutation(ActivateDevicesDocument);
    return async (input) => present((await mutate({ variables: { input } })).data).activateDevices;
  },
  useRetry() {
    const [mutate] = useMutation(RetryFailedDevicesDocument);
    return async (requestId) => present((await mutate({ variables: { input: { requestId } } })).data).retryFailedDevices;
  },
  useCancel() {
    const [mutate] = useMutation(CancelRequestDocument);
    return async (requestId) => present((await mutate({ variables: { input: { requestId } } })).data).cancelRequest;
  },
  useFollow(requestId, after, onEvent) {
    const [error, setError] = useState<Error>();
    useSubscription(RequestStatusDocument, {
      variables: { requestId, after, batchSize: 100 },
      // The devices go to the store. The normalised cache takes a minute for so many, and without `ignoreResults` the component
      // is drawn for every event.
      fetchPolicy: 'no-cache',
      ignoreResults: true,
      onData: ({ data }) => {
        if (data.data) onEvent(data.data.requestStatus);
      },
      onError: setError,
    });
    return error;
  },
};

const connect: Connect = ({ graphql, websocket, authorization }) => {
  const socket = createReconnectingClient({ url: websocket, authorization: () => authorization });
  const client = new ApolloClient({
    link: ApolloLink.split(
      ({ operationType }) => operationType === OperationTypeNode.SUBSCRIPTION,
      ApolloLink.from([resumeLink(), new GraphQLWsLink(socket)]),
      new HttpLink({ uri: graphql, headers: { authorization }, fetch: patientFetch }),
    ),
    cache: new InMemoryCache(apolloCacheOptions),
  });
  return { frontEnd, provide: (app) => <ApolloProvider client={client}>{app}</ApolloProvider> };
};

renderApp(connect);
