import type { ServerResponse } from 'node:http';

/** A client has taken so many bytes before it is given more. How fast it must read at least follows from it. */
export const PIECE_BYTES = 65_536;

/**
 * Writes bytes piece by piece, each when the last one was taken. Resolves when all are taken, or when the connection has ended: what
 * waits behind another answer is then dropped, and Node tells nobody.
 *
 * @param gone aborts when the connection has ended.
 */
export async function writeInPieces(
  response: ServerResponse,
  bytes: Buffer,
  { gone, end }: { readonly gone: AbortSignal; readonly end: boolean },
): Promise<void> {
  let at = 0;
  for (; at + PIECE_BYTES < bytes.length; at += PIECE_BYTES) {
    const piece = bytes.subarray(at, at + PIECE_BYTES);
    await untilTaken(gone, (taken) => void response.write(piece, taken));
  }
  const last = bytes.subarray(at);
  await untilTaken(gone, (taken) => void (end ? response.end(last, taken) : response.write(last, taken)));
}

function untilTaken(gone: AbortSignal, write: (taken: () => void) => void): Promise<void> {
  if (gone.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = (): void => {
      gone.removeEventListener('abort', done);
      resolve();
    };
    gone.addEventListener('abort', done);
    write(done);
  });
}
