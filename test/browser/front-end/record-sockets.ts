import type { Page } from 'playwright-core';
import type { LedgerEvent } from '../../support/event-ledger.ts';

export interface RecordedSockets {
  /** The events of the first request that the page followed, over all its connections. */
  readonly events: readonly LedgerEvent[];
  /** The `after` of each of its subscriptions. */
  readonly resumedAt: readonly (string | null)[];
  /** The cursor of the last event before each of its subscriptions. */
  readonly cursorsBefore: readonly (string | null)[];
}

interface Message {
  readonly id?: string;
  readonly type: string;
  readonly payload?: {
    readonly variables?: { readonly requestId?: string; readonly after?: string | null };
    readonly data?: { readonly requestStatus?: LedgerEvent };
  };
}

/** Reads along what a page and the gateway say over WebSockets. */
export function recordSockets(page: Page): RecordedSockets {
  const events: LedgerEvent[] = [];
  const resumedAt: (string | null)[] = [];
  const cursorsBefore: (string | null)[] = [];
  let followed: string | undefined;
  page.on('websocket', (socket) => {
    let subscription: string | undefined;
    socket.on('framesent', ({ payload }) => {
      const { id, type, payload: sent } = JSON.parse(payload.toString()) as Message;
      if (type !== 'subscribe' || !sent?.variables?.requestId) return;
      followed ??= sent.variables.requestId;
      if (sent.variables.requestId !== followed) return;
      subscription = id;
      resumedAt.push(sent.variables.after ?? null);
      cursorsBefore.push(events.at(-1)?.cursor ?? null);
    });
    socket.on('framereceived', ({ payload }) => {
      const { id, payload: received } = JSON.parse(payload.toString()) as Message;
      const event = received?.data?.requestStatus;
      if (event && id === subscription) events.push(event);
    });
  });
  return { events, resumedAt, cursorsBefore };
}
