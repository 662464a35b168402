import type { ActionPost } from '../../../simulator/ledger.ts';
import type { Simulator } from '../../../simulator/simulator.ts';
import { operationAt } from './asked-operations.ts';
import type { Books, Performed } from './books.ts';
import { deviceOf } from './device-numbers.ts';

/** Enters each POST that the carrier performs into the books at once, often before the gateway has the answer. */
export class CarrierWatch {
  readonly #simulator: Simulator;
  readonly #books: Books;
  readonly #onPerformed: (performed: Performed) => void;
  /** POSTs that were not performed yet at the last look. */
  #open: ActionPost[] = [];
  #seen = 0;
  #stopped = false;

  constructor(simulator: Simulator, books: Books, onPerformed: (performed: Performed) => void) {
    this.#simulator = simulator;
    this.#books = books;
    this.#onPerformed = onPerformed;
  }

  /** Ends with `stop()`. */
  async watch(): Promise<void> {
    while (!this.#stopped) {
      // It looks in the same turn of the event loop in which something happened.
      await this.#simulator.ledger.until(() => this.#look() || this.#stopped);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#simulator.ledger.changed();
  }

  #look(): boolean {
    const { posts } = this.#simulator.ledger;
    const fresh = posts.slice(this.#seen);
    this.#seen = posts.length;
    for (const post of fresh) this.#books.notePost(post);
    const waiting = [...this.#open, ...fresh];
    this.#open = waiting.filter((post) => post.requestId === undefined && post.status === undefined);
    const performed = waiting.filter((post) => post.requestId !== undefined);
    for (const post of performed) this.#take(post);
    return performed.length > 0;
  }

  #take({ requestId = '', endpoint, devices, body }: ActionPost): void {
    const firstDevice = deviceOf(devices[0] ?? '');
    const operation = operationAt(endpoint);
    if (operation === undefined) throw new Error(`The campaign asks for no ${endpoint}.`);
    const account = (JSON.parse(body) as { accountName: string }).accountName;
    const performed: Performed = {
      requestId,
      account,
      operation,
      firstDevice,
      devices: devices.length,
      intent: this.#books.intentOf(firstDevice),
    };
    this.#books.performed.push(performed);
    this.#onPerformed(performed);
  }
}
