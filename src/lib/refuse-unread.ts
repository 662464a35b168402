import type { IncomingMessage, ServerResponse } from 'node:http';

/** How long a sender that was answered may go on sending before the connection is cut, in milliseconds. */
const LINGER_MS = 2_000;

/**
 * Answers a request whose body is not going to be read, and ends its connection. Closing at once would reset the connection
 * with bytes unread, and the reset can overtake the answer: so the answer goes out whole, and what still comes is thrown away
 * for a short while.
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
