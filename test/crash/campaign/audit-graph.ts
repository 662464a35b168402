import { graphql } from '../../support/stack.ts';
import type { Books, Message } from './books.ts';
import { markerIn } from './carrier-messages.ts';
import type { Tally } from './tally.ts';

interface Page {
  readonly nodes: readonly { readonly index: number; readonly status: string; readonly comment: string | null }[];
  readonly pageInfo: { readonly hasNextPage: boolean; readonly endCursor: string | null };
}

const OUTCOMES = `query ($id: ID!, $after: Cursor) { request(id: $id) { outcomes(first: 1000, after: $after) {
  nodes { index status comment } pageInfo { hasNextPage endCursor } } } }`;

const UNCLAIMED = `query ($after: Cursor) { unclaimedCallbacks(first: 1000, after: $after) {
  nodes { comment } pageInfo { hasNextPage endCursor } } }`;

/** Compares the gateway's graph with the books: every acknowledged result is shown at its device, or waits for its Request. */
export async function auditGraph(url: string, books: Books, tally: Tally): Promise<void> {
  const results = new Map<string, Message[]>();
  for (const message of books.messages) {
    if (!books.isAcknowledged(message.marker) || (message.kind !== 'success' && message.kind !== 'failure')) continue;
    const { requestId } = message.performed;
    const known = results.get(requestId);
    if (known) known.push(message);
    else results.set(requestId, [message]);
  }
  const unclaimed = await unclaimedMarkers(url);
  for (const [requestId, messages] of results) await auditRequest(url, requestId, messages, unclaimed, tally);
}

async function unclaimedMarkers(url: string): Promise<Set<number | null>> {
  const markers = new Set<number | null>();
  let after: string | null = null;
  for (;;) {
    const answer: { data?: { unclaimedCallbacks: Page } } = await graphql(url, UNCLAIMED, { after });
    const page = answer.data?.unclaimedCallbacks;
    for (const { comment } of page?.nodes ?? []) markers.add(markerIn(comment));
    if (!page?.pageInfo.hasNextPage) return markers;
    after = page.pageInfo.endCursor;
  }
}

async function auditRequest(
  url: string,
  requestId: string,
  messages: readonly Message[],
  unclaimed: ReadonlySet<number | null>,
  tally: Tally,
): Promise<void> {
  const shown = new Map<number, { readonly status: string; readonly marker: number | null }>();
  let after: string | null = null;
  for (;;) {
    const answer: { data?: { request: { outcomes: Page } | null } } = await graphql(url, OUTCOMES, { id: requestId, after });
    const page = answer.data?.request?.outcomes;
    if (!page) break;
    for (const { index, status, comment } of page.nodes) shown.set(index, { status, marker: markerIn(comment) });
    if (!page.pageInfo.hasNextPage) break;
    after = page.pageInfo.endCursor;
  }
  const byMarker = new Map([...shown].map(([index, { status, marker }]) => [marker, { index, status }]));
  for (const { marker, kind, device, performed } of messages) {
    const name = `callback ${marker}`;
    const found = byMarker.get(marker);
    const index = device - performed.firstDevice;
    if (!found && unclaimed.has(marker)) {
      tally.add('other', `${name} is still unclaimed`);
    } else if (!found) {
      tally.addOnce('lost', name, `device ${index} of ${requestId} is ${shown.get(index)?.status ?? 'not shown'}, and not by ${name}`);
    } else if (found.status !== (kind === 'success' ? 'SUCCEEDED' : 'FAILED')) {
      tally.add('other', `${name} (${kind}) made its device ${found.status}`);
    } else if (performed.intent && found.index !== index) {
      tally.add('other', `${name} is shown at device ${found.index}, not ${index}`);
    }
  }
}
