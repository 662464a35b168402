import {
  createSourceEventStream,
  executeSubscriptionEvent,
  GraphQLError,
  validateSubscriptionArgs,
  type ExecutionArgs,
  type ExecutionResult,
} from 'graphql';
import { BoundedCache } from '../../lib/bounded-cache.ts';
import { createLoaders } from '../../schema/loaders.ts';
import { Production } from '../../schema/production.ts';
import { currentCaller, type Caller } from '../../resolvers/access/caller.ts';
import type { GraphContext } from '../../schema/context.ts';
import { EXECUTION_OPTIONS } from '../limits/document-limits.ts';
import { DocumentPool } from '../limits/document-pool.ts';
import { stoppedError } from '../limits/production-error.ts';
import type { OutgoingBytes } from '../limits/outgoing-bytes.ts';
import { CLIENT_GONE, refusalError } from '../limits/refusal-errors.ts';
import { resultNotes } from './result-notes.ts';
import { ConcurrencyLimit } from '../../lib/concurrency-limit.ts';

type Results = AsyncIterableIterator<ExecutionResult>;

/** About 100 MB when parsed, or 250 documents of the usual length. Each document may be used by any number of subscriptions. */
const KEPT_CHARACTERS = 500_000;

/**
 * The execution time of all results that are kept, in milliseconds. It stands for about 30 MB. A limit on their age would not
 * do: an event may hold thousands of devices, and one event follows the other.
 */
const KEPT_MS = 1_000;

export interface SharedSubscribeOptions {
  readonly gauge: { inc(): void; dec(): void };
  readonly openPerCaller: number;
  readonly outgoing: OutgoingBytes;
  readonly estimateBytes: (args: ExecutionArgs) => number;
  readonly refuseEvent: (args: ExecutionArgs) => GraphQLError | null;
  readonly asksForSecrets: (args: ExecutionArgs) => boolean;
  /** An event had more objects or characters than an answer may have. */
  readonly onStopped: () => void;
}

/**
 * Creates a `subscribe` that differs from that of graphql-js in these ways.
 *
 * - A caller may have only so many subscriptions open.
 * - A subscription ends with the connection of its client, at whatever moment that ends, and whether anybody reads it or not.
 * - An event is executed only when what its caller has not yet taken leaves room for it.
 * - Each event is executed with its own loaders, because a subscription lives for hours.
 * - Each event has the limits of one answer.
 * - Each event is executed with the rights that its caller has by then. The subscription ends with an error when they no longer
 *   suffice.
 * - Followers that get the same event object with the same document, variables and rights share one execution. With many viewers
 *   of one request that is most of the work.
 */
