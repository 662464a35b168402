import type { IncomingMessage, ServerResponse } from 'node:http';
import { execute, GraphQLError, type ExecutionArgs, type ExecutionResult } from 'graphql';
import { createYoga, type GraphQLParams, type Plugin } from 'graphql-yoga';
import { createLoaders } from '../../schema/loaders.ts';
import { Production } from '../../schema/production.ts';
import type { Logger } from '../../logger.ts';
import type { Metrics } from '../../metrics.ts';
import { currentCaller, withoutRights, type Identity } from '../../resolvers/access/caller.ts';
import type { FairScheduler } from '../../lib/fair-scheduler.ts';
import type { GraphContext } from '../../schema/context.ts';
import { schema } from '../../schema/index.ts';
import { acceptedTypes, EVENT_STREAM } from './accepted-types.ts';
import type { Admission } from '../limits/admission.ts';
import { EXECUTION_OPTIONS } from '../limits/document-limits.ts';
import { createDocumentCaches, limitDocuments } from '../limits/limits-plugin.ts';
import { stoppedError } from '../limits/production-error.ts';
import { limitRefusedDocuments } from '../limits/refused-documents.ts';
import type { OutgoingBytes } from '../limits/outgoing-bytes.ts';
import { badRequestError, CLIENT_GONE } from '../limits/refusal-errors.ts';
import { readBodiesInTurn } from '../limits/request-bodies.ts';
import type { TrustedDocuments } from '../limits/trusted-documents.ts';
import { compressAnswers } from './compress-answers.ts';
import { writeEventStreams } from './event-stream.ts';
import { createMaskError } from './mask-error.ts';
import { resultNotes } from './result-notes.ts';
import { createSharedSubscribe } from './shared-subscribe.ts';
import { traceMutation } from './trace-mutation.ts';

