import { setTimeout as delay } from 'node:timers/promises';
import type { WebSocket } from 'ws';

/** How many messages the client of a socket may send. A long message counts once for every 64 KiB. */
export interface PaceLimits {
  readonly perSecond: number;
  /** The most messages at once, after a quiet time. */
  readonly atOnce: number;
}

const BYTES_OF_ONE = 65_536;

/**
 * Takes the messages of a client at a limited pace, each when it is its caller's turn. Meanwhile nothing more is read from the
 * socket. Nothing is lost, and nobody is cut off: a flood waits in the client's own buffers, except for one read of 64 KiB. Reading
 * also stops while it is on `hold`.
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

  take(work: () => void, bytes = 0): void {
    this.#waiting.push([work, 1 + Math.floor(bytes / BYTES_OF_ONE)]);
    if (!this.#working) void this.#work();
  }

  /** Counts a message that needs no work. */
  charge(): void {
    this.#left--;
    if (!this.#working) void this.#work();
  }

  /** Stops reading for another reason, or resumes it. */
  hold(held: boolean): void {
    if (held === this.#held) return;
    this.#held = held;
    this.#pauseOrResume();
  }

  /** Whether reading has stopped since the last call. Then a message that seems missing may lie unread in the connection. */
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
      // A long message may bring this below zero. Then the next message waits longer.
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
