import { setTimeout as delay } from 'node:timers/promises';
import { graphql } from '../../support/stack.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { askedOperation, DRAWN_OPERATIONS, type OperationName } from './asked-operations.ts';
import type { Books, Intent } from './books.ts';
import type { CampaignOptions } from './campaign-options.ts';
import { identifiersOf } from './device-numbers.ts';
import type { Doors } from './doors.ts';

export interface MutationLoadOptions {
  readonly books: Books;
  readonly lives: Pick<Doors, 'up'>;
  readonly random: SeededRandom;
  readonly accounts: readonly string[];
  readonly options: Pick<CampaignOptions, 'maxDevices' | 'twice'>;
  /** How many callbacks wait. Callers pause while there are many. */
  readonly backlog: () => number;
  /** Called when a caller gets the id of a Request for the first time. */
  readonly onRequest: (requestId: string, intent: Intent) => void;
  readonly onProblem: (problem: string) => void;
  /** Whether another activation may be asked for. By default always. */
  readonly mayActivate?: () => boolean;
}

const CALLERS = 12;
const MOST_WAITING = 3_000;

interface Result {
  readonly __typename: string;
  readonly message?: string;
  readonly request?: { readonly id: string } | null;
  readonly faults?: readonly unknown[];
}

/**
 * Callers of mutations. Each asks again with its key until it has a definite answer, through every crash; without
 * a key it asks once. Some ask twice at the same time, and some ask again long after they got their answer.
 */
export class MutationLoad {
  readonly #parts: MutationLoadOptions;
  readonly #stop = new AbortController();
  /** Callers at work. */
  asking = 0;

  constructor(parts: MutationLoadOptions) {
    this.#parts = parts;
  }

  /** Ends after `stop()`, once every caller has its answer. */
  async run(): Promise<void> {
    this.asking = CALLERS;
    await Promise.all(Array.from({ length: CALLERS }, () => this.#caller().finally(() => this.asking--)));
  }

  stop(): void {
    this.#stop.abort();
  }

  async #caller(): Promise<void> {
    const { books, random, options, backlog } = this.#parts;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      if (backlog() > MOST_WAITING) {
        await delay(20, undefined, { signal }).catch(() => undefined);
        continue;
      }
      const intent = this.#intend();
      if (random.between(1, 1_000) <= options.twice * 1_000 && intent.key !== null) {
        await Promise.all([this.#persist(intent), this.#persist(intent)]);
      } else {
        await this.#persist(intent);
      }
      intent.concluded = true;
      const earlier = books.intents[random.between(0, books.intents.length - 1)];
      if (random.between(1, 8) === 1 && earlier?.concluded && earlier.key !== null) await this.#persist(earlier);
    }
  }

  #intend(): Intent {
    const { books, random, accounts, options, mayActivate = () => true } = this.#parts;
    const drawn = random.pick(DRAWN_OPERATIONS as [OperationName, ...OperationName[]]);
    const operation = drawn === 'ActivateDevices' && !mayActivate() ? 'ResumeProfile' : drawn;
    // Many mutations are small, few are large.
    const size = random.pick([3, 20, 60, options.maxDevices / 2, options.maxDevices]);
    // An intent is one POST, so that the books can tell a second one: the carrier takes 100 profiles in a POST.
    const most = Math.min(askedOperation(operation).most, options.maxDevices);
    const devices = random.between(1, Math.min(Math.ceil(size), most));
    const key = random.between(1, 10) === 1 ? null : `key-${books.intents.length}`;
    return books.intend({ operation, account: random.pick(accounts as [string, ...string[]]), devices, key });
  }

  /** Asks until the answer is definite. */
  async #persist(intent: Intent): Promise<void> {
    for (;;) {
      const gateway = await this.#parts.lives.up();
      const result = await ask(gateway.graphql, intent).catch(() => null);
      if (result && (result.__typename.endsWith('Accepted') || result.__typename === 'CarrierRefused')) {
        if (result.request) this.#note(result.request.id, intent);
        return;
      }
      // Both answers mean that nothing was taken on: the key is free, and a caller without a key may ask again.
      const free = result?.__typename === 'CarrierUnavailable' || result?.__typename === 'RateLimited';
      if (result && !free) {
        this.#parts.onProblem(`intent ${intent.number} was answered ${result.__typename}: ${result.message ?? ''}`);
        return;
      }
      if (intent.key === null && !free) return;
      await delay(free ? 200 : 20);
    }
  }

  #note(requestId: string, intent: Intent): void {
    if (intent.requestIds.has(requestId)) return;
    intent.requestIds.add(requestId);
    this.#parts.onRequest(requestId, intent);
  }
}

async function ask(url: string, intent: Intent): Promise<Result | null> {
  const { operation, account, firstDevice, devices, key, number } = intent;
  const { service, settings } = askedOperation(operation);
  const field = `${operation.charAt(0).toLowerCase()}${operation.slice(1)}`;
  const listed = Array.from({ length: devices }, (_, at) => ({
    deviceIds: identifiersOf(operation, firstDevice + at).map(({ kind, id }) => ({ kind, value: id })),
  }));
  const input = {
    accountName: account,
    ...(service === 'CarrierService' ? { target: { devices: listed } } : { devices: listed }),
    ...settings,
    ...(key !== null && { idempotencyKey: key }),
    clientReference: `intent-${number}`,
  };
  const document = `mutation ($input: ${operation}Input!) { result: ${field}(input: $input) { __typename
    ... on ${operation}Accepted { request { id } } ... on MutationError { message } ... on CarrierRefused { request { id } }
    ... on InvalidInput { faults { path message } } } }`;
  const answer = await graphql<{ result: Result }>(url, document, { input });
  return answer.data?.result ?? null;
}
