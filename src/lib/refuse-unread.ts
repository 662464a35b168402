import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a sender may go on sending after the answer, before the connection is cut. */
const LINGER_MS = 2_000;

/**
 * Answers a request without reading its body, and ends the connection. Closing at once would reset the connection, because bytes
 * are unread, and the reset can overtake the answer. So the answer goes out whole, and what still comes is thrown away for a while.
 */
export function refuseUnread(
  request: IncomingMessage,
  response: ServerResponse,
  answer: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string },
): void {
  const length = String(Buffer.byteLength(answer.body));
  response.writeHead(answer.status, { ...answer.headers, 'content-length': length, connection: 'close' });
  response.write(answer.body);
  const patience = setTimeout(() => request.destroy(), LINGER_MS);
  request.once('end', () => response.end());
  request.once('close', () => clearTimeout(patience));
  request.once('error', () => undefined);
  request.resume();
}
