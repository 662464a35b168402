import type { Client } from 'graphql-ws';
import type { LedgerEvent } from './event-ledger.ts';
import { sseResults } from './sse-client.ts';
import type { Stack } from './stack.ts';

export interface FollowVariables {
  readonly id: string;
  readonly after?: string | null;
  readonly batchSize?: number;
  readonly untilNiddSettled?: boolean;
  readonly minIntervalMs?: number;
}

/** A slim subscription: what {@link LedgerEvent} needs. */
export const FOLLOW = `subscription Follow($id: ID!, $after: Cursor, $batchSize: Int! = 100, $untilNiddSettled: Boolean, $minIntervalMs: Int) {
  requestStatus(requestId: $id, after: $after, batchSize: $batchSize, untilNiddSettled: $untilNiddSettled, minIntervalMs: $minIntervalMs) {
    cursor status
    progress { total settled pending overdue succeeded failed expired cancelled rejected unknown }
    outcomes { id index status nidd { status } }
  }
}`;

export interface FollowEvent extends LedgerEvent {
  readonly outcomes: readonly {
    readonly id: string;
    readonly index: number;
    readonly status: string;
    readonly nidd: { readonly status: string | null } | null;
  }[];
}

/** Follows over a WebSocket; throws when it is refused, with the GraphQL errors as `cause`. */
export async function* follow(client: Client, variables: FollowVariables): AsyncGenerator<FollowEvent, void, void> {
  for await (const { data, errors } of client.iterate<{ requestStatus: FollowEvent }>({ query: FOLLOW, variables: { ...variables } })) {
    if (!data) throw new Error('The subscription was refused.', { cause: errors });
    yield data.requestStatus;
  }
}

/** The same over Server-Sent Events. */
export async function* followOverSse(url: string, variables: FollowVariables): AsyncGenerator<FollowEvent, void, void> {
  for await (const { data, errors } of sseResults<{ requestStatus: FollowEvent }>(url, FOLLOW, { ...variables })) {
    if (!data) throw new Error('The subscription was refused.', { cause: errors });
    yield data.requestStatus;
  }
}

/** Both ways to follow a request: what holds for one must hold for the other. */
export const TRANSPORTS = [
  { transport: 'a WebSocket', following: (stack: Stack, variables: FollowVariables) => follow(stack.client(), variables) },
  {
    transport: 'Server-Sent Events',
    following: (stack: Stack, variables: FollowVariables) => followOverSse(stack.gateway.urls.graphql, variables),
  },
] as const;

/** The code of the error that ends a subscription at once; throws when there is none. */
export async function refusalOf(events: AsyncIterable<FollowEvent>): Promise<string | undefined> {
  try {
    for await (const { cursor } of events) throw new Error(`an event came: ${cursor}`);
  } catch (error) {
    if (error instanceof Error && Array.isArray(error.cause))
      return (error.cause as { extensions?: { code?: string } }[])[0]?.extensions?.code;
    throw error;
  }
  throw new Error('it completed without an error');
}
