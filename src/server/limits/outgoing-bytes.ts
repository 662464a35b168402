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
  /** Work of a client that has gone needs no room any more. */
  readonly gone: AbortSignal;
  readonly begin: (reserved: Disposable) => void;
}

/**
 * The bytes of answers and events on their way, over every transport. They are reserved by an estimate before anything runs, held by
 * their number when they are written, and let go when the client has taken them or its connection has ended. Work waits for room. A
 * caller is refused only for what it has not taken.
 *
 * A reservation ends in the turn of the event loop in which its answer is written. Whoever waits for room begins in a turn of its
 * own. So nobody finds the room free between the two.
 */
export class OutgoingBytes {
  readonly limits: OutgoingLimits;
  /** By caller: the bytes that are reserved or held, and those of them that are held. */
  readonly #callers = new Map<string, { all: number; unread: number }>();
  #total = 0;
  #unread = 0;
  #waiting: Waiting[] = [];
  #planned = false;

  constructor(limits: OutgoingLimits = LIMITS) {
    this.limits = limits;
  }

  get total(): number {
    return this.#total;
  }

  /** Whose limit so many more bytes would pass, beside those that are not taken; null when there is room. */
  passes(caller: string, bytes: number): keyof OutgoingLimits | null {
    return this.#passes(this.#callers.get(caller)?.unread ?? 0, this.#unread, bytes);
  }

  /** Counts bytes that were written, until it is disposed of. It does not ask whether there is room. */
  hold(caller: string, bytes: number): Disposable {
    return this.#count(caller, bytes, bytes);
  }

  /**
   * Waits until there is room for what is going to run, and keeps it. It ends without room when the client has gone. Whoever came
   * earlier begins earlier, among those of one caller and among those that wait for running work of all.
   */
  reserve(caller: string, bytes: number, gone: AbortSignal): Promise<Disposable> {
    if (this.#waiting.length === 0 && this.#hasRoom(caller, bytes)) return Promise.resolve(this.#count(caller, bytes, 0));
    return new Promise((resolve) => {
      const plan = () => this.#plan();
      gone.addEventListener('abort', plan);
      const begin = (reserved: Disposable) => {
        gone.removeEventListener('abort', plan);
        resolve(reserved);
      };
      this.#waiting.push({ caller, bytes, gone, begin });
      plan();
    });
  }

  /** Somebody who has nothing on the way has room for anything. */
  #passes(own: number, total: number, bytes: number): keyof OutgoingLimits | null {
    if (own > 0 && own + bytes > this.limits.perCaller) return 'perCaller';
    return total > 0 && total + bytes > this.limits.inAll ? 'inAll' : null;
  }

  #hasRoom(caller: string, bytes: number): boolean {
    return this.#passes(this.#callers.get(caller)?.all ?? 0, this.#total, bytes) === null;
  }

  #count(caller: string, bytes: number, unread: number): Disposable {
    this.#add(caller, bytes, unread);
    let isCounted = true;
    return {
      [Symbol.dispose]: () => {
        if (!isCounted) return;
        isCounted = false;
        this.#add(caller, -bytes, -unread);
        this.#plan();
      },
    };
  }

  #add(caller: string, bytes: number, unread: number): void {
    this.#total += bytes;
    this.#unread += unread;
    const own = this.#callers.get(caller) ?? { all: 0, unread: 0 };
    own.all += bytes;
    own.unread += unread;
    if (own.all > 0) this.#callers.set(caller, own);
    else this.#callers.delete(caller);
  }

  #plan(): void {
    if (this.#planned || this.#waiting.length === 0) return;
    this.#planned = true;
    setImmediate(() => {
      this.#planned = false;
      this.#waiting = this.#waiting.filter(this.#begin());
    });
  }

  /** Begins with one after the other. @returns who still has to wait. */
  #begin(): (waiting: Waiting) => boolean {
    const behind = new Set<string>();
    let isFull = false;
    return ({ caller, bytes, gone, begin }) => {
      const lacks = this.#passes(this.#callers.get(caller)?.all ?? 0, this.#total, bytes);
      const waits = !gone.aborted && (isFull || behind.has(caller) || lacks !== null);
      if (!waits) begin(this.#count(caller, gone.aborted ? 0 : bytes, 0));
      else behind.add(caller);
      // Running work ends by itself. For what slow clients have not taken nobody else waits.
      isFull ||= waits && lacks === 'inAll' && this.passes(caller, bytes) === null;
      return waits;
    };
  }
}
