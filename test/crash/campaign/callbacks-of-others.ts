import { randomUUID } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import type { Books, Performed } from './books.ts';
import type { CallbackLoad } from './callback-load.ts';

/** Sends, now and then, callbacks of requests that another tool made. */
export async function callbacksOfOthers(
  requests: number,
  accounts: readonly string[],
  books: Books,
  callbacks: CallbackLoad,
  signal: AbortSignal,
  { devices = 2, everyMs = 700 } = {},
): Promise<void> {
  for (let request = 0; request < requests && !signal.aborted; request++) {
    const firstDevice = books.reserve(devices);
    const performed: Performed = {
      requestId: randomUUID(),
      account: accounts[0] ?? '',
      operation: 'ResumeProfile',
      firstDevice,
      devices,
      intent: null,
    };
    books.performed.push(performed);
    callbacks.report(performed);
    await delay(everyMs, undefined, { signal }).catch(() => undefined);
  }
}
