import { createClient, type Client } from 'graphql-ws';
import { request } from 'undici';
import WebSocket from 'ws';
import { OWN_SERVICES } from '../../src/datasources/thingspace/wire/callback-service.ts';
import type { Gateway, GatewayOptions } from '../../src/gateway.ts';
import type { SimulatorOptions } from '../../simulator/options.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { CarrierClient } from '../simulator/support/carrier-client.ts';
import { openGateway } from './open-gateway.ts';
import { tempFolder } from './temp-folder.ts';

export interface Stack extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly gateway: Gateway;
  readonly account: string;
  readonly storePath: string;
  /** One operation over HTTP; the parsed body, whatever it says. */
  query<Data = Record<string, unknown>>(
    document: string,
    variables?: Record<string, unknown>,
    authorization?: string,
  ): Promise<GraphqlAnswer<Data>>;
  /** A graphql-ws client of this gateway, disposed of with the stack. */
  client(options?: ClientOptions): Client;
}

export interface ClientOptions {
  readonly retryAttempts?: number;
  /** The key or token it shows each time it connects. */
  readonly authorization?: string | (() => string | Promise<string>);
}

export interface GraphqlAnswer<Data> {
  readonly data?: Data;
  readonly errors?: readonly { readonly message: string; readonly extensions?: { readonly code?: string } }[];
}

export interface StackOptions {
  readonly simulator?: SimulatorOptions;
  readonly env?: Readonly<Record<string, string>>;
  /** Have the simulator deliver callbacks to this gateway (default), or leave that to the test. */
  readonly register?: boolean;
  /** What the gateway takes for the time. */
  readonly clocks?: Pick<GatewayOptions, 'now' | 'uptime'>;
}

/** Simulator and gateway on free ports, with a real SQLite file, the gateway registered for all three services. */
export async function startStack(options: StackOptions = {}): Promise<Stack> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const simulator = undo.use(await startSimulator({ callbackDelayMs: [0, 20], magicIdentifiers: false, ...options.simulator }));
  const storePath = `${folder.path}/gateway.sqlite`;
  const gateway = undo.use(await openGateway(simulator, storePath, options.env, options.clocks));
  if (options.register !== false) await registerListeners(simulator, gateway);
  const clients = undo.use(new AsyncDisposableStack());
  const built = undo.move();
  return {
    simulator,
    gateway,
    storePath,
    account: simulator.accounts[0] ?? '',
    query: (document, variables, authorization) => graphql(gateway.urls.graphql, document, variables, authorization),
    client: ({ retryAttempts = 0, authorization } = {}) => {
      const client = createClient({
        url: gateway.urls.websocket,
        webSocketImpl: WebSocket,
        retryAttempts,
        connectionParams: async () => ({ authorization: typeof authorization === 'function' ? await authorization() : authorization }),
      });
      clients.defer(() => client.dispose());
      return client;
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

/** Registers this gateway's URLs the way an operator's tool would: over the carrier's own API. */
export async function registerListeners(simulator: Simulator, gateway: Gateway): Promise<void> {
  await using client = await CarrierClient.open(simulator);
  for (const account of simulator.accounts) {
    for (const name of OWN_SERVICES) {
      const url = `${gateway.urls.callbacks}${gateway.callbackPath(account, name)}`;
      await client.call('POST', `/callbacks/${account}`, { name, url });
    }
  }
}

export async function graphql<Data>(
  url: string,
  document: string,
  variables?: Record<string, unknown>,
  authorization?: string,
): Promise<GraphqlAnswer<Data>> {
  const answer = await request(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...(authorization !== undefined && { authorization }) },
    body: JSON.stringify({ query: document, variables }),
  });
  return (await answer.body.json()) as GraphqlAnswer<Data>;
}
