import type { IncomingMessage, ServerResponse } from 'node:http';
import { execute, GraphQLError, type ExecutionResult } from 'graphql';
import { createYoga, type GraphQLParams, type Plugin } from 'graphql-yoga';
import { createLoaders } from '../datasources/loaders.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { Caller } from '../resolvers/caller.ts';
import type { GraphContext } from '../schema/context.ts';
import { schema } from '../schema/index.ts';
import { acceptedTypes, EVENT_STREAM } from './accepted-types.ts';
import { createMaskError } from './mask-error.ts';
import { createSharedSubscribe } from './shared-subscribe.ts';

export interface GraphqlOptions {
  readonly parts: Omit<GraphContext, 'caller' | 'loaders'>;
  readonly caller: () => Caller;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface NodeContext {
  readonly req: IncomingMessage;
  readonly res?: ServerResponse;
}

export const GRAPHQL_PATH = '/graphql';

/** The one yoga that every operation goes through: HTTP, Server-Sent Events and (by its envelope) WebSocket. */
export function createGraphql(options: GraphqlOptions) {
  const { parts, logger } = options;
  return createYoga<NodeContext, GraphContext>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: () => ({ ...parts, caller: options.caller(), loaders: createLoaders(parts.requestLog) }),
    maskedErrors: { maskError: createMaskError(logger), isDev: false },
    plugins: [specification(), nesting(), execution(options.metrics)],
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    cors: false,
    healthCheckEndpoint: '/-',
    logging: {
      debug: () => undefined,
      info: () => undefined,
      warn: () => logger.warn('graphql_server_warning'),
      // Yoga also reports every error that was masked or given its code; `maskError` has logged those worth it.
      error: (error: unknown) => void (error instanceof GraphQLError || logger.error('graphql_server_error', { error })),
    },
  });
}

export type Graphql = ReturnType<typeof createGraphql>;

/**
 * What yoga leaves open of GraphQL over HTTP: keys of a request that it does not know are reserved for its future and must be
 * ignored (§4.4.1), a body without a query is no request whatever the client accepts, and a result without `data` must not be
 * answered 2xx as application/graphql-response+json (§5.4).
 */
function specification(): Plugin {
  return {
    onParams: ({ params: { query, operationName, variables, extensions }, setParams }) => {
      if (query === undefined || query === null) throw badRequest('The body has no `query`, the text of a GraphQL document.', 400);
      if (!['string', 'undefined'].includes(typeof (operationName ?? undefined))) throw badRequest('`operationName` is not a string.', 400);
      setParams({ query, operationName, variables, extensions } as GraphQLParams);
    },
    onExecutionResult: ({ result }) => {
      if (!result || !('errors' in result) || !result.errors || 'data' in result) return;
      // `spec`: 200 after all for a client that takes application/json only.
      for (const { extensions } of result.errors) {
        const { code, http } = extensions;
        if (!http || code === 'OPERATION_RESOLUTION_FAILURE')
          extensions['http'] = { spec: true, status: code === 'INTERNAL_SERVER_ERROR' ? 500 : 400 };
      }
    },
  };
}

function badRequest(message: string, status: number): GraphQLError {
  return new GraphQLError(message, { extensions: { code: 'BAD_REQUEST', http: { status } } });
}

/** A document nested deeper than the stack lets it be parsed or validated is its writer's fault, and no bug of ours. */
function nesting(): Plugin {
  const guarded =
    <Args extends readonly unknown[], Result>(work: (...args: Args) => Result) =>
    (...args: Args): Result => {
      try {
        return work(...args);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        const extensions = { code: 'BAD_USER_INPUT', http: { spec: true, status: 400 } };
        throw new GraphQLError('The document is nested too deeply.', { extensions });
      }
    };
  return {
    onParse: ({ parseFn, setParseFn }) => setParseFn(guarded(parseFn)),
    onValidate: ({ validateFn, setValidationFn }) => setValidationFn(guarded(validateFn)),
  };
}

/**
 * Executes with graphql-js, whose `execute` does not copy 10,000 devices of variables once more, and subscribes with our own
 * `subscribe`, which also counts what is open.
 */
function execution(metrics: Metrics): Plugin {
  const subscribe = createSharedSubscribe(metrics.subscriptions);
  return {
    onExecute: ({ setExecuteFn }) => setExecuteFn(execute),
    onSubscribe: ({ args, setSubscribeFn }) => setSubscribeFn(takesEvents(args.contextValue) ? subscribe : notAcceptable),
  };
}

/** Over HTTP events can only go to a client that takes an event stream: a subscription without one would be followed for nobody. */
function takesEvents({ request }: { readonly request?: Request }): boolean {
  return acceptedTypes(request?.headers.get('accept') ?? undefined).includes(EVENT_STREAM);
}

function notAcceptable(): ExecutionResult {
  return { errors: [badRequest('A subscription needs Accept: text/event-stream, or a WebSocket.', 406)] };
}
