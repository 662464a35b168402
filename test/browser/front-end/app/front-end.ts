import type { ReactNode } from 'react';
import type {
  ActivateDevicesInput,
  ActivateDevicesMutation,
  CancelRequestMutation,
  RequestQuery,
  RequestsQuery,
  RequestStatusSubscription,
  RetryFailedDevicesMutation,
} from '../../../../documents/gql/graphql.ts';
import type { OutcomeEvent } from '../../../../examples/outcome-store.ts';

export type StatusEvent = RequestStatusSubscription['requestStatus'];
export type Outcome = StatusEvent['outcomes'][number];
export type RequestRow = RequestsQuery['requests']['nodes'][number];

/** What the components ask of the gateway. Each client has a file that does it with the client's own hooks. */
export interface FrontEnd {
  /** Reads a page of the devices of a request, past the cache. */
  useReadDevices(): (requestId: string, after: string | null) => Promise<NonNullable<RequestQuery['request']>>;
  useRequests(): { readonly requests: readonly RequestRow[]; readonly error: Error | undefined; readonly reload: () => void };
  useActivate(): (input: ActivateDevicesInput) => Promise<ActivateDevicesMutation['activateDevices']>;
  useRetry(): (requestId: string) => Promise<RetryFailedDevicesMutation['retryFailedDevices']>;
  useCancel(): (requestId: string) => Promise<CancelRequestMutation['cancelRequest']>;
  /** Gives each event to `onEvent`, keeps none, and draws nothing. */
  useFollow(requestId: string, after: string, onEvent: (event: OutcomeEvent<Outcome>) => void): Error | undefined;
}

export interface Connection {
  readonly graphql: string;
  readonly websocket: string;
  readonly authorization: string;
}

/** Makes the client once, for the whole application. */
export type Connect = (connection: Connection) => { readonly frontEnd: FrontEnd; readonly provide: (app: ReactNode) => ReactNode };

export function present<Data>(data: Data | null | undefined, error?: Error): Data {
  if (error) throw error;
  if (data === null || data === undefined) throw new Error('The gateway sent no data.');
  return data;
}

export function textOf(form: FormData, name: string): string {
  const value = form.get(name);
  return typeof value === 'string' ? value : '';
}
