import { setTimeout as delay } from 'node:timers/promises';
import { Agent } from 'undici';
import { makeCallbackPath } from '../../../src/resolvers/callbacks/callback-paths.ts';
import type { SeededRandom } from '../../support/seeded-random.ts';
import { askedOperation } from './asked-operations.ts';
import type { Books, Message, Performed } from './books.ts';
import type { CampaignOptions } from './campaign-options.ts';
import { messageBody, serviceOf } from './carrier-messages.ts';
import type { Doors } from './doors.ts';

export interface CallbackLoadOptions {
  readonly books: Books;
  readonly lives: Pick<Doors, 'up' | 'isUp'>;
  readonly random: SeededRandom;
  readonly secret: string;
  /** The URL of the door, and its URL behind a network that fails. */
  readonly doorUrl: string;
  readonly faultyDoorUrl: string | null;
  readonly options: Pick<CampaignOptions, 'copied'>;
  /** How long the carrier waits for an answer, in milliseconds. */
  readonly patienceMs?: number;
  /** Called with each attempt that was not answered with a 2xx, and when it began. */
  readonly onFailed?: (began: number, answer: string) => void;
  readonly onProblem: (problem: string) => void;
}

const IN_FLIGHT = 48;
const UNANSWERED_AFTER_MS = 1_000;
/** Percentages of the messages: those that go through the failing network, and those that are sent again after they were acknowledged. */
const FAULTY_PERCENT = 5;
const AGAIN_PERCENT = 4;

interface Job {
  readonly message: Message;
  /** How often it was sent before. */
  readonly sent: number;
}

/**
 * The carrier's side of the callbacks, which no crash touches. It sends each message until a whole 2xx has come, some
 * four times at once, some out of order, some again long after they were acknowledged.
 */
export class CallbackLoad implements AsyncDisposable {
  readonly #parts: CallbackLoadOptions;
  readonly #agent: Agent;
  readonly #paths = new Map<string, string>();
  readonly #stop = new AbortController();
  #queue: Job[] = [];
  #head = 0;
  #open = 0;
  #idle: (() => void)[] = [];
  /** Answers by status, and attempts without one. */
  readonly answers = new Map<string, number>();

  constructor(parts: CallbackLoadOptions) {
    this.#parts = parts;
    const timeout = parts.patienceMs ?? UNANSWERED_AFTER_MS;
    this.#agent = new Agent({ connections: IN_FLIGHT, headersTimeout: timeout, bodyTimeout: timeout, connect: { timeout } });
  }

  /** Messages that are not acknowledged yet. */
  get backlog(): number {
    return this.#queue.length - this.#head + this.#open;
  }

  /** Adds the callbacks of a request that the carrier has performed. */
  report(performed: Performed): void {
    const { books, random } = this.#parts;
    const messages: Message[] = [];
    for (let device = performed.firstDevice; device < performed.firstDevice + performed.devices; device++) {
      if (random.between(1, 10) === 1) messages.push(books.compose(performed, device, 'pending'));
      messages.push(books.compose(performed, device, random.between(1, 10) === 1 ? 'failure' : 'success'));
      if (askedOperation(performed.operation).hasNidd && random.between(1, 10) === 1)
        messages.push(books.compose(performed, device, 'nidd'));
    }
    const order = random.between(0, 2);
    if (order === 1) messages.reverse();
    if (order === 2) messages.sort((a, b) => (a.marker % 7) - (b.marker % 7));
    this.#queue.push(...messages.map((message) => ({ message, sent: 0 })));
    this.#wake();
  }

  /** Ends with the disposal. */
  async run(): Promise<void> {
    await Promise.all(Array.from({ length: IN_FLIGHT }, () => this.#worker()));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#stop.abort();
    this.#wake();
    await this.#agent.destroy();
  }

  async #worker(): Promise<void> {
    const { lives, random } = this.#parts;
    const { signal } = this.#stop;
    const stopped = new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));
    while (!signal.aborted) {
      const job = this.#take();
      if (!job) {
        await new Promise<void>((resolve) => this.#idle.push(resolve));
        continue;
      }
      this.#open++;
      if (!lives.isUp) await Promise.race([lives.up(), stopped]);
      const acknowledged = await this.#deliver(job);
      this.#open--;
      if (!acknowledged) {
        this.#queue.push({ message: job.message, sent: job.sent + 1 });
        this.#wake();
        await delay(10, undefined, { signal }).catch(() => undefined);
      } else if (random.between(1, 100) <= AGAIN_PERCENT) {
        await this.#again();
      }
    }
  }

  #take(): Job | undefined {
    const job = this.#queue[this.#head];
    if (job) this.#head++;
    if (this.#head > 10_000) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return job;
  }

  #wake(): void {
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  async #deliver({ message, sent }: Job): Promise<boolean> {
    const { options, random } = this.#parts;
    const copies = random.between(1, 1_000) <= options.copied * 1_000 ? 4 : 1;
    const body = { ...messageBody(message), username: '', password: '', callbackCount: sent + 1 };
    const answers = await Promise.all(Array.from({ length: copies }, () => this.#post(message, JSON.stringify(body))));
    return answers.includes(true);
  }

  /** A message that was acknowledged before, perhaps by an earlier life. */
  async #again(): Promise<void> {
    const { books, random } = this.#parts;
    const message = books.messages[random.between(0, books.messages.length - 1)];
    if (message && books.isAcknowledged(message.marker)) await this.#deliver({ message, sent: 1 });
  }

  /** True when the whole of a 2xx answer has come. */
  #post(message: Message, body: string): Promise<boolean> {
    const { books, doorUrl, faultyDoorUrl, random } = this.#parts;
    const origin = faultyDoorUrl !== null && random.between(1, 100) <= FAULTY_PERCENT ? faultyDoorUrl : doorUrl;
    const began = performance.now();
    books.send(message);
    return new Promise((resolve) => {
      let status = 0;
      const conclude = (answer: string, acknowledged: boolean) => {
        this.answers.set(answer, (this.answers.get(answer) ?? 0) + 1);
        if (acknowledged) books.acknowledge(message);
        else this.#parts.onFailed?.(began, answer);
        resolve(acknowledged);
      };
      this.#agent.dispatch(
        { origin, path: this.#path(message), method: 'POST', headers: ['content-type', 'application/json'], body },
        {
          onRequestStart: () => undefined,
          onResponseStart: (_controller, statusCode) => {
            status = statusCode;
          },
          onResponseData: () => undefined,
          onResponseEnd: () => {
            if (status >= 400 && status < 500) this.#parts.onProblem(`a callback was refused with HTTP ${status}`);
            conclude(String(status), status >= 200 && status < 300);
          },
          onResponseError: () => conclude('none', false),
        },
      );
    });
  }

  #path(message: Message): string {
    const { account } = message.performed;
    const service = serviceOf(message);
    const key = `${account} ${service}`;
    const path = this.#paths.get(key) ?? makeCallbackPath(this.#parts.secret, { account, service });
    this.#paths.set(key, path);
    return path;
  }
}
