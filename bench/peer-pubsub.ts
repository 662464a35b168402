import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { ExecutionArgs } from 'graphql';
import { useServer } from 'graphql-ws/use/ws';
import { createPubSub, createSchema, createYoga, type YogaInitialContext } from 'graphql-yoga';
import { WebSocketServer } from 'ws';
import { listenOnLoopback } from '../test/support/listen-on-loopback.ts';
import { EventQueue } from './event-queue.ts';
import { serveCommands } from './serve-commands.ts';

/**
 * The peer: a webhook that parses each callback and publishes it with graphql-yoga's `createPubSub` to a graphql-ws
 * subscription, one event a callback. It stores nothing, checks nothing and knows no duplicates.
 *
 * `pubSub.subscribe` ends the process when 1,024 events wait on one subscriber, which a burst of callbacks reaches; so the
 * subscribers here listen on the same event target with a queue that has no end.
 */
interface Callback {
  readonly requestId: string;
  readonly deviceIds: readonly { readonly kind: string; readonly id: string }[];
  readonly deviceResponse?: {
    readonly activateResponse?: {
      readonly deviceIds: Callback['deviceIds'];
      readonly state: string;
      readonly ipAddress: string;
      readonly servicePlan: string;
    };
  };
  readonly faultResponse?: { readonly faultcode: string; readonly faultstring: string };
  readonly status: string;
  readonly receivedAt: string;
}

const events = new EventTarget();
const pubSub = createPubSub<{ device: [requestId: string, callback: Callback] }>({ eventTarget: events as never });
let subscribers = 0;

const activated = (callback: Callback) => callback.deviceResponse?.activateResponse;

const yoga = createYoga({
  logging: false,
  schema: createSchema({
    typeDefs: `
      type Query { ok: Boolean! }
      type DeviceIdentifier { kind: String! value: String! }
      type Fault { code: String! message: String! }
      type Device { id: ID! status: String! state: String ipAddress: String servicePlan: String receivedAt: String! deviceIds: [DeviceIdentifier!]! fault: Fault }
      type Subscription { device(requestId: ID!): Device! }
    `,
    resolvers: {
      Query: { ok: () => true },
      DeviceIdentifier: { value: ({ id }: Callback['deviceIds'][number]) => id },
      Device: {
        id: (callback: Callback) => `${callback.requestId}/${callback.deviceIds[0]?.id ?? ''}`,
        state: (callback: Callback) => activated(callback)?.state,
        ipAddress: (callback: Callback) => activated(callback)?.ipAddress,
        servicePlan: (callback: Callback) => activated(callback)?.servicePlan,
        deviceIds: (callback: Callback) => [...callback.deviceIds, ...(activated(callback)?.deviceIds ?? [])],
        fault: ({ faultResponse }: Callback) => faultResponse && { code: faultResponse.faultcode, message: faultResponse.faultstring },
      },
      Subscription: {
        device: {
          subscribe: (_parent: unknown, { requestId }: { requestId: string }) => {
            subscribers++;
            return new EventQueue<Callback>(events, `device:${requestId}`, () => subscribers--);
          },
          resolve: (callback: Callback) => callback,
        },
      },
    },
  }),
});

const server = createServer((request, response) => {
  if (request.url?.startsWith('/callbacks/')) webhook(request, response);
  else void yoga(request, response);
});

function webhook(request: IncomingMessage, response: ServerResponse): void {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.once('end', () => {
    const callback = JSON.parse(Buffer.concat(chunks).toString('utf8')) as Callback;
    pubSub.publish('device', callback.requestId, { ...callback, receivedAt: new Date().toISOString() });
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': '2' }).end('{}');
  });
}

interface EnvelopedArgs extends ExecutionArgs {
  readonly rootValue: { readonly execute: (args: ExecutionArgs) => unknown; readonly subscribe: (args: ExecutionArgs) => unknown };
}

// As graphql-yoga's documentation has it.
useServer(
  {
    execute: (args) => (args as EnvelopedArgs).rootValue.execute(args) as never,
    subscribe: (args) => (args as EnvelopedArgs).rootValue.subscribe(args) as never,
    onSubscribe: async (context, _id, params) => {
      const { schema, execute, subscribe, contextFactory, parse, validate } = yoga.getEnveloped({
        ...context,
        req: context.extra.request,
        socket: context.extra.socket,
        params,
      } as unknown as YogaInitialContext);
      const document = parse(params.query);
      const args = {
        schema,
        operationName: params.operationName,
        document,
        variableValues: params.variables,
        contextValue: await contextFactory(),
        rootValue: { execute, subscribe },
      };
      const errors = validate(args.schema, args.document);
      return errors.length > 0 ? errors : (args as never);
    },
  },
  new WebSocketServer({ server, path: '/graphql' }),
);

serveCommands({
  listen: async () => `127.0.0.1:${(await listenOnLoopback(server)).port}`,
  subscribers: () => subscribers,
});
