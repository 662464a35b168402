import type { ServerResponse } from 'node:http';
import type { Answer } from './route.ts';

/** Writes an answer whole. */
export function sendAnswer(response: ServerResponse, answer: Answer): void {
  const text = answerText(answer);
  response.writeHead(answer.status, { ...answerHeaders(answer), 'content-length': Buffer.byteLength(text) });
  response.end(text);
}

/** Writes the head and half of the body, then cuts the connection. */
export function sendHalfAnswer(response: ServerResponse, answer: Answer): void {
  const text = answerText(answer);
  response.writeHead(answer.status, { ...answerHeaders(answer), 'content-length': Buffer.byteLength(text) });
  response.write(text.slice(0, Math.floor(text.length / 2)), () => response.socket?.destroy());
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

function answerText(answer: Answer): string {
  if (answer.body === undefined) return '';
  return typeof answer.body === 'string' ? answer.body : JSON.stringify(answer.body);
}

function answerHeaders(answer: Answer): Record<string, string> {
  return { 'content-type': 'application/json', ...answer.headers };
}
