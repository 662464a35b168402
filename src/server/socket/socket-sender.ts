import type { WebSocket } from 'ws';
import type { Frame } from './shared-frames.ts';
import type { SocketPace } from './socket-pace.ts';

export interface SenderOptions {
  readonly keepAliveMs: number;
  readonly onStalled: () => void;
  /** Counts bytes of the client's caller until they are taken. */
  readonly hold: (bytes: number) => Disposable;
}

const TRY_AGAIN_LATER = 1013;
/** If more frames than this are not taken, nothing more is read from the client. So a flood of questions cannot pile up answers. */
const MAX_UNTAKEN = 1_000;
/** How long a closed socket may take for the frames before the close frame, in milliseconds. */
const LINGER_MS = 15_000;

/** Sends the frames of one socket, and notices when its client no longer answers. */
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

  /** Resolves when the bytes have gone out. Until then its follower reads nothing more, and nothing is queued. */
  send({ data, compress }: Frame): Promise<void> {
    return this.#write(data.length, (taken) => this.#socket.send(data, { binary: false, compress }, taken));
  }

  pong(data: Buffer): void {
    void this.#write(data.length, (taken) => this.#socket.pong(data, false, taken));
  }

  #write(bytes: number, write: (taken: () => void) => void): Promise<void> {
    if (this.#socket.readyState !== this.#socket.OPEN) return Promise.resolve();
    this.#leaveUntaken(+1);
    return new Promise((resolve) => {
      const held = this.#options.hold(bytes);
      write(() => {
        held[Symbol.dispose]();
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
    // The door looks after frames that are not taken. While reading was paused, no pong could arrive.
    if (!this.#pace.wasPaused() && !this.#isAlive && this.#untaken === 0) {
      this.#options.onStalled();
      return this.giveUp();
    }
    this.#isAlive = false;
    this.#socket.ping();
  }

  /** Closes the socket of a client that does not read. The client comes back with its last cursor and has missed nothing. */
  giveUp(): void {
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.close(TRY_AGAIN_LATER, 'Stalled: resume with your last cursor');
    setTimeout(() => this.#socket.terminate(), LINGER_MS).unref();
  }
}
