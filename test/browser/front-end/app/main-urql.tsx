import {
  cacheExchange,
  Client,
  fetchExchange,
  Provider,
  subscriptionExchange,
  useClient,
  useMutation,
  useQuery,
  useSubscription,
} from 'urql';
import {
  ActivateDevicesDocument,
  CancelRequestDocument,
  RequestDocument,
  RequestsDocument,
  RequestStatusDocument,
  RetryFailedDevicesDocument,
  type RequestStatusSubscription,
} from '../../../../documents/gql/graphql.ts';
import { forwardResuming } from '../../../../examples/follow-with-urql.ts';
import { patientFetch } from '../../../../examples/patient-fetch.ts';
import { createReconnectingClient } from '../../../../examples/reconnecting-client.ts';
import { renderApp } from './app.tsx';
import { present, type Connect, type FrontEnd } from './front-end.ts';

const frontEnd: FrontEnd = {
  useReadDevices() {
    const client = useClient();
    return async (id, after) => {
      const { data, error } = await client.query(RequestDocument, { id, after, first: 1000 }, { requestPolicy: 'network-only' });
      return present(data?.request, error);
    };
  },
  useRequests() {
    const [{ data, error }, execute] = useQuery({
      query: RequestsDocument,
      variables: { first: 20 },
      requestPolicy: 'cache-and-network',
    });
    return {
      requests: data?.requests.nodes ?? [],
      error,
      reload: () => execute({ requestPolicy: 'network-only' }),
    };
  },
  useActivate() {
    const [, mutate] = useMutation(ActivateDevicesDocument);
    return async (input) => {
      const { data, error } = await mutate({ input });
      return present(data, error).activateDevices;
    };
  },
  useRetry() {
    const [, mutate] = useMutation(RetryFailedDevicesDocument);
    return async (requestId) => {
      const { data, error } = await mutate({ input: { requestId } });
      return present(data, error).retryFailedDevices;
    };
  },
  useCancel() {
    const [, mutate] = useMutation(CancelRequestDocument);
    return async (requestId) => {
      const { data, error } = await mutate({ input: { requestId } });
      return present(data, error).cancelRequest;
    };
  },
  useFollow(requestId, after, onEvent) {
    // The handler is called once for each event. It keeps nothing, so nothing is drawn.
    const [{ error }] = useSubscription<RequestStatusSubscription, null, { requestId: string; after: string; batchSize: number }>(
      { query: RequestStatusDocument, variables: { requestId, after, batchSize: 100 } },
      (_, data) => {
        onEvent(data.requestStatus);
        return null;
      },
    );
    return error;
  },
};

const connect: Connect = ({ graphql, websocket, authorization }) => {
  const socket = createReconnectingClient({ url: websocket, authorization: () => authorization });
  const client = new Client({
    url: graphql,
    exchanges: [cacheExchange, fetchExchange, subscriptionExchange({ forwardSubscription: forwardResuming(socket, () => undefined) })],
    fetch: patientFetch,
    fetchOptions: { headers: { authorization } },
    preferGetMethod: false,
  });
  return { frontEnd, provide: (app) => <Provider value={client}>{app}</Provider> };
};

renderApp(connect);
