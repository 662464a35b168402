import { unescape } from 'node:querystring';
import { Agent } from 'undici';

/** The result of one POST to the listener. `reason` is an error code, never a URL. */
export type Delivery =
  | { readonly type: 'DELIVERED' }
  | { readonly type: 'REFUSED'; readonly status: number }
  | { readonly type: 'UNREACHABLE'; readonly reason: string };

/** A message as it is POSTed. `contentEncoding` names the codings that are still on `body`. */
export interface ListenerMessage {
  readonly contentType: string;
  readonly contentEncoding: string | null;
  readonly body: Uint8Array;
}

/** The body of an answer is thrown away. When it is longer than this, its connection is closed too. */
const MAX_ANSWER_BYTES = 65_536;

/**
 * POSTs messages to listeners of other tools, over kept-alive connections. Any 2xx is a delivery. Redirects are not followed. When
 * the listener closes a connection just as we write, it is UNREACHABLE and the message is sent again. The carrier does so too.
 */
export class PreviousListener implements AsyncDisposable {
  readonly #timeoutMs: number;
  readonly #agent: Agent;

  /** @param options `timeoutMs` lasts from connecting until the answer's status has come. */
  constructor({ timeoutMs }: { readonly timeoutMs: number }) {
    this.#timeoutMs = timeoutMs;
    this.#agent = new Agent({ allowH2: false, connect: { timeout: timeoutMs }, headersTimeout: 0, bodyTimeout: 0 });
  }

  async post(url: URL, message: ListenerMessage): Promise<Delivery> {
    const credentials = Buffer.from(`${unescape(url.username)}:${unescape(url.password)}`).toString('base64');
    const timeout = new AbortController();
    const timer = setTimeout(() => timeout.abort(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })), this.#timeoutMs);
    try {
      const { statusCode, body } = await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'POST',
        headers: {
          'content-type': message.contentType,
          ...(message.contentEncoding && { 'content-encoding': message.contentEncoding }),
          ...(url.username + url.password !== '' && { authorization: `Basic ${credentials}` }),
        },
        body: message.body,
        signal: timeout.signal,
      });
      // The status has decided. A body that breaks off changes nothing.
      await body.dump({ limit: MAX_ANSWER_BYTES }).catch(() => undefined);
      return statusCode >= 200 && statusCode < 300 ? { type: 'DELIVERED' } : { type: 'REFUSED', status: statusCode };
    } catch (error) {
      const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'ERROR';
      return { type: 'UNREACHABLE', reason: code };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives up the messages that are on their way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}
