import type { WebSocket } from 'ws';

/** What a socket's client may send. A long message counts as one for every 64 KiB of it. */
export interface PaceLimits {
  readonly perSecond: number;
  /** At once, after a quiet time. */
  readonly atOnce: number;
}

const BYTES_OF_ONE = 65_536;
/** In one turn of the event loop: somebody else's socket, or a callback, comes in between. */
const PER_TURN = 20;

/**
 * What a client sends is taken at a pace: beyond it nothing more is read from its socket until it is its turn again. Nothing
 * is lost and nobody is cut off; a flood waits in the client's own buffers, but for what one read had brought (64 KiB).
 * Reading also stops while `hold` says so.
 */
export class SocketPace {
  readonly #socket: WebSocket;
  readonly #limits: PaceLimits;
  readonly #waiting: (readonly [work: () => void, cost: number])[] = [];
  #left: number;
  #at = performance.now();
  #turn = PER_TURN;
  #next: NodeJS.Timeout | NodeJS.Immediate | null = null;
  #held = false;
  #wasPaused = false;

  constructor(socket: WebSocket, limits: PaceLimits) {
    this.#socket = socket;
    this.#limits = limits;
    this.#left = limits.atOnce;
    socket.once('close', () => {
      this.#waiting.length = 0;
    });
  }

  /** Does `work` at its turn, after what came before it. */
  take(work: () => void, bytes = 0): void {
    this.#waiting.push([work, 1 + Math.floor(bytes / BYTES_OF_ONE)]);
    if (this.#next === null) this.#work();
  }

  /** Counts one for which there is nothing to do. */
  charge(): void {
    this.#left--;
    if (this.#next === null) this.#work();
  }

  /** Whether to read nothing for another reason. */
  hold(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    this.#read();
  }

  /** Whether reading has stopped since this was last asked: what seems missing then may lie unread in the connection. */
  wasPaused(): boolean {
    const was = this.#wasPaused;
    this.#wasPaused = this.#socket.isPaused;
    return was;
  }

  #work(): void {
    const now = performance.now();
    this.#left = Math.min(this.#limits.atOnce, this.#left + ((now - this.#at) * this.#limits.perSecond) / 1000);
    this.#at = now;
    while (this.#left >= 1 && this.#turn > 0) {
      const [work, cost] = this.#waiting.shift() ?? [];
      if (!work) break;
      this.#turn--;
      // Below zero: what follows a long message waits for it.
      this.#left -= cost ?? 1;
      work();
    }
    this.#next = this.#waiting.length > 0 || this.#left < 1 ? this.#later() : null;
    this.#read();
  }

  #later(): NodeJS.Timeout | NodeJS.Immediate {
    const work = (): void => {
      this.#turn = PER_TURN;
      this.#work();
    };
    // No unref() for the first: the loop would sleep before it comes to it.
    return this.#left >= 1 ? setImmediate(work) : setTimeout(work, (1000 * (1 - this.#left)) / this.#limits.perSecond).unref();
  }

  #read(): void {
    if (this.#held || this.#next !== null) {
      this.#wasPaused = true;
      this.#socket.pause();
    } else if (this.#socket.isPaused) this.#socket.resume();
  }
}
