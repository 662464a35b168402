import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import type { SeededRandom } from './seeded-random.ts';
import type { Stack } from './stack.ts';

export interface ListedRequest {
  readonly id: string;
  readonly revision: number;
  readonly status: string;
  readonly accountName: string;
}

export interface ChangesEvent {
  readonly cursor: string;
  readonly requests: readonly ListedRequest[];
}

export interface ChangesVariables {
  readonly account: string;
  readonly after?: string | null;
  readonly filter?: Readonly<Record<string, unknown>>;
  readonly batchSize?: number;
  readonly minIntervalMs?: number;
}

const FIELDS = 'id revision status accountName';
const FOLLOW = `subscription ($account: String!, $after: Cursor, $filter: RequestsChangedFilter, $batchSize: Int! = 100, $minIntervalMs: Int) {
  requestsChanged(accountName: $account, after: $after, filter: $filter, batchSize: $batchSize, minIntervalMs: $minIntervalMs) {
    cursor requests { ${FIELDS} }
  }
}`;
export const NOW_QUERY = `query ($account: String) { requests(accountName: $account, first: 1000) {
  changesCursor totalCount totalCountIsAtLeast nodes { ${FIELDS} } } }`;

/** Follows over a WebSocket; throws when it is refused or ended, with the GraphQL errors as `cause`. */
export async function* followChanges(client: Client, variables: ChangesVariables): AsyncGenerator<ChangesEvent, void, void> {
  for await (const { data, errors } of client.iterate<{ requestsChanged: ChangesEvent }>({ query: FOLLOW, variables: { ...variables } })) {
    if (!data) throw new Error('The subscription was refused.', { cause: errors });
    yield data.requestsChanged;
  }
}

/** The first events, and then it leaves. */
export async function take(events: AsyncIterable<ChangesEvent>, count: number): Promise<ChangesEvent[]> {
  const taken: ChangesEvent[] = [];
  for await (const event of events) if (taken.push(event) === count) break;
  return taken;
}

/** What a live table knows: each request as it was told last. */
export class ChangesLedger {
  readonly #known = new Map<string, ListedRequest>();
  /** What was told after something newer. */
  readonly backwards: string[] = [];
  cursor: string | null = null;

  /** Reads the list, and where its changes begin. */
  async begin(stack: Pick<Stack, 'query' | 'account'>): Promise<void> {
    const { changesCursor, nodes } = await this.#list(stack);
    this.cursor = changesCursor;
    for (const node of nodes) this.#known.set(node.id, node);
  }

  get size(): number {
    return this.#known.size;
  }

  variables({ account }: Pick<Stack, 'account'>): ChangesVariables {
    return { account, after: this.cursor };
  }

  add({ cursor, requests }: ChangesEvent): void {
    this.cursor = cursor;
    for (const request of requests) {
      const { id, revision } = request;
      const before = this.#known.get(id);
      if (before && before.revision > revision) this.backwards.push(`${id}: ${before.revision}, ${revision}`);
      this.#known.set(id, request);
    }
  }

  /** Whether it knows everything as it is now. */
  async isAsStored(stack: Pick<Stack, 'query' | 'account'>): Promise<boolean> {
    const { nodes } = await this.#list(stack);
    return nodes.length === this.size && nodes.every(({ id, revision }) => this.#known.get(id)?.revision === revision);
  }

  async #list({ query, account }: Pick<Stack, 'query' | 'account'>) {
    const { data, errors } = await query<{ requests: { changesCursor: string; nodes: ListedRequest[] } }>(NOW_QUERY, { account });
    if (!data) throw new Error('The list was refused.', { cause: errors });
    return data.requests;
  }
}

export function clientOf(url: string): Client {
  return createClient({ url, webSocketImpl: WebSocket, retryAttempts: 0 });
}

/**
 * Follows while something changes, cut at random, each time at another of the clients, and then until everything is known. Something that
 * is never told keeps it waiting for ever. Gives back how often it was cut.
 */
export async function followThrough(
  stack: Pick<Stack, 'query' | 'account'>,
  clients: readonly Client[],
  ledger: ChangesLedger,
  random: SeededRandom,
  change: () => Promise<void>,
): Promise<number> {
  let isOver = false;
  const changing = change().finally(() => {
    isOver = true;
  });
  const chosen = () => clients[random.between(0, clients.length - 1)] ?? clientOf('');
  let cuts = 0;
  for (; !isOver; cuts++) {
    const client = chosen();
    let left = random.between(1, 3);
    await followUntil(client, { ...ledger.variables(stack), batchSize: random.between(1, 4) }, changing, (event) => {
      ledger.add(event);
      return --left > 0;
    });
    if (!isOver && random.between(0, 1) === 0) client.terminate();
  }
  await changing;
  while (!(await ledger.isAsStored(stack)))
    for (const event of await take(followChanges(chosen(), ledger.variables(stack)), 1)) ledger.add(event);
  return cuts;
}

/** Follows until it is told to end, or what it waits for is over. */
function followUntil(
  client: Client,
  variables: ChangesVariables,
  isOver: Promise<unknown>,
  onEvent: (event: ChangesEvent) => boolean,
): Promise<void> {
  return new Promise((resolve, reject) => {
    const end = () => {
      leave();
      resolve();
    };
    const leave = client.subscribe<{ requestsChanged: ChangesEvent }>(
      { query: FOLLOW, variables: { ...variables } },
      {
        next: ({ data, errors }) => {
          if (!data) reject(new Error('The subscription was refused.', { cause: errors }));
          else if (!onEvent(data.requestsChanged)) end();
        },
        error: reject,
        complete: resolve,
      },
    );
    isOver.then(end, end);
  });
}
