import type { IncomingMessage } from 'node:http';

/** Largest body read: room for 10,000 devices several times over. */
const maxBodyBytes = 16 * 1024 * 1024;

/** The whole body as text. Rejects when the client leaves, or sends more than 16 MiB. */
export async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request) {
    const bytes = Buffer.from(chunk);
    size += bytes.length;
    if (size > maxBodyBytes) throw new Error('The request body is larger than 16 MiB.');
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}
