import { request as httpRequest, type OutgoingHttpHeaders } from 'node:http';
import { text } from 'node:stream/consumers';
import type { GuardedStack } from './guarded-stack.ts';

export interface Probe {
  readonly method?: string;
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** One request as a stranger may make it, any header included; whatever is answered is noted as a refusal. */
export async function probe({ evidence }: GuardedStack, { method = 'POST', url, headers = {}, body = '' }: Probe): Promise<number> {
  const bytes = Buffer.from(body);
  const answer = await new Promise<{ status: number; text: string }>((resolve, reject) => {
    const all: OutgoingHttpHeaders = { 'content-type': 'application/json', 'content-length': bytes.length, ...headers };
    const request = httpRequest(url, { method, headers: all }, (response) => {
      text(response).then(
        (said) => resolve({ status: response.statusCode ?? 0, text: `${response.rawHeaders.join('\n')}\n${said}` }),
        reject,
      );
    });
    request.once('upgrade', ({ statusCode = 0, rawHeaders }, socket) => {
      socket.destroy();
      resolve({ status: statusCode, text: rawHeaders.join('\n') });
    });
    request.once('error', reject);
    request.end(bytes);
  });
  evidence.note('refusals', `${method} ${answer.status}`, answer.text);
  evidence.witness('gateway answered', `${url}\n${JSON.stringify(headers)}\n`);
  evidence.witness('gateway answered', bytes);
  return answer.status;
}
