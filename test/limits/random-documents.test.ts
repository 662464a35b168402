import fc from 'fast-check';
import { Kind, parse, type DocumentNode, type OperationDefinitionNode } from 'graphql';
import { request } from 'undici';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { schema } from '../../src/schema/index.ts';
import { operationCost } from '../../src/server/limits/operation-cost.ts';
import { activateDevices } from '../support/activate-devices.ts';
import { makeKey } from '../support/make-key.ts';
import { startSpawnedStack, type SpawnedStack } from '../support/spawned-stack.ts';
import { graphql, type GraphqlAnswer } from '../support/stack.ts';
import { writeDocument } from './support/write-document.ts';

const MAX_COST = 20_000;
const RUNS = Number(process.env['PROPERTY_RUNS'] ?? 500);
/** A caller may send 300 documents a minute that cannot be run. */
const OF_ONE_CALLER = 250;
const OUR_FAILURES: ReadonlySet<unknown> = new Set(['INTERNAL_SERVER_ERROR', 'RATE_LIMITED']);

/** A gateway of its own process: what nobody catches would end it. */
let stack: SpawnedStack;
let ended: string | number | null = null;
let owner: string;
let words: readonly string[];
beforeAll(async () => {
  const env = { M2M_AUTH: 'on', M2M_GRAPHQL_MAX_COST: String(MAX_COST), M2M_CALLER_MUTATIONS_PER_MINUTE: '100000' };
  stack = await startSpawnedStack({ env });
  void stack.gateway.exited.then((how) => (ended = how));
  owner = await newKey();
  const query = <Data>(text: string, variables?: Record<string, unknown>) => graphql<Data>(stack.gateway.graphql, text, variables, owner);
  const { id, carrierRequestId } = await activateDevices({ account: stack.account, query }, 3);
  words = [id, carrierRequestId, stack.account, `out_${id.slice(4)}_0`, `out_${id.slice(4)}_9`, `3.${id}.00000000`];
});
afterAll(() => stack[Symbol.asyncDispose]());

async function newKey(): Promise<string> {
  const rights = {
    scopes: { '*': ['read', 'write', 'terminate', 'admin'] },
    grants: ['deviceCredential', 'activationCode', 'introspection'],
  } as const;
  const { authorization } = await makeKey({ urls: { ...stack.gateway, websocket: '' } }, rights);
  return authorization;
}

test(
  'whatever is asked is answered: never as a failure of ours, and run only within its limits',
  { timeout: 60_000 + RUNS * 100 },
  async () => {
    let asked = 0;
    let authorization = '';
    let run = 0;
    const ask = async (generate: fc.GeneratorValue) => {
      if (asked++ % OF_ONE_CALLER === 0) authorization = await newKey();
      const query = writeDocument({ schema, words, pick: (count) => generate(fc.nat, { max: count - 1 }) });
      const { status, text } = await send(query, authorization);
      expect(status, `${query}\n${text ?? ''}`).toBeLessThan(500);
      if (text === null) return;
      const answer = JSON.parse(text) as GraphqlAnswer<unknown>;
      const { errors = [] } = answer;
      expect('data' in answer || errors.length > 0, text).toBe(true);
      // The same words may stand in data, and in the messages about arguments that do not fit.
      const failures = errors.filter(({ extensions }) => OUR_FAILURES.has(extensions?.code));
      expect([query, failures]).toEqual([query, []]);
      const cost = costOf(query);
      if (cost === null) return;
      const isRun = 'data' in answer;
      if (isRun) run++;
      const tooMuch = errors.some(({ message }) => message.includes('may ask for more than'));
      // Another limit may have refused it first.
      if (tooMuch || isRun) expect([query, tooMuch]).toEqual([query, cost > MAX_COST]);
    };
    await fc.assert(fc.asyncProperty(fc.gen(), ask), { numRuns: RUNS });
    // The writer has not lost its touch: a good part of what it writes can be run.
    expect(run).toBeGreaterThan(RUNS / 5);
    expect(await send('{ requests { nodes { id } } }', owner)).toMatchObject({ status: 200 });
    expect(ended).toBeNull();
    expect(stack.gateway.output()).not.toMatch(/"level":50/);
  },
);

/** The text of an answer; null for a stream of events, which is left at once. */
async function send(query: string, authorization: string): Promise<{ readonly status: number; readonly text: string | null }> {
  const accept = query.startsWith('subscription') ? 'text/event-stream' : 'application/graphql-response+json';
  const answer = await request(stack.gateway.graphql, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept, authorization },
    body: JSON.stringify({ query }),
  });
  if (String(answer.headers['content-type']).startsWith('text/event-stream')) {
    answer.body.on('error', () => undefined).destroy();
    return { status: answer.statusCode, text: null };
  }
  return { status: answer.statusCode, text: await answer.body.text() };
}

/** Null for what does not parse. */
function costOf(query: string): number | null {
  let document: DocumentNode;
  try {
    document = parse(query);
  } catch {
    return null;
  }
  const operation = document.definitions.find(
    (definition): definition is OperationDefinitionNode => definition.kind === Kind.OPERATION_DEFINITION,
  );
  return operation ? operationCost(schema, document, operation, {}, MAX_COST) : null;
}
