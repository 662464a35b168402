import { setTimeout as delay } from 'node:timers/promises';
import { graphql } from '../../support/stack.ts';
import type { CallbackLoad } from './callback-load.ts';
import type { SubscriberLoad } from './subscriber-load.ts';

export interface Settling {
  readonly url: string;
  readonly callbacks: CallbackLoad;
  readonly subscribers: SubscriberLoad;
  /** Callers who have no definite answer yet. */
  readonly asking: () => number;
  /** How long nothing may change before what is still open is given up, in milliseconds. */
  readonly stallMs: number;
}

const LOOK_EVERY_MS = 50;

const OPEN = `{ requests(filter: {status: [QUEUED, SUBMITTING, IN_PROGRESS]}, first: 1000) { nodes { origin } }
  unclaimedCallbacks(first: 1000) { nodes { id } } }`;

/**
 * Waits until every caller, callback, Request and subscriber has come to its end, or nothing moves any more.
 *
 * @returns what is still open; null when nothing is.
 */
export async function settle(parts: Settling): Promise<string | null> {
  let last = '';
  for (let movedAt = performance.now(); performance.now() - movedAt < parts.stallMs; await delay(LOOK_EVERY_MS)) {
    const { open, unclaimed } = await openInGraph(parts.url);
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
  // A request of another tool has no end that its callbacks could tell.
  return {
    open: data?.requests.nodes.filter(({ origin }) => origin === 'GATEWAY').length ?? 1,
    unclaimed: data?.unclaimedCallbacks.nodes.length ?? 1,
  };
}
