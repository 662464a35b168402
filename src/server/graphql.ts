import type { IncomingMessage, ServerResponse } from 'node:http';
import { execute, GraphQLError } from 'graphql';
import { createYoga, type Plugin } from 'graphql-yoga';
import { createLoaders } from '../datasources/loaders.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';
import type { Caller } from '../resolvers/caller.ts';
import type { GraphContext } from '../schema/context.ts';
import { schema } from '../schema/index.ts';
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
    plugins: [nesting(), execution(options.metrics)],
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

/** A document nested deeper than the stack lets it be parsed or validated is its writer's fault, and no bug of ours. */
function nesting(): Plugin {
  const guarded =
    <Args extends readonly unknown[], Result>(work: (...args: Args) => Result) =>
    (...args: Args): Result => {
      try {
        return work(...args);
      } catch (error) {
        if (!(error instanceof RangeError)) throw error;
        const extensions = { code: 'BAD_USER_INPUT', http: { status: 400 } };
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
    onSubscribe: ({ setSubscribeFn }) => setSubscribeFn(subscribe),
  };
}
