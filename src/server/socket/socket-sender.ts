import type { WebSocket } from 'ws';
import type { SocketPace } from './socket-pace.ts';

export interface SenderOptions {
  /** A send the client has not taken for this long closes its socket with 1013: it can resume by its cursor. */
  readonly stalledAfterMs: number;
  readonly keepAliveMs: number;
  readonly onStalled: () => void;
}

const TRY_AGAIN_LATER = 1013;
/** Frames a client may leave untaken before nothing more is read from it: a flood of questions cannot pile up answers. */
const MAX_UNTAKEN = 1_000;
/** How long a socket that was closed may still take what lies before the close frame, in milliseconds. */
const LINGER_MS = 15_000;

/** What goes out on one socket, and whether there is still somebody who takes it. */
export class SocketSender {
  readonly #socket: WebSocket;
  readonly #pace: SocketPace;
  readonly #options: SenderOptions;
  #untaken = 0;
  #isAlive = true;

  constructor(socket: WebSocket, pace: SocketPace, options: SenderOptions) {
    this.#socket = socket;
    this.#pace = pace;
    this.#options = options;
    socket.on('pong', () => (this.#isAlive = true));
    const keepAlive = setInterval(() => this.#checkAlive(), options.keepAliveMs);
    socket.once('close', () => clearInterval(keepAlive));
  }

  /** Resolves when the client's side has taken the bytes: until then its follower reads nothing more, and nothing is queued. */
  send(frame: string | Buffer): Promise<void> {
    return this.#write((taken) => this.#socket.send(frame, { binary: false }, taken));
  }

  pong(data: Buffer): void {
    void this.#write((taken) => this.#socket.pong(data, false, taken));
  }

  #write(write: (taken: () => void) => void): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve();
    this.#leaveUntaken(+1);
    return new Promise((resolve) => {
      const stalled = setTimeout(() => this.#giveUp(), this.#options.stalledAfterMs);
      write(() => {
        clearTimeout(stalled);
        this.#leaveUntaken(-1);
        resolve();
      });
    });
  }

  #leaveUntaken(frames: number): void {
    this.#untaken += frames;
    if (this.#untaken > MAX_UNTAKEN) this.#pace.hold(true);
    else if (this.#untaken === 0) this.#pace.hold(false);
  }

  #checkAlive(): void {
    // A frame on its way has its own, exact limit; and while nothing was read, no pong could be.
    if (!this.#pace.wasPaused() && !this.#isAlive && this.#untaken === 0) return this.#giveUp();
    this.#isAlive = false;
    this.#socket.ping();
  }

  /** A client that does not read is not worth the memory. It comes back with its last cursor and has missed nothing. */
  #giveUp(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#options.onStalled();
    this.#socket.close(TRY_AGAIN_LATER, 'Stalled: resume with your last cursor');
    setTimeout(() => this.#socket.terminate(), LINGER_MS).unref();
  }
}
