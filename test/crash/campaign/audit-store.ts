import { auditSubscriber } from './audit-subscriber.ts';
import type { Books, Intent } from './books.ts';
import { markerIn, messageBody } from './carrier-messages.ts';
import type { StoredRequest, StoredRows } from './stored-rows.ts';
import type { Followed } from './subscriber-load.ts';
import type { Tally } from './tally.ts';

/** Compares what is stored, read after the gateway has stopped, with the books and with what subscribers saw. */
export async function auditStore(stored: StoredRows, books: Books, followed: readonly Followed[], tally: Tally): Promise<void> {
  try {
    for (const fault of await stored.faults()) tally.add('other', fault);
    const audit = new StoreAudit(books, tally);
    await audit.callbacks(stored);
    audit.requests(await stored.requests());
    // A Request's followers must have got exactly what was written.
    for (const each of followed) auditSubscriber(each, await stored.log(each.requestId), tally);
  } catch (error) {
    tally.add('other', `the store cannot be read: ${error instanceof Error ? error.message : String(error)}`);
  }
}

class StoreAudit {
  readonly #books: Books;
  readonly #tally: Tally;

  constructor(books: Books, tally: Tally) {
    this.#books = books;
    this.#tally = tally;
  }

  /**
   * Every acknowledged callback is stored once, letter for letter, at its Request, and no other is stored. The carrier's answers to
   * our questions do not count.
   */
  async callbacks(stored: StoredRows): Promise<void> {
    const copies = new Uint8Array(this.#books.messages.length);
    for await (const { message, reference } of stored.messages()) this.#callback(message, reference, copies);
    for (const { marker } of this.#books.messages) {
      const found = copies[marker] ?? 0;
      if (found > 1) this.#tally.add('double', `callback ${marker} is stored ${found} times`, found - 1);
      if (found === 0 && this.#books.isAcknowledged(marker))
        this.#tally.addOnce('lost', `callback ${marker}`, `callback ${marker} was acknowledged and is not stored`);
    }
  }

  #callback(text: string, reference: string | null, copies: Uint8Array): void {
    const marker = markerIn(text);
    const message = marker === null ? undefined : this.#books.messages[marker];
    if (marker === null || !message || !this.#books.isSent(marker)) return this.#tally.add('phantom', `nobody sent ${text}`);
    if (text !== JSON.stringify(messageBody(message))) return this.#tally.add('phantom', `callback ${marker} is stored as ${text}`);
    copies[marker] = (copies[marker] ?? 0) + 1;
    const { intent } = message.performed;
    if (reference !== (intent && `intent-${intent.number}`)) {
      this.#tally.add('other', `callback ${marker} is stored with ${reference ?? 'no request of ours'}`);
    }
  }

  /** Every Request whose id a caller got is there, each intent has at most one, and no Request of another tool counts as ours. */
  requests(rows: readonly StoredRequest[]): void {
    const ids = new Set(rows.map(({ id }) => id));
    const perIntent = new Map<Intent, number>();
    for (const { id, reference } of rows) {
      const intent = this.#books.intents[Number(reference?.slice('intent-'.length))];
      if (intent) perIntent.set(intent, (perIntent.get(intent) ?? 0) + 1);
      else this.#tally.add('phantom', `nobody asked for request ${id}`);
    }
    for (const [{ number }, count] of perIntent) {
      if (count > 1) this.#tally.add('double', `intent ${number} became ${count} requests`, count - 1);
    }
    for (const { number, requestIds } of this.#books.intents) {
      if (requestIds.size > 1)
        this.#tally.add('double', `intent ${number} was answered with ${requestIds.size} requests`, requestIds.size - 1);
      for (const id of requestIds) if (!ids.has(id)) this.#tally.add('lost', `request ${id} was answered and is not stored`);
    }
    this.#fates(rows);
  }

  /** A performed POST has its callbacks. A POST that was not performed is shown as such, or as unknown. No Request is open. */
  #fates(rows: readonly StoredRequest[]): void {
    const performed = new Set(this.#books.performed.map(({ intent }) => intent?.number));
    for (const { id, reference, status } of rows) {
      const done = performed.has(Number(reference?.slice('intent-'.length)));
      const right = done ? ['SUCCEEDED', 'PARTIALLY_FAILED', 'FAILED'] : ['UNKNOWN', 'REJECTED', 'EXPIRED', 'CANCELLED'];
      if (!right.includes(status))
        this.#tally.add('other', `request ${id} is ${status}; the carrier has ${done ? '' : 'not '}performed it`);
    }
  }
}
