import { setTimeout as delay } from 'node:timers/promises';
import { graphql } from '../../support/stack.ts';
import type { CallbackLoad } from './callback-load.ts';
import type { SubscriberLoad } from './subscriber-load.ts';

export interface Settling {
  readonly url: string;
  readonly callbacks: CallbackLoad;
  readonly subscribers: SubscriberLoad;
  /** How many callers have no definite answer yet. */
  readonly asking: () => number;
  /** After so many milliseconds without a change, everything that is still open is given up. */
  readonly stallMs: number;
}

const LOOK_EVERY_MS = 50;

const OPEN = `{ requests(filter: {status: [QUEUED, SUBMITTING, IN_PROGRESS]}, first: 1000) { nodes { origin } }
  unclaimedCallbacks(first: 1000) { nodes { id } } }`;

/**
 * Waits until every caller, callback, Request and subscriber has come to its end, or nothing changes any more.
 *
 * @returns what is still open, in words; null when nothing is.
 */
export async function settle(parts: Settling): Promise<string | null> {
  let last = '';
  for (let movedAt = performance.now(); performance.now() - movedAt < parts.stallMs; await delay(LOOK_EVERY_MS)) {
    const inGraph = await openInGraph(parts.url).catch(() => null);
    if (!inGraph) continue;
    const { open, unclaimed } = inGraph;
    const following = parts.subscribers.followed.filter(({ ended }) => !ended).length;
    const { backlog } = parts.callbacks;
    const now = `callers ${parts.asking()}, callbacks ${backlog}, requests ${open}, unclaimed ${unclaimed}, subscribers ${following}`;
    if (parts.asking() + backlog + open + unclaimed + following === 0) return null;
    if (now !== last) movedAt = performance.now();
    last = now;
  }
  return last;
}

async function openInGraph(url: string): Promise<{ open: number; unclaimed: number }> {
  const { data } = await graphql<Record<'requests' | 'unclaimedCallbacks', { nodes: { origin?: string }[] }>>(url, OPEN);
  // Callbacks cannot tell the end of another tool's request.
  return {
    open: data?.requests.nodes.filter(({ origin }) => origin === 'GATEWAY').length ?? 1,
    unclaimed: data?.unclaimedCallbacks.nodes.length ?? 1,
  };
}
