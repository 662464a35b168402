import type { ServerResponse } from 'node:http';
import type { Answer } from './route.ts';

/** Writes an answer whole. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  const bytes = answerBytes(answer);
  response.writeHead(answer.status, { ...answerHeaders(answer), 'content-length': bytes.length });
  response.end(bytes);
}

/** Writes the head and half of the body, then cuts the connection. */
export function sendHalfAnswer(response: ServerResponse, answer: Answer): void {
  const bytes = answerBytes(answer);
  response.writeHead(answer.status, { ...answerHeaders(answer), 'content-length': bytes.length });
  response.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => response.socket?.destroy());
}

/** Writes a JSON body that never ends, as fast as the client reads, until it hangs up. */
export function sendEndlessAnswer(response: ServerResponse, answer: Answer): void {
  response.writeHead(answer.status, answerHeaders(answer));
  response.write('{"requestId":"');
  const chunk = 'x'.repeat(64 * 1024);
  const more = (): void => {
    while (!response.destroyed && response.write(chunk));
  };
  response.on('drain', more);
  more();
}

function answerBytes({ body }: Answer): Uint8Array {
  if (body === undefined) return Buffer.alloc(0);
  if (body instanceof Uint8Array) return body;
  return Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
}

function answerHeaders(answer: Answer): Record<string, string> {
  return { 'content-type': 'application/json', ...answer.headers };
}
