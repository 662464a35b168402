import { connect, type Socket } from 'node:net';

/** What becomes of one connection. Bytes are those on their way from the server to the client. */
export interface ConnectionFault {
  /** After that many bytes: `close` ends it on both sides, `reset` sends an RST, `freeze` lets nothing through any more. */
  readonly afterBytes?: number;
  readonly how?: 'close' | 'reset' | 'freeze';
  /** Everything the server sends comes this much later. */
  readonly latencyMs?: number;
}

/** What a connection asks its proxy, and tells it. */
export interface ConnectionHooks {
  readonly latencyMs: () => number;
  /** A piece that the client has sent, before it is passed on. Returns whether its answer is to be lost. */
  readonly onAsked: (piece: Buffer) => boolean;
  /** A piece of an answer has come. The connection may be reset then. */
  readonly onAnswered: () => void;
  /** How many bytes of an answer may pass before the connection is closed. */
  readonly mayPass: (bytes: number) => number;
  /** Its own fault has struck. */
  readonly onStruck: () => void;
}

/** One connection through a proxy. */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #upstream: Socket;
  readonly #fault: ConnectionFault;
  readonly #hooks: ConnectionHooks;
  /** What the server has sent and is not delivered, in order. The last is null when the server has ended. */
  readonly #late: (Buffer | null)[] = [];
  /** How many of these have waited long enough. */
  #due = 0;
  #left: number;
  #losesAnswer = false;
  #isDead = false;
  #isHeld = false;

  constructor(client: Socket, target: URL, fault: ConnectionFault, hooks: ConnectionHooks) {
    this.#client = client;
    this.#upstream = connect(Number(target.port), target.hostname);
    this.#fault = fault;
    this.#left = fault.afterBytes ?? Number.POSITIVE_INFINITY;
    this.#hooks = hooks;
    for (const socket of this.#sockets) socket.on('error', () => undefined);
    client.on('data', (piece: Buffer) => this.#ask(piece));
    this.#upstream.on('data', (piece: Buffer) => this.#queue(piece));
    // A dead connection looks alive from both ends, whatever the other end does.
    this.#upstream.once('close', () => void (this.#isDead || this.#queue(null)));
    client.once('close', () => void (this.#isDead || this.#isHeld || this.#upstream.destroy()));
  }

  /** Pieces of answers that have come and are not delivered. */
  get waiting(): number {
    return this.#late.length;
  }

  /** Calls back when neither end is open any more. */
  onceClosed(done: () => void): void {
    let open = this.#sockets.length;
    for (const socket of this.#sockets) socket.once('close', () => void (--open > 0 || done()));
  }

  /** Passes nothing on in either direction, and tells neither end of the end of the other. */
  hold(): void {
    this.#isHeld = true;
    for (const socket of this.#sockets) socket.pause();
  }

  /** What came meanwhile goes on, as after a break of the network that was short enough. */
  release(): void {
    this.#isHeld = false;
    for (const socket of this.#sockets) socket.resume();
    if (this.#client.destroyed) this.#upstream.destroy();
    this.#flush();
  }

  /** Sends an RST to both ends, now. */
  reset(): void {
    for (const socket of this.#sockets) if (!socket.destroyed) socket.resetAndDestroy();
  }

  destroy(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  get #sockets(): readonly Socket[] {
    return [this.#client, this.#upstream];
  }

  #ask(piece: Buffer): void {
    if (this.#isDead) return;
    if (this.#hooks.onAsked(piece)) this.#losesAnswer = true;
    // The proxy may have been told to cut it just now.
    if (!this.#upstream.destroyed) this.#upstream.write(piece);
  }

  #queue(piece: Buffer | null): void {
    if (piece && this.#losesAnswer) {
      this.reset();
      return;
    }
    if (piece) this.#hooks.onAnswered();
    const latencyMs = this.#fault.latencyMs ?? this.#hooks.latencyMs();
    this.#late.push(piece);
    const arrive = () => {
      this.#due++;
      this.#flush();
    };
    if (latencyMs > 0) setTimeout(arrive, latencyMs);
    else arrive();
  }

  #flush(): void {
    for (; this.#due > 0 && !this.#isHeld; this.#due--) {
      const piece = this.#late.shift();
      if (piece) this.#deliver(piece);
      else if (!this.#isDead) this.#client.destroySoon();
    }
  }

  #deliver(piece: Buffer): void {
    if (this.#isDead || this.#client.destroyed || this.#left <= 0) return;
    const allowed = this.#hooks.mayPass(piece.length);
    const part = piece.subarray(0, Math.min(this.#left, allowed));
    this.#left -= part.length;
    if (!this.#client.write(part)) {
      this.#upstream.pause();
      this.#client.once('drain', () => void (this.#isHeld || this.#upstream.resume()));
    }
    if (this.#left <= 0) this.#strike();
    else if (allowed < piece.length) this.#end('close');
  }

  #strike(): void {
    this.#hooks.onStruck();
    this.#end(this.#fault.how ?? 'close');
  }

  #end(how: 'close' | 'reset' | 'freeze'): void {
    if (how === 'freeze') {
      this.#isDead = true;
      return;
    }
    if (how === 'reset') this.#client.resetAndDestroy();
    else this.#client.destroySoon();
    this.#upstream.destroy();
  }
}
