import { createServer, type IncomingHttpHeaders } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { request } from 'undici';
import { listenOnLoopback } from './listen-on-loopback.ts';

/** One request as it came. */
export interface RecordedRequest {
  readonly method: string;
  /** Path and query, verbatim. */
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** Stands between the gateway and the carrier and records what passes. Only here can a test see the headers. */
export interface RecordingProxy extends AsyncDisposable {
  /** Give this to the gateway as the base URL of the API. */
  readonly url: string;
  readonly requests: readonly RecordedRequest[];
  /** Where everything goes from now on: the carrier's base URL, `http://127.0.0.1:PORT/api`. */
  forwardTo(url: string): void;
}

export async function startRecordingProxy(): Promise<RecordingProxy> {
  const requests: RecordedRequest[] = [];
  let origin = '';
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const body = await buffer(incoming);
      const { method = '', url: path = '', headers } = incoming;
      requests.push({ method, path, headers, body: body.toString('utf8') });
      const { host: _host, connection: _connection, 'content-length': _length, ...passed } = headers;
      const answer = await request(`${origin}${path}`, { method, headers: passed, ...(body.length > 0 && { body }) });
      const answered = await answer.body.bytes();
      outgoing.writeHead(answer.statusCode, { 'content-type': String(answer.headers['content-type'] ?? 'application/json') }).end(answered);
    })().catch(() => outgoing.destroy());
  });
  const listening = await listenOnLoopback(server);
  return {
    url: `${listening.origin}/api`,
    requests,
    forwardTo: (url) => {
      ({ origin } = new URL(url));
    },
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}
