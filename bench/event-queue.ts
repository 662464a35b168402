/** Events of one type as an async iterator, in the order they came, however many wait. */
export class EventQueue<Detail> implements AsyncIterableIterator<Detail> {
  readonly #leave: () => void;
  #waiting: Detail[] = [];
  #taken = 0;
  #wanted: ((result: IteratorResult<Detail>) => void) | null = null;
  #over = false;

  constructor(target: EventTarget, type: string, left: () => void) {
    const listen = (event: Event): void => this.#push((event as CustomEvent<Detail>).detail);
    target.addEventListener(type, listen);
    this.#leave = () => {
      target.removeEventListener(type, listen);
      left();
    };
  }

  next(): Promise<IteratorResult<Detail>> {
    if (this.#over) return Promise.resolve({ done: true, value: undefined });
    const value = this.#waiting[this.#taken];
    if (value === undefined) return new Promise((resolve) => (this.#wanted = resolve));
    if (++this.#taken === this.#waiting.length) {
      this.#waiting = [];
      this.#taken = 0;
    }
    return Promise.resolve({ done: false, value });
  }

  return(): Promise<IteratorResult<Detail>> {
    if (!this.#over) this.#leave();
    this.#over = true;
    this.#wanted?.({ done: true, value: undefined });
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #push(detail: Detail): void {
    const wanted = this.#wanted;
    this.#wanted = null;
    if (wanted) wanted({ done: false, value: detail });
    else this.#waiting.push(detail);
  }
}