export function createSharedSubscribe(options: SharedSubscribeOptions) {
  const { gauge, openPerCaller, outgoing, estimateBytes, refuseEvent, asksForSecrets, onStopped } = options;
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

  return async function subscribe(asked: ExecutionArgs): Promise<Results | ExecutionResult> {
    const context = asked.contextValue as GraphContext;
    const { identity, gone } = context;
    if (gone.aborted) return { errors: [CLIENT_GONE] };
    const { id } = context.caller;
    if (!open.acquire(id)) return { errors: [subscriptionLimitError(openPerCaller)] };
    using undo = new DisposableStack();
    undo.defer(() => open.release(id));
    const document = documents.acquire(id, asked.document);
    if (!document) return { errors: [TOO_MANY_DOCUMENTS] };
    undo.defer(() => documents.release(id, document));
    const given = { ...asked, document };
    const args = validateSubscriptionArgs({ ...given, ...EXECUTION_OPTIONS });
    if (!('operation' in args)) return { errors: args };
    const source = await createSourceEventStream(args);
    if (!(Symbol.asyncIterator in source)) return source;
    const eventBytes = estimateBytes(given);
    gauge.inc();
    undo.defer(() => gauge.dec());
    const held = undo.move();

    const holdsSecrets = asksForSecrets(given);
    const note = (result: ExecutionResult, event: unknown) => {
      if (!holdsSecrets) resultNotes.allowCompression(result);
      const cursor = typeof event === 'object' && event && 'cursor' in event ? event.cursor : null;
      if (typeof cursor === 'string') resultNotes.setCursor(result, cursor);
    };
    let { caller } = context;
    const keyOf = () =>
      `${rightsOf(caller)} ${JSON.stringify([numberOf(document), args.operation.name?.value ?? null, given.variableValues ?? {}])}`;
    let key = keyOf();
    const life = { gone, ended: identity.ended, end: () => held.dispose() };
    return mapEvents(source[Symbol.asyncIterator](), life, async (event) => {
      using _reserved = await outgoing.reserve(id, eventBytes, gone);
      const now = currentCaller(identity);
      if (now !== caller) {
        const refusal = refuseEvent(given);
        if (refusal) throw refusal;
        caller = now;
        key = keyOf();
      }
      const execute = () => {
        const production = new Production(context.limits.maxCost);
        const result = executeSubscriptionEvent({
          ...args,
          rootValue: event,
          contextValue: { ...context, caller, loaders: createLoaders(context.store), production },
        });
        // An event that is left out would be a gap, so the subscription ends. It goes on at its last cursor with smaller events.
        const finish = (done: ExecutionResult): ExecutionResult => {
          if (!production.isOver) return done;
          onStopped();
          throw stoppedError(given, context.limits.maxCost);
        };
        return result instanceof Promise ? result.then(finish) : finish(result);
      };
      if (typeof event !== 'object' || event === null) return await execute();
      const name = `${numberOf(event)} ${key}`;
      const known = executions.get(name);
      if (known !== undefined) return await known;
      const began = performance.now();
      const result = execute();
      // This is done before anything is awaited, so that the second follower finds the result.
      executions.set(name, result, 1);
      const keep = () => executions.set(name, result, 1 + performance.now() - began);
      if (!(result instanceof Promise)) {
        note(result, event);
        keep();
        return result;
      }
      result.then(keep, keep);
      const done = await result;
      note(done, event);
      return done;
    });
  };
}

/** Two callers with the same rights have the same text here. An event depends on nothing else of its caller. */
function rightsOf({ scopes, grants }: Caller): string {
  return JSON.stringify([[...scopes].map(([account, given]) => JSON.stringify([account, ...given])).toSorted(), [...grants].toSorted()]);
}

function subscriptionLimitError(most: number): GraphQLError {
  return refusalError(
    'RATE_LIMITED',
    `The subscription was not started: you have ${most} subscriptions open. End one that nobody looks at.`,
  );
}

const TOO_MANY_DOCUMENTS = refusalError(
  'RATE_LIMITED',
  'The subscription was not started: the documents of your open subscriptions are too many, or too long. Use one document, and pass what differs as variables.',
);

/**
 * Maps each event to its result. It is no async generator, because the return() of a generator waits for the next event.
 *
 * @param life.gone aborts when the connection has ended. Nobody may read the results then, so it ends the subscription by itself.
 * @param life.ended aborts when the caller's token or key is no longer valid.
 * @param life.end is called once, at the end.
 */
function mapEvents(
  source: AsyncIterator<unknown>,
  { gone, ended, end: done }: { readonly gone: AbortSignal; readonly ended: AbortSignal; readonly end: () => void },
  map: (event: unknown) => Promise<ExecutionResult>,
): Results {
  let over = false;
  const leave = (): void => void source.return?.();
  const end = (): void => {
    if (over) return;
    over = true;
    done();
    ended.removeEventListener('abort', leave);
    gone.removeEventListener('abort', abandon);
  };
  const abandon = (): void => {
    end();
    leave();
  };
  ended.addEventListener('abort', leave);
  gone.addEventListener('abort', abandon);
  if (gone.aborted) abandon();
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
        // The error is the last result. If it were thrown, it would close the whole socket, or leave a stream of events open for ever.
        end();
        await source.return?.();
        return { done: false, value: { errors: [toGraphqlError(error)] } };
      }
    },
    async return() {
      end();
      await source.return?.();
      return { done: true, value: undefined };
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}

function toGraphqlError(error: unknown): GraphQLError {
  if (error instanceof GraphQLError) return error;
  return new GraphQLError('The subscription failed.', { originalError: error instanceof Error ? error : new Error(String(error)) });
}
