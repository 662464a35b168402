import type { Duplex } from 'node:stream';

const ends = new WeakMap<Duplex, AbortSignal>();

/**
 * Aborts when the connection has ended, however it ended. Whatever works for a client goes by this from the first byte of its
 * request on. The events of a request or response do not do: a response that waits behind another one on its connection (pipelining)
 * never gets its `close`, and one that was closed before somebody listens does not tell it again.
 */
export function connectionEnd(connection: Duplex): AbortSignal {
  const known = ends.get(connection);
  if (known) return known;
  const controller = new AbortController();
  ends.set(connection, controller.signal);
  if (connection.destroyed) controller.abort();
  else connection.once('close', () => controller.abort());
  return controller.signal;
}
