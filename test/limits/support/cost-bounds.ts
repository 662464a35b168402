import fc from 'fast-check';
import {
  createSourceEventStream,
  execute,
  executeSubscriptionEvent,
  Kind,
  parse,
  validate,
  validateSubscriptionArgs,
  type DocumentNode,
  type ExecutionArgs,
  type OperationDefinitionNode,
} from 'graphql';
import { expect } from 'vitest';
import { Hub } from '../../../src/datasources/request-log/hub.ts';
import { FairScheduler } from '../../../src/lib/fair-scheduler.ts';
import { DeadLetters } from '../../../src/resolvers/callbacks/redrive-dead-letters.ts';
import { ChangesFeed } from '../../../src/resolvers/requests/follow-changes.ts';
import { RequestFeed } from '../../../src/resolvers/requests/follow-request.ts';
import { Timelines } from '../../../src/resolvers/requests/timeline.ts';
import type { GraphContext } from '../../../src/schema/context.ts';
import { schema } from '../../../src/schema/index.ts';
import { createLoaders } from '../../../src/schema/loaders.ts';
import { Production } from '../../../src/schema/production.ts';
import { operationCost } from '../../../src/server/limits/operation-cost.ts';
import { LOCAL_CALLER, LOCAL_IDENTITY } from '../../../src/server/identity/local-caller.ts';
import { openLog } from '../../support/open-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';
import { crowd } from './crowded-store.ts';
import { writeDocument } from './write-document.ts';
import { CROWDED_CARRIER } from './crowded-carrier.ts';
import { writeLists } from './write-lists.ts';
import { storeOf } from '../../support/flat-store.ts';

const UNLIMITED = Number.MAX_SAFE_INTEGER;
/** Larger operations are refused before they run, so what they produce does not matter. */
const RUN_UP_TO = 20_000;

/** Runs random operations with random variables on a store whose lists are full. What they produce is never more than their cost. */
export async function checkCostBounds(runs: number): Promise<void> {
  await using folder = await tempFolder();
  await using log = openLog(`${folder.path}/gateway.sqlite`);
  const words = await crowd(log);
  const limits = {
    operationsPerMinute: 1,
    mutationsPerMinute: 1,
    maxCost: UNLIMITED,
    sockets: 1,
    subscriptions: 1,
    queuedRequests: 1,
    bodyBytes: 1,
  };
  const never = null as never;
  const context = (): GraphContext => ({
    caller: LOCAL_CALLER,
    identity: LOCAL_IDENTITY,
    gone: new AbortController().signal,
    nextTurn: () => Promise.resolve(),
    store: storeOf(log),
    submitter: never,
    sender: { placeOf: () => null } as unknown as GraphContext['sender'],
    manager: never,
    carrier: CROWDED_CARRIER,
    deviceGroups: never,
    deadLetters: new DeadLetters({ store: storeOf(log), receiver: never }),
    feed: new RequestFeed(storeOf(log), new Hub({ tickMs: () => 1 }), new FairScheduler()),
    changes: new ChangesFeed(storeOf(log), new Hub({ tickMs: () => 1 }), new FairScheduler(), ['account-1', 'account-2']),
    timelines: new Timelines(log),
    accounts: ['account-1', 'account-2'],
    limits,
    loaders: createLoaders(storeOf(log)),
    lastEventId: null,
    production: new Production(UNLIMITED),
  });
  let run = 0;
  let full = 0;
  const ask = async (generate: fc.GeneratorValue) => {
    const pick = (count: number) => generate(fc.nat, { max: count - 1 });
    const { text, variables } =
      pick(5) === 4
        ? { text: writeDocument({ schema, words, pick }), variables: {} }
        : writeLists({ schema, pick, requestId: words[0] ?? '' });
    const document = parsed(text);
    const operation = document?.definitions.find((each): each is OperationDefinitionNode => each.kind === Kind.OPERATION_DEFINITION);
    if (!document || !operation || operation.operation === 'mutation' || validate(schema, document, undefined, { maxErrors: 1 }).length > 0)
      return;
    const cost = operationCost(schema, document, operation, variables, RUN_UP_TO);
    if (cost > RUN_UP_TO) return;
    const produced = await produce(operation.operation, { schema, document, variableValues: variables, contextValue: context() });
    if (produced > 0) run++;
    if (produced === cost) full++;
    expect([text, variables, produced > cost ? { produced, cost } : 'within its cost']).toEqual([text, variables, 'within its cost']);
  };
  await fc.assert(fc.asyncProperty(fc.gen(), ask), { numRuns: runs });
  // The writer has not lost its touch, and the store is full enough: many operations produce something, some as much as they may.
  expect(run).toBeGreaterThan(runs / 10);
  expect(full).toBeGreaterThan(0);
}

/** The objects that an operation, or the first event of a subscription, produces. */
async function produce(type: string, args: ExecutionArgs & { readonly contextValue: GraphContext }): Promise<number> {
  if (type === 'query') {
    await execute(args);
    return args.contextValue.production.objects;
  }
  const subscription = validateSubscriptionArgs(args);
  if (!('operation' in subscription)) return 0;
  const source = await createSourceEventStream(subscription);
  if (!(Symbol.asyncIterator in source)) return 0;
  const events = source[Symbol.asyncIterator]();
  const event = await events.next();
  if (!event.done) await executeSubscriptionEvent({ ...subscription, rootValue: event.value });
  await events.return?.();
  return args.contextValue.production.objects;
}

function parsed(text: string): DocumentNode | null {
  try {
    return parse(text);
  } catch {
    return null;
  }
}
