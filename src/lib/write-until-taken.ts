import type { ServerResponse } from 'node:http';

/**
 * Writes bytes. Resolves when all are taken, or when the connection has ended: what waits behind another answer is then dropped, and
 * Node tells nobody.
 *
 * @param gone aborts when the connection has ended.
 */
export function writeUntilTaken(
  response: ServerResponse,
  bytes: Buffer,
  { gone, end }: { readonly gone: AbortSignal; readonly end: boolean },
): Promise<void> {
  if (gone.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const taken = (): void => {
      gone.removeEventListener('abort', taken);
      resolve();
    };
    gone.addEventListener('abort', taken);
    if (end) response.end(bytes, taken);
    else response.write(bytes, taken);
  });
}