export interface GraphqlOptions {
  readonly parts: Omit<GraphContext, 'identity' | 'caller' | 'gone' | 'nextTurn' | 'lastEventId' | 'loaders' | 'production'>;
  readonly trusted: TrustedDocuments;
  readonly admission: Admission;
  readonly outgoing: OutgoingBytes;
  /** The most open subscriptions of one caller, over all its connections. */
  readonly openPerCaller: number;
  readonly scheduler: FairScheduler;
  readonly maxBodyBytes: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface NodeContext {
  readonly req: IncomingMessage;
  readonly res?: ServerResponse;
  /** The caller, whom the door has identified before it read anything. */
  readonly identity: Identity;
  readonly gone: AbortSignal;
}

export const GRAPHQL_PATH = '/graphql';

/** The one yoga that runs every operation, over HTTP, Server-Sent Events and (by its envelope) WebSocket. */
export function createGraphql(options: GraphqlOptions) {
  const { parts, trusted, logger } = options;
  return createYoga<NodeContext, GraphContext>({
    schema,
    graphqlEndpoint: GRAPHQL_PATH,
    context: ({ identity, gone, request }) => ({
      ...parts,
      identity,
      gone,
      nextTurn: async () => {
        await options.scheduler.waitForTurn(currentCaller(identity).id, 'ask');
        if (gone.aborted) throw CLIENT_GONE;
      },
      caller: currentCaller(identity),
      loaders: createLoaders(parts.store),
      production: new Production(parts.limits.maxCost),
      lastEventId: request.headers.get('last-event-id') || null,
    }),
    maskedErrors: { maskError: createMaskError(logger), isDev: false },
    plugins: [
      readBodiesInTurn(options),
      trusted.plugin,
      createSpecificationPlugin(),
      limitRefusedDocuments(),
      limitDocuments(trusted.isTrusted),
      createExecutionPlugin(options),
      writeEventStreams(),
      compressAnswers(),
    ],
    parserAndValidationCache: createDocumentCaches(),
    graphiql: false,
    landingPage: false,
    multipart: false,
    batching: false,
    // The door has refused longer bodies by their heads.
    maxRequestBodySize: false,
    cors: false,
    healthCheckEndpoint: '/-',
    logging: {
      debug: () => undefined,
      info: () => undefined,
      warn: () => logger.warn('graphql_server_warning'),
      // Yoga also reports every GraphQLError. `maskError` has logged those that are bugs.
      error: (error: unknown) => void (error instanceof GraphQLError || logger.error('graphql_server_error', { error })),
    },
  });
}

export type Graphql = ReturnType<typeof createGraphql>;

/**
 * The rules of GraphQL over HTTP that yoga does not keep. Unknown keys of a request are reserved, and must be ignored (§4.4.1). A
 * body without a query is no request, whatever the client accepts. A result without `data` must not be answered with 2xx as
 * application/graphql-response+json (§5.4).
 */
function createSpecificationPlugin(): Plugin {
  return {
    onParams: ({ params: { query, operationName, variables, extensions }, setParams }) => {
      if (query === undefined || query === null) throw badRequestError('The body has no `query` with the text of a GraphQL document.', 400);
      if (!['string', 'undefined'].includes(typeof (operationName ?? undefined)))
        throw badRequestError('`operationName` is not a string.', 400);
      setParams({ query, operationName, variables, extensions } as GraphQLParams);
    },
    onExecutionResult: ({ result }) => {
      if (!result || !('errors' in result) || !result.errors || 'data' in result) return;
      // `spec` makes yoga answer 200 to a client that takes only application/json.
      for (const { extensions } of result.errors) {
        const { code, http } = extensions;
        if (!http || code === 'OPERATION_RESOLUTION_FAILURE')
          extensions['http'] = { spec: true, status: code === 'INTERNAL_SERVER_ERROR' ? 500 : 400 };
      }
    },
  };
}

/**
 * Asks whether an operation may run. Then it executes with graphql-js, which does not copy the variables of 10,000 devices once
 * more, as yoga's executor does. It subscribes with our own `subscribe`.
 */
function createExecutionPlugin({ parts, admission, outgoing, openPerCaller, metrics }: GraphqlOptions): Plugin<GraphContext> {
  const subscribe = createSharedSubscribe({
    gauge: metrics.subscriptions,
    openPerCaller,
    outgoing,
    estimateBytes: (args) => admission.estimateBytes(args),
    refuseEvent: (args) => admission.refuseEvent(args),
    asksForSecrets: (args) => admission.asksForSecrets(args),
    onStopped: () => admission.countStopped(),
  });
  const refuse = (error: GraphQLError) => (): ExecutionResult => ({ errors: [error] });
  const admit = (args: ExecutionArgs) => ((args.contextValue as GraphContext).gone.aborted ? CLIENT_GONE : admission.refuse(args));
  return {
    onExecute: ({ args, setExecuteFn }) => {
      const refusal = isGet(args.contextValue) ? GET_REFUSED : admit(args);
      if (refusal) return setExecuteFn(refuse(refusal));
      const run = async (given: ExecutionArgs): Promise<ExecutionResult> => {
        const contextValue = withCurrentRights(given.contextValue as GraphContext);
        using _reserved = await outgoing.reserve(contextValue.caller.id, admission.estimateBytes(args), contextValue.gone);
        if (contextValue.gone.aborted) return { errors: [CLIENT_GONE] };
        const result = await execute({ ...given, ...EXECUTION_OPTIONS, contextValue });
        if (contextValue.production.isOver) {
          admission.countStopped();
          return { errors: [stoppedError(args, parts.limits.maxCost)] };
        }
        if (!admission.asksForSecrets(args)) resultNotes.allowCompression(result);
        return result;
      };
      setExecuteFn((given: ExecutionArgs) => traceMutation(given, run));
    },
    onSubscribe: ({ args, setSubscribeFn }) => {
      const refusal = mayTakeEvents(args.contextValue)
        ? admit(args)
        : badRequestError('A subscription needs Accept: text/event-stream, or a WebSocket.', 406);
      setSubscribeFn(refusal ? refuse(refusal) : subscribe);
    },
  };
}

/**
 * Mutations of one operation run one after the other, and each may wait for the carrier. If the caller loses a right meanwhile, the
 * mutations that are still to come lack it. Their results say so, because an error would remove the results before it.
 */
function withCurrentRights(context: GraphContext): GraphContext {
  const { identity, caller } = context;
  return {
    ...context,
    get caller() {
      return identity.current() ?? withoutRights(caller);
    },
  };
}

const GET_REFUSED = badRequestError('Only a subscription may come as a GET. Send queries and mutations as a POST.', 405);

function isGet({ request }: { readonly request?: Request }): boolean {
  return request?.method === 'GET';
}

/** Over HTTP only a client that takes an event stream can receive events. */
function mayTakeEvents({ request }: { readonly request?: Request }): boolean {
  return acceptedTypes(request?.headers.get('accept') ?? undefined).includes(EVENT_STREAM);
}
