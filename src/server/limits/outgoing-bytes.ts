export interface OutgoingLimits {
  /** The most bytes of one caller. */
  readonly perCaller: number;
  /** The most bytes of all callers together. */
  readonly inAll: number;
}

/** A caller may have 15 answers of the usual largest size that it has not taken; then it must read. */
const LIMITS: OutgoingLimits = { perCaller: 67_108_864, inAll: 268_435_456 };

interface Waiting {
  readonly caller: string;
  readonly bytes: number;
  readonly begin: (reserved: Disposable) => void;
}

/**
 * The bytes of answers and events on their way, over every transport. They are reserved by an estimate before anything runs, held by
 * their number when they are written, and let go when the client has taken them or its connection has ended.
 *
 * A reservation ends in the turn of the event loop in which its answer is written. Whoever waits for room begins in a turn of its
 * own. So nobody finds the room free between the two.
 */
export class OutgoingBytes {
  readonly limits: OutgoingLimits;
  readonly #held = new Map<string, number>();
  #total = 0;
  #waiting: Waiting[] = [];
  #planned = false;

  constructor(limits: OutgoingLimits = LIMITS) {
    this.limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Whose limit so many more bytes would pass; null when there is room. Somebody who has nothing on the way has room for anything. */
  passes(caller: string, bytes: number): keyof OutgoingLimits | null {
    const held = this.#held.get(caller) ?? 0;
    if (held > 0 && held + bytes > this.limits.perCaller) return 'perCaller';
    return this.#total > 0 && this.#total + bytes > this.limits.inAll ? 'inAll' : null;
  }

  /** Counts bytes until it is disposed of. It does not ask whether there is room. */
  hold(caller: string, bytes: number): Disposable {
    this.#count(caller, bytes);
    let isHeld = true;
    return {
      [Symbol.dispose]: () => {
        if (!isHeld) return;
        isHeld = false;
        this.#count(caller, -bytes);
        this.#plan();
      },
    };
  }

  /** Waits until there is room, and holds it. For what cannot be refused: an event of an open subscription. */
  reserve(caller: string, bytes: number): Promise<Disposable> {
    if (this.passes(caller, bytes) === null) return Promise.resolve(this.hold(caller, bytes));
    return new Promise((begin) => this.#waiting.push({ caller, bytes, begin }));
  }

  #count(caller: string, bytes: number): void {
    this.#total += bytes;
    const held = (this.#held.get(caller) ?? 0) + bytes;
    if (held > 0) this.#held.set(caller, held);
    else this.#held.delete(caller);
  }

  #plan(): void {
    if (this.#planned || this.#waiting.length === 0) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#waiting = this.#waiting.filter(({ caller, bytes, begin }) => {
        if (this.passes(caller, bytes) !== null) return true;
        begin(this.hold(caller, bytes));
        return false;
      });
    });
  }
}
