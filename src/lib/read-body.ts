import type { IncomingMessage } from 'node:http';

/** Reads a body to its end. `CUT` means that its sender has gone before that, at whatever moment. */
export function readBody(request: IncomingMessage, maxBytes: number): Promise<Buffer | 'TOO_LARGE' | 'CUT'> {
  if (request.destroyed) return Promise.resolve('CUT');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    request.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size > maxBytes) resolve('TOO_LARGE');
      else chunks.push(chunk);
    });
    request.once('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks)));
    request.once('error', () => resolve('CUT'));
    request.once('close', () => resolve('CUT'));
  });
}
