// A table of an account's requests that stays up to date by itself.
import type { Client } from 'graphql-ws';

const ROW = 'fragment Row on Request { id status revision }';
const PAGE = `query ($account: String!) { requests(accountName: $account, first: 50) { changesCursor nodes { ...Row } } } ${ROW}`;
const CHANGES = `subscription ($account: String!, $after: Cursor) {
  requestsChanged(accountName: $account, after: $after) { cursor requests { ...Row } } } ${ROW}`;

export interface Row {
  readonly id: string;
  readonly status: string;
  readonly revision: number;
}

/** A first page, and where the changes after it begin. */
interface Page {
  readonly requests: { readonly changesCursor: string | null; readonly nodes: readonly Row[] };
}

interface Changes {
  readonly requestsChanged: { readonly cursor: string; readonly requests: readonly Row[] };
}

/** Reads the first page and draws the rows at each change, the newest first. Gives back what ends it. */
export async function watchRequests(
  client: Client,
  account: string,
  query: (document: string, variables: object) => Promise<Page>,
  draw: (rows: readonly Row[]) => void,
  fail: (error: unknown) => void,
): Promise<() => void> {
  const { requests } = await query(PAGE, { account });
  const rows = new Map(requests.nodes.map((row) => [row.id, row]));
  // graphql-ws sends this object again when it reconnects.
  const variables = { account, after: requests.changesCursor };
  const next = ({ data }: { readonly data?: Changes | null }) => {
    if (!data) return;
    variables.after = data.requestsChanged.cursor;
    for (const row of data.requestsChanged.requests) if (row.revision >= (rows.get(row.id)?.revision ?? 0)) rows.set(row.id, row);
    draw([...rows.values()].sort((one, other) => (one.id < other.id ? 1 : -1)));
  };
  return client.subscribe<Changes>({ query: CHANGES, variables }, { next, error: fail, complete: () => undefined });
}
