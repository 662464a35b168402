import {
  createSourceEventStream,
  executeSubscriptionEvent,
  GraphQLError,
  validateSubscriptionArgs,
  type ExecutionArgs,
  type ExecutionResult,
  type ValidatedSubscriptionArgs,
} from 'graphql';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import { createLoaders } from '../../schema/loaders.ts';
import { currentCaller, type Caller } from '../../resolvers/access/caller.ts';
import type { GraphContext } from '../../schema/context.ts';
import { EXECUTION_OPTIONS } from '../limits/document-limits.ts';
import { DocumentPool } from '../limits/document-pool.ts';
import { refusalError } from '../limits/refusal-errors.ts';
import { ConcurrencyLimit } from '../../lib/concurrency-limit.ts';

type Results = AsyncIterableIterator<ExecutionResult>;

/** About 100 MB when parsed: 250 documents of the length that clients have, each in as many subscriptions as one likes. */
const KEPT_CHARACTERS = 500_000;

/**
 * What keeping results is worth, in milliseconds of the executions they came of: about 30 MB. An event may ask for thousands
 * of devices, and there is one after the other.
 */
const KEPT_MS = 1_000;

export interface SharedSubscribeOptions {
  /** Counts what is open. */
  readonly gauge: { inc(): void; dec(): void };
  readonly openPerCaller: number;
  readonly refuseEvent: (args: ExecutionArgs) => GraphQLError | null;
}

/**
 * `subscribe` of graphql-js with differences. A caller has so many open at most. Each event is executed with loaders of its
 * own (a subscription lives for hours), and with the rights its caller has by then; it ends with an error when they no longer
 * suffice. And followers that are handed the same event object with the same document, variables and rights share one
 * execution: with many viewers of one request that is most of the work.
 */
export function createSharedSubscribe({ gauge, openPerCaller, refuseEvent }: SharedSubscribeOptions) {
  const open = new ConcurrencyLimit(openPerCaller);
  const documents = new DocumentPool(KEPT_CHARACTERS);
  const executions = new BoundedCache<string, ExecutionResult | Promise<ExecutionResult>>(KEPT_MS);
  const numbers = new WeakMap<object, number>();
  let lastNumber = 0;

  function numberOf(known: object): number {
    let number = numbers.get(known);
    if (number === undefined) numbers.set(known, (number = ++lastNumber));
    return number;
  }

  function keyOf(args: ValidatedSubscriptionArgs, given: ExecutionArgs): string {
    return JSON.stringify([numberOf(given.document), args.operation.name?.value ?? null, given.variableValues ?? {}]);
  }

  return async function subscribe(asked: ExecutionArgs): Promise<Results | ExecutionResult> {
    const context = asked.contextValue as GraphContext;
    const { identity } = context;
    const { id } = context.caller;
    if (!open.acquire(id)) return { errors: [subscriptionLimitError(openPerCaller)] };
    const document = documents.acquire(id, asked.document);
    const leave = (): void => {
      open.release(id);
      if (document) documents.release(id, document);
    };
    if (!document) {
      leave();
      return { errors: [TOO_MANY_DOCUMENTS] };
    }
    const given = { ...asked, document };
    const args = validateSubscriptionArgs({ ...given, ...EXECUTION_OPTIONS });
    if (!('operation' in args)) {
      leave();
      return { errors: args };
    }
    let source: Awaited<ReturnType<typeof createSourceEventStream>> | null = null;
    try {
      source = await createSourceEventStream(args);
    } finally {
      if (source === null || !(Symbol.asyncIterator in source)) leave();
    }
    if (!(Symbol.asyncIterator in source)) return source;
    let { caller } = context;
    let key = `${rightsOf(caller)} ${keyOf(args, given)}`;
    gauge.inc();
    const end = (): void => {
      gauge.dec();
      leave();
    };
    return mapEvents(source[Symbol.asyncIterator](), { ended: identity.ended, end }, (event) => {
      const now = currentCaller(identity);
      if (now !== caller) {
        const refusal = refuseEvent(given);
        if (refusal) throw refusal;
        caller = now;
        key = `${rightsOf(caller)} ${keyOf(args, given)}`;
      }
      const execute = () =>
        executeSubscriptionEvent({
          ...args,
          rootValue: event,
          contextValue: { ...context, caller, loaders: createLoaders(context.requestLog) },
        });
      if (typeof event !== 'object' || event === null) return execute();
      const name = `${numberOf(event)} ${key}`;
      const known = executions.get(name);
      if (known !== undefined) return known;
      const began = performance.now();
      const result = execute();
      // Before anything is awaited: the second follower must find it.
      executions.set(name, result, 1);
      const keep = () => executions.set(name, result, 1 + performance.now() - began);
      if (result instanceof Promise) result.then(keep, keep);
      else keep();
      return result;
    });
  };
}

/** The same for callers who may do the same: nothing in an event depends on more of its caller than that. */
function rightsOf({ scopes, grants }: Caller): string {
  return JSON.stringify([[...scopes].map(([account, given]) => JSON.stringify([account, ...given])).toSorted(), [...grants].toSorted()]);
}

function subscriptionLimitError(most: number): GraphQLError {
  return refusalError('RATE_LIMITED', `Nothing was followed: you have ${most} subscriptions open. End one that is no longer looked at.`);
}

const TOO_MANY_DOCUMENTS = refusalError(
  'RATE_LIMITED',
  'Nothing was followed: the documents of your open subscriptions are too many, or too long. Subscribe with one document, and pass what differs as variables.',
);

interface Life {
  /** Called once, when it is over. */
  readonly end: () => void;
  /** Aborts when the caller's token or key is over. */
  readonly ended: AbortSignal;
}

/** By hand, because an async generator's return() waits for the event that it is meant to do without. */
function mapEvents(
  source: AsyncIterator<unknown>,
  { ended, end: done }: Life,
  map: (event: unknown) => ExecutionResult | Promise<ExecutionResult>,
): Results {
  let over = false;
  const leave = (): void => void source.return?.();
  ended.addEventListener('abort', leave);
  const end = (): void => {
    if (over) return;
    over = true;
    done();
    ended.removeEventListener('abort', leave);
  };
  return {
    async next() {
      if (over) return { done: true, value: undefined };
      try {
        if (ended.aborted) throw ended.reason;
        const event = await source.next();
        if (ended.aborted) throw ended.reason;
        if (!event.done) return { done: false, value: await map(event.value) };
        end();
        return { done: true, value: undefined };
      } catch (error) {
        // The last result tells of it: thrown, it would close a whole socket, or leave a stream of events open for ever.
        end();
        await source.return?.();
        return { done: false, value: { errors: [error instanceof GraphQLError ? error : toGraphqlError(error)] } };
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

function toGraphqlError(error: unknown): GraphQLError {
  return new GraphQLError('The subscription failed.', { originalError: error instanceof Error ? error : new Error(String(error)) });
}
