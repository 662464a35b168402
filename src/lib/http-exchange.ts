import { Agent, type Dispatcher } from 'undici';

export interface Exchange {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The whole exchange, connecting included. */
  readonly timeoutMs: number;
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  readonly text: string;
  /** The text as JSON; undefined when it is none. */
  readonly body: unknown;
}

/** No answer came. `sent` is false only when it is certain that not one byte of the request left. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly sent: boolean;

  constructor(message: string, sent: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.sent = sent;
  }
}

export interface TransportOptions {
  /** Connecting, TLS included, in milliseconds. */
  readonly connectTimeoutMs: number;
  /** Answers are read up to this size; a longer one is cut off and is no answer. */
  readonly maxAnswerBytes: number;
}

/**
 * One HTTP exchange with the carrier over undici, told apart exactly: answered, not sent, or sent and unanswered.
 * Redirects are not followed and nothing is tried twice here; what may be tried again is ThingSpace's to decide.
 */
export class Transport implements AsyncDisposable {
  readonly #options: TransportOptions;
  readonly #agent: Agent;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#agent = new Agent({ allowH2: false, connect: { timeout: options.connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0 });
  }

  send(exchange: Exchange): Promise<Answer> {
    const url = new URL(exchange.url);
    const options: Dispatcher.DispatchOptions = {
      origin: url.origin,
      path: url.pathname + url.search,
      method: exchange.method,
      headers: exchange.headers,
      body: exchange.body ?? null,
      // A kept-alive socket that the carrier closes just as we write would leave an action's fate unknown for nothing.
      reset: exchange.method !== 'GET',
    };
    return new Promise((resolve, reject) =>
      this.#agent.dispatch(options, new ExchangeHandler(exchange, this.#options.maxAnswerBytes, resolve, reject)),
    );
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#agent.destroy();
  }
}

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #maxBytes: number;
  readonly #resolve: (answer: Answer) => void;
  readonly #reject: (error: TransportError) => void;
  readonly #deadline: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #retryAfter: string | null = null;
  #controller: Dispatcher.DispatchController | null = null;
  /** undici calls onRequestStart with the socket connected, just before the first byte is written. */
  #sent = false;
  #gaveUp: TransportError | null = null;

  constructor(exchange: Exchange, maxBytes: number, resolve: (answer: Answer) => void, reject: (error: TransportError) => void) {
    this.#maxBytes = maxBytes;
    this.#resolve = resolve;
    this.#reject = reject;
    this.#deadline = setTimeout(() => this.#giveUp(`no answer within ${exchange.timeoutMs} ms`), exchange.timeoutMs);
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    if (this.#gaveUp) controller.abort(this.#gaveUp);
    else this.#sent = true;
  }

  onResponseStart(
    _controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
  ): void {
    this.#status = statusCode;
    const retryAfter = headers['retry-after'];
    this.#retryAfter = (Array.isArray(retryAfter) ? retryAfter[0] : retryAfter) ?? null;
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#maxBytes) this.#giveUp(`the answer is longer than ${this.#maxBytes} bytes`);
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    clearTimeout(this.#deadline);
    const text = Buffer.concat(this.#chunks).toString('utf8');
    this.#resolve({ status: this.#status, retryAfter: this.#retryAfter, text, body: parseJson(text) });
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    clearTimeout(this.#deadline);
    this.#reject(this.#gaveUp ?? new TransportError(describe(error), this.#sent, error));
  }

  #giveUp(why: string): void {
    clearTimeout(this.#deadline);
    this.#gaveUp ??= new TransportError(why, this.#sent);
    this.#reject(this.#gaveUp);
    this.#controller?.abort(this.#gaveUp);
  }
}

function parseJson(text: string): unknown {
  try {
    return text === '' ? undefined : (JSON.parse(text) as unknown);
  } catch {
    return undefined;
  }
}

function describe(error: Error): string {
  const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
  return `${code}${error.message}`;
}
