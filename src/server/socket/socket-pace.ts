import { setTimeout as delay } from 'node:timers/promises';
import type { WebSocket } from 'ws';

/** What a socket's client may send. A long message counts as one for every 64 KiB of it. */
export interface PaceLimits {
  readonly perSecond: number;
  /** At once, after a quiet time. */
  readonly atOnce: number;
}

const BYTES_OF_ONE = 65_536;

/**
 * What a client sends is taken at a pace, and when it is its caller's turn; until then nothing more is read from its socket.
 * Nothing is lost and nobody is cut off; a flood waits in the client's own buffers, but for what one read had brought
 * (64 KiB). Reading also stops while `hold` says so.
 */
export class SocketPace {
  readonly #socket: WebSocket;
  readonly #limits: PaceLimits;
  readonly #turn: () => Promise<void>;
  readonly #waiting: (readonly [work: () => void, cost: number])[] = [];
  #left: number;
  #at = performance.now();
  #working = false;
  #held = false;
  #wasPaused = false;

  constructor(socket: WebSocket, limits: PaceLimits, turn: () => Promise<void>) {
    this.#socket = socket;
    this.#limits = limits;
    this.#turn = turn;
    this.#left = limits.atOnce;
    socket.once('close', () => {
      this.#waiting.length = 0;
    });
  }

  /** Does `work` at its turn, after what came before it. */
  take(work: () => void, bytes = 0): void {
    this.#waiting.push([work, 1 + Math.floor(bytes / BYTES_OF_ONE)]);
    if (!this.#working) void this.#work();
  }

  /** Counts one for which there is nothing to do. */
  charge(): void {
    this.#left--;
    if (!this.#working) void this.#work();
  }

  /** Whether to read nothing for another reason. */
  hold(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    this.#pauseOrResume();
  }

  /** Whether reading has stopped since this was last asked: what seems missing then may lie unread in the connection. */
  wasPaused(): boolean {
    const was = this.#wasPaused;
    this.#wasPaused = this.#socket.isPaused;
    return was;
  }

  async #work(): Promise<void> {
    this.#working = true;
    for (;;) {
      this.#refill();
      const next = this.#waiting[0];
      if (this.#left >= 1 && !next) break;
      this.#pauseOrResume();
      if (this.#left < 1) {
        await delay((1000 * (1 - this.#left)) / this.#limits.perSecond, undefined, { ref: false });
        continue;
      }
      await this.#turn();
      const [work, cost] = this.#waiting.shift() ?? [];
      // Below zero: what follows a long message waits for it.
      this.#left -= cost ?? 0;
      work?.();
    }
    this.#working = false;
    this.#pauseOrResume();
  }

  #refill(): void {
    const now = performance.now();
    this.#left = Math.min(this.#limits.atOnce, this.#left + ((now - this.#at) * this.#limits.perSecond) / 1000);
    this.#at = now;
  }

  #pauseOrResume(): void {
    if (this.#held || this.#working) {
      this.#wasPaused = true;
      this.#socket.pause();
    } else if (this.#socket.isPaused) this.#socket.resume();
  }
}
