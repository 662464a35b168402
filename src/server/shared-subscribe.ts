import {
  createSourceEventStream,
  executeSubscriptionEvent,
  GraphQLError,
  validateSubscriptionArgs,
  type ExecutionArgs,
  type ExecutionResult,
  type ValidatedSubscriptionArgs,
} from 'graphql';
import { createLoaders } from '../datasources/loaders.ts';
import type { GraphContext } from '../schema/context.ts';

type Results = AsyncIterableIterator<ExecutionResult>;

/**
 * `subscribe` of graphql-js with two differences. Each event is executed with loaders of its own (a subscription lives for
 * hours). And followers that are handed the same event object with the same document, variables and caller share one
 * execution: with many viewers of one request that is most of the work.
 */
export function createSharedSubscribe(open: { inc(): void; dec(): void }) {
  const executions = new WeakMap<object, Map<string, ExecutionResult | Promise<ExecutionResult>>>();
  const documents = new WeakMap<object, number>();
  let lastDocument = 0;

  function keyOf(args: ValidatedSubscriptionArgs, context: GraphContext, given: ExecutionArgs): string {
    let document = documents.get(given.document);
    if (document === undefined) documents.set(given.document, (document = ++lastDocument));
    return JSON.stringify([document, args.operation.name?.value ?? null, given.variableValues ?? {}, context.caller.id]);
  }

  return async function subscribe(given: ExecutionArgs): Promise<Results | ExecutionResult> {
    const args = validateSubscriptionArgs(given);
    if (!('operation' in args)) return { errors: args };
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) return source;
    const context = given.contextValue as GraphContext;
    const key = keyOf(args, context, given);
    return mapEvents(source[Symbol.asyncIterator](), open, (event) => {
      const execute = () =>
        executeSubscriptionEvent({ ...args, rootValue: event, contextValue: { ...context, loaders: createLoaders(context.requestLog) } });
      if (typeof event !== 'object' || event === null) return execute();
      let shared = executions.get(event);
      if (!shared) executions.set(event, (shared = new Map()));
      let result = shared.get(key);
      // Set before anything is awaited: the second follower must find it.
      if (result === undefined) shared.set(key, (result = execute()));
      return result;
    });
  };
}

/** By hand, because an async generator's return() waits for the event that it is meant to do without. */
function mapEvents(
  source: AsyncIterator<unknown>,
  open: { inc(): void; dec(): void },
  map: (event: unknown) => ExecutionResult | Promise<ExecutionResult>,
): Results {
  let ended = false;
  open.inc();
  const end = (): void => {
    if (!ended) open.dec();
    ended = true;
  };
  return {
    async next() {
      if (ended) return { done: true, value: undefined };
      try {
        const event = await source.next();
        if (!event.done) return { done: false, value: await map(event.value) };
        end();
        return { done: true, value: undefined };
      } catch (error) {
        // The last result tells of it: thrown, it would close a whole socket, or leave a stream of events open for ever.
        end();
        await source.return?.();
        return { done: false, value: { errors: [new GraphQLError('The subscription failed.', { originalError: asError(error) })] } };
      }
    },
    async return() {
      end();
      await source.return?.();
      return { done: true, value: undefined };
    },
    async throw(error) {
      end();
      await source.return?.();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function asError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}
