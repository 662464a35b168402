import { unescape } from 'node:querystring';
import { Agent } from 'undici';

/** What became of one POST to the listener. `reason` is an error code, never a URL. */
export type Delivery =
  | { readonly type: 'DELIVERED' }
  | { readonly type: 'REFUSED'; readonly status: number }
  | { readonly type: 'UNREACHABLE'; readonly reason: string };

export interface PreviousListenerOptions {
  /** From connecting to the answer's status, in milliseconds. */
  readonly timeoutMs: number;
  /** An answer's body is thrown away; past this many bytes its connection with it. */
  readonly maxAnswerBytes: number;
}

/**
 * POSTs to listeners of other tools over kept-alive connections. Any 2xx is a delivery; redirects are not followed. A
 * connection that the listener closes just as we write is UNREACHABLE: to send the same message again is the carrier's own way.
 */
export class PreviousListener implements AsyncDisposable {
  readonly #options: PreviousListenerOptions;
  readonly #agent: Agent;

  constructor(options: PreviousListenerOptions) {
    this.#options = options;
    this.#agent = new Agent({ allowH2: false, connect: { timeout: options.timeoutMs }, headersTimeout: 0, bodyTimeout: 0 });
  }

  async post(url: URL, message: { readonly contentType: string; readonly body: Uint8Array }): Promise<Delivery> {
    const patience = new AbortController();
    const timer = setTimeout(() => patience.abort(Object.assign(new Error('no answer'), { code: 'TIMEOUT' })), this.#options.timeoutMs);
    try {
      const { statusCode, body } = await this.#agent.request({
        origin: url.origin,
        path: url.pathname + url.search,
        method: 'POST',
        headers: { 'content-type': message.contentType, ...authorization(url) },
        body: message.body,
        signal: patience.signal,
      });
      // The status has decided; a body that breaks off changes nothing.
      await body.dump({ limit: this.#options.maxAnswerBytes }).catch(() => undefined);
      return statusCode >= 200 && statusCode < 300 ? { type: 'DELIVERED' } : { type: 'REFUSED', status: statusCode };
    } catch (error) {
      return { type: 'UNREACHABLE', reason: codeOf(error) };
    } finally {
      clearTimeout(timer);
    }
  }

  /** Gives up what is on its way. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

function authorization({ username, password }: URL): { authorization?: string } {
  if (username === '' && password === '') return {};
  return { authorization: `Basic ${Buffer.from(`${unescape(username)}:${unescape(password)}`).toString('base64')}` };
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : 'ERROR';
}
