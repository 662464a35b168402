import { Agent, type Dispatcher } from 'undici';
import { parseJson } from './parse-json.ts';

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, connecting included. */
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
  /** The text as JSON; undefined when it is not JSON. */
  readonly body: unknown;
}

/** No answer came. `sent` is false only when certainly no byte of the request left. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly sent: boolean;

  constructor(message: string, sent: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.sent = sent;
  }
}

/**
 * Does HTTP exchanges with undici. Each ends in one of three ways: answered, not sent, or sent and unanswered. It follows no
 * redirects and tries nothing twice. An answer longer than `maxAnswerBytes` is cut off and counts as no answer.
 */
export class Transport implements AsyncDisposable {
  readonly #maxAnswerBytes: number;
  readonly #agent: Agent;

  constructor({ connectTimeoutMs, maxAnswerBytes }: { readonly connectTimeoutMs: number; readonly maxAnswerBytes: number }) {
    this.#maxAnswerBytes = maxAnswerBytes;
    this.#agent = new Agent({ allowH2: false, connect: { timeout: connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0 });
  }

  send(exchange: Exchange): Promise<Answer> {
    const url = new URL(exchange.url);
    const handler = new ExchangeHandler(exchange.timeoutMs, this.#maxAnswerBytes);
    this.#agent.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: exchange.method,
        headers: exchange.headers,
        body: exchange.body ?? null,
        // The carrier may close a kept-alive socket just as we write. That would leave an action's fate unknown for nothing.
        reset: exchange.method !== 'GET',
      },
      handler,
    );
    return handler.answer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #settled = Promise.withResolvers<Answer>();
  readonly #deadline: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #retryAfter: string | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  /** undici calls onRequestStart when the socket is connected, just before it writes the first byte. */
  #sent = false;
  #gaveUp: TransportError | null = null;

  constructor(timeoutMs: number, maxBytes: number) {
    this.#maxBytes = maxBytes;
    this.#deadline = setTimeout(() => this.#giveUp(`no answer within ${timeoutMs} ms`), timeoutMs);
  }

  get answer(): Promise<Answer> {
    return this.#settled.promise;
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#gaveUp) controller.abort(this.#gaveUp);
    else this.#sent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    status: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = status;
    this.#retryAfter = [headers['retry-after']].flat()[0] ?? null;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.#giveUp(`the answer is longer than ${this.#maxBytes} bytes`);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    clearTimeout(this.#deadline);
    const text = Buffer.concat(this.#chunks).toString('utf8');
    this.#settled.resolve({ status: this.#status, retryAfter: this.#retryAfter, text, body: parseJson(text) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#deadline);
    const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
    this.#settled.reject(this.#gaveUp ?? new TransportError(`${code}${error.message}`, this.#sent, error));
  }

  #giveUp(why: string): void {
    clearTimeout(this.#deadline);
    this.#gaveUp ??= new TransportError(why, this.#sent);
    this.#settled.reject(this.#gaveUp);
    this.#controller?.abort(this.#gaveUp);
  }
}
