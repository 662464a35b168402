import { createServer } from 'node:http';
import { text } from 'node:stream/consumers';
import type { RecordedRequest } from './recording-proxy.ts';
import { listenOnLoopback } from './listen-on-loopback.ts';

export interface AnsweringServer extends AsyncDisposable {
  /** Give this to a carrier client as the base URL of the API. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
}

/** A string is sent as it stands, anything else as JSON. */
export interface HandMadeAnswer {
  readonly status?: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An API that gives these answers in turn, whatever it is asked. It repeats the last one. */
export async function startAnsweringServer(...answers: readonly HandMadeAnswer[]): Promise<AnsweringServer> {
  const requests: RecordedRequest[] = [];
  const server = createServer((incoming, outgoing) => {
    void text(incoming).then((body) => {
      const { method = '', url: path = '', headers } = incoming;
      const answer = answers[Math.min(requests.length, answers.length - 1)];
      requests.push({ method, path, headers, body });
      outgoing
        .writeHead(answer?.status ?? 200, { 'content-type': 'application/json', ...answer?.headers })
        .end(typeof answer?.body === 'string' ? answer.body : JSON.stringify(answer?.body));
    });
  });
  const listening = await listenOnLoopback(server);
  return {
    url: `${listening.origin}/api`,
    requests,
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}
