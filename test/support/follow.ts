import type { Client } from 'graphql-ws';
import type { LedgerEvent } from './event-ledger.ts';

export interface FollowVariables {
  readonly id: string;
  readonly after?: string | null;
  readonly batchSize?: number;
  readonly untilNiddSettled?: boolean;
}

/** A slim subscription: what {@link LedgerEvent} needs. */
export const FOLLOW = `subscription Follow($id: ID!, $after: Cursor, $batchSize: Int! = 100, $untilNiddSettled: Boolean) {
  requestStatus(requestId: $id, after: $after, batchSize: $batchSize, untilNiddSettled: $untilNiddSettled) {
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

/** Follows over a WebSocket; throws the array of GraphQL errors that ends it. */
export async function* follow(client: Client, variables: FollowVariables): AsyncGenerator<FollowEvent, void, void> {
  for await (const { data, errors } of client.iterate<{ requestStatus: FollowEvent }>({ query: FOLLOW, variables: { ...variables } })) {
    if (!data) throw new Error(JSON.stringify(errors));
    yield data.requestStatus;
  }
}

/** The code of the error that ends a subscription at once; throws when there is none. */
export async function refusalOf(client: Client, variables: FollowVariables): Promise<string | undefined> {
  try {
    for await (const event of follow(client, variables)) throw new Error(`an event came: ${event.cursor}`);
  } catch (error) {
    if (Array.isArray(error)) return (error as { extensions?: { code?: string } }[])[0]?.extensions?.code;
    throw error;
  }
  throw new Error('it completed without an error');
}
