import { createServer, type IncomingHttpHeaders, type ServerResponse } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { request } from 'undici';
import { listenOnLoopback } from './listen-on-loopback.ts';

/** One request as the carrier got it. */
export interface HeardRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
}

/** The carrier's answer, as it would be without a fault. */
export interface TrueAnswer {
  readonly status: number;
  readonly headers: Record<string, string>;
  readonly body: Buffer;
}

/** What comes in place of an answer. It gets the true answer, which the carrier has given already. */
export type Misbehaviour = (response: ServerResponse, answer: TrueAnswer) => void;

const PAGE = '<!DOCTYPE html><html><body>Request blocked. <code>17</code></body></html>';
const answerWith = (status: number, body: string | Buffer, headers: Record<string, string> = {}): Misbehaviour => {
  return (response) => void response.writeHead(status, headers).end(body);
};

/** Ways in which a carrier, or something on the way to it, gives no usable answer. */
export const MISBEHAVIOURS = {
  'a cut before the answer': (response) => response.destroy(),
  'a cut in the middle of the answer': (response, { body }) => {
    response.writeHead(200, { 'content-type': 'application/json', 'content-length': String(body.length + 100) });
    response.write(body.subarray(0, 5), () => response.destroy());
  },
  'no answer': () => undefined,
  'HTML with 200': answerWith(200, PAGE, { 'content-type': 'text/html' }),
  'HTML with 403': answerWith(403, PAGE, { 'content-type': 'text/html' }),
  'HTML with 404': answerWith(404, PAGE, { 'content-type': 'text/html' }),
  'HTML with 502': answerWith(502, PAGE, { 'content-type': 'text/html' }),
  'an empty 403': answerWith(403, ''),
  'JSON that ends in the middle': answerWith(200, '{"access_token":"t","sessionToken":"s","requestId":"595f'),
  'an answer of 20 MB': answerWith(200, Buffer.alloc(20 * 1_048_576, 0x20)),
  'a bomb of gzip': answerWith(200, gzipSync(Buffer.alloc(20 * 1_048_576, 0x20)), { 'content-encoding': 'gzip' }),
} as const satisfies Record<string, Misbehaviour>;

/** A carrier that misbehaves where a test says. In front of the simulator, which gives the true answers. */
export interface HostileCarrier extends AsyncDisposable {
  /** Give this to the gateway as the base URL of the API. */
  readonly url: string;
  readonly requests: readonly HeardRequest[];
  /** Requests whose method and path contain `what` are answered so, `times` of them. */
  misbehave(what: string, how: Misbehaviour, times?: number): void;
  behave(): void;
}

export async function startHostileCarrier(carrierUrl: string): Promise<HostileCarrier> {
  const { origin } = new URL(carrierUrl);
  const requests: HeardRequest[] = [];
  let faults: { readonly what: string; readonly how: Misbehaviour; left: number }[] = [];
  const server = createServer((incoming, outgoing) => {
    void (async () => {
      const sent = await buffer(incoming);
      const { method = '', url: path = '', headers } = incoming;
      requests.push({ method, path, headers });
      const fault = faults.find(({ what, left }) => left > 0 && `${method} ${path}`.includes(what));
      if (fault) fault.left -= 1;
      const { host: _host, connection: _connection, 'content-length': _length, ...passed } = headers;
      const answer = await request(`${origin}${path}`, { method, headers: passed, ...(sent.length > 0 && { body: sent }) });
      const body = Buffer.from(await answer.body.bytes());
      const type = { 'content-type': String(answer.headers['content-type'] ?? 'application/json') };
      if (fault) fault.how(outgoing, { status: answer.statusCode, headers: type, body });
      else outgoing.writeHead(answer.statusCode, type).end(body);
    })().catch(() => outgoing.destroy());
  });
  const listening = await listenOnLoopback(server);
  return {
    url: `${listening.origin}/api`,
    requests,
    misbehave: (what, how, times = Number.POSITIVE_INFINITY) => void faults.push({ what, how, left: times }),
    behave: () => (faults = []),
    [Symbol.asyncDispose]: () => listening[Symbol.asyncDispose](),
  };
}
