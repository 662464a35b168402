import { Agent, type Dispatcher } from 'undici';
import { parseJson } from './parse-json.ts';

export interface Exchange {
  /** What it is for, as spans name it. */
  readonly name?: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  /** For the whole exchange, connecting included. */
  readonly timeoutMs: number;
  /** After `timeoutMs` an answer is still taken for `ms`. Without this the connection is closed. */
  readonly late?: { readonly ms: number; readonly take: (answer: Answer) => void };
}

export interface Answer {
  readonly status: number;
  readonly retryAfter: string | null;
  /** The server's clock. */
  readonly date: string | null;
  /** Where more of a list is. */
  readonly location: string | null;
  readonly text: string;
  /** The text as JSON; undefined when it is not JSON. */
  readonly body: unknown;
}

/** The bytes of an answer, with what its headers say of them. */
export interface AnswerBytes {
  readonly bytes: Uint8Array;
  readonly contentType: string | null;
  readonly contentEncoding: string | null;
}

/** Reads the bytes of an answer. Null when they would unpack to more than `maxBytes`. */
export type ReadAnswer = (answer: AnswerBytes, maxBytes: number) => Promise<Pick<Answer, 'text' | 'body'> | null>;

/** No answer came. `sent` is false only when certainly no byte of the request left. */
export class TransportError extends Error {
  override readonly name = 'TransportError';
  readonly sent: boolean;

  constructor(message: string, sent: boolean, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.sent = sent;
  }
}

interface TransportOptions {
  readonly connectTimeoutMs: number;
  readonly maxAnswerBytes: number;
  /** By default an answer is UTF-8, and not compressed. */
  readonly read?: ReadAnswer;
  /** Hears the `Date` of each answer over HTTPS: nobody on the way can have written it. */
  readonly onDate?: ((date: string) => void) | undefined;
}

/**
 * Does HTTP exchanges with undici. Each ends in one of three ways: answered, not sent, or sent and unanswered. It follows no
 * redirects and tries nothing twice. It asks for answers that are not compressed. An answer longer than `maxAnswerBytes` is cut off
 * and counts as no answer.
 */
export class Transport implements AsyncDisposable {
  readonly #limits: Limits;
  readonly #agent: Agent;
  readonly #onDate: TransportOptions['onDate'];

  constructor({ connectTimeoutMs, maxAnswerBytes, read = readPlainly, onDate }: TransportOptions) {
    this.#onDate = onDate;
    this.#limits = { maxAnswerBytes, read };
    this.#agent = new Agent({ allowH2: false, connect: { timeout: connectTimeoutMs }, headersTimeout: 0, bodyTimeout: 0 });
  }

  send(exchange: Exchange): Promise<Answer> {
    const url = new URL(exchange.url);
    const handler = new ExchangeHandler(exchange, this.#limits, url.protocol === 'https:' ? this.#onDate : undefined);
    this.#agent.dispatch(
      {
        origin: url.origin,
        path: url.pathname + url.search,
        method: exchange.method,
        headers: { 'accept-encoding': 'identity', ...exchange.headers },
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

function readPlainly({ bytes }: AnswerBytes): Promise<Pick<Answer, 'text' | 'body'>> {
  const text = Buffer.from(bytes).toString('utf8');
  return Promise.resolve({ text, body: parseJson(text) });
}

type Limits = Required<Pick<TransportOptions, 'maxAnswerBytes' | 'read'>>;

class ExchangeHandler implements Dispatcher.DispatchHandler {
  readonly #exchange: Pick<Exchange, 'timeoutMs' | 'late'>;
  readonly #limits: Limits;
  readonly #onDate: TransportOptions['onDate'];
  readonly #settled = Promise.withResolvers<Answer>();
  #deadline: NodeJS.Timeout;
  readonly #chunks: Buffer[] = [];
  #bytes = 0;
  #status = 0;
  #headers: Record<string, string | string[] | undefined> = {};
  #controller: Dispatcher.DispatchController | null = null;
  /** undici calls onRequestStart when the socket is connected, just before it writes the first byte. */
  #sent = false;
  #isLate = false;
  #gaveUp: TransportError | null = null;

  constructor(exchange: Pick<Exchange, 'timeoutMs' | 'late'>, limits: Limits, onDate: TransportOptions['onDate']) {
    this.#onDate = onDate;
    this.#exchange = exchange;
    this.#limits = limits;
    this.#deadline = setTimeout(() => this.#timeOut(), exchange.timeoutMs);
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
    this.#headers = headers;
    const date = [headers['date']].flat()[0];
    if (date !== undefined) this.#onDate?.(date);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    this.#bytes += chunk.length;
    if (this.#bytes > this.#limits.maxAnswerBytes) this.#giveUp(this.#tooLong());
    else this.#chunks.push(chunk);
  }

  onResponseEnd(): void {
    void this.#read().then(
      (answer) => (answer ? this.#settle(answer) : this.#giveUp(this.#tooLong())),
      (cause: unknown) => this.#giveUp('the answer cannot be read', cause),
    );
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    const code = 'code' in error && typeof error.code === 'string' ? `${error.code}: ` : '';
    this.#giveUp(`${code}${error.message}`, error);
  }

  async #read(): Promise<Answer | null> {
    const { read, maxAnswerBytes } = this.#limits;
    const header = (name: string) => [this.#headers[name]].flat()[0] ?? null;
    const bytes = Buffer.concat(this.#chunks);
    const contentEncoding = [this.#headers['content-encoding']].flat().join(', ') || null;
    const answer = await read({ bytes, contentType: header('content-type'), contentEncoding }, maxAnswerBytes);
    return (
      answer && { status: this.#status, retryAfter: header('retry-after'), date: header('date'), location: header('location'), ...answer }
    );
  }

  #settle(answer: Answer): void {
    clearTimeout(this.#deadline);
    this.#settled.resolve(answer);
    if (this.#isLate) this.#exchange.late?.take(answer);
  }

  /** The caller waits no longer. The connection stays open for a late answer, if one is wanted. */
  #timeOut(): void {
    const { timeoutMs, late } = this.#exchange;
    const why = `no answer within ${timeoutMs} ms`;
    if (!late || !this.#sent) return this.#giveUp(why);
    this.#isLate = true;
    this.#deadline = setTimeout(() => this.#giveUp(why), late.ms).unref();
    this.#settled.reject(new TransportError(why, true));
  }

  #giveUp(why: string, cause?: unknown): void {
    clearTimeout(this.#deadline);
    this.#gaveUp ??= new TransportError(why, this.#sent, cause);
    this.#settled.reject(this.#gaveUp);
    this.#controller?.abort(this.#gaveUp);
  }

  #tooLong(): string {
    return `the answer is longer than ${this.#limits.maxAnswerBytes} bytes`;
  }
}
