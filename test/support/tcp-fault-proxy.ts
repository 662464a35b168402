import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { freePort } from './free-port.ts';
import { ProxiedConnection, type ConnectionFault, type ConnectionHooks } from './proxied-connection.ts';

export type { ConnectionFault } from './proxied-connection.ts';

/** A TCP proxy on loopback. What it is told holds until `heal`. */
export interface TcpFaultProxy extends AsyncDisposable {
  /** `url` with this proxy's port instead of its own. */
  through(url: string): string;
  /** Connections taken so far. */
  readonly connections: number;
  /** Connections whose fault has struck. */
  readonly struck: number;
  /** Answers that have come and are not delivered yet. */
  readonly waiting: number;
  /** Everything the server sends comes so much later, also on open connections that have no latency of their own. */
  delay(latencyMs: number): void;
  /** Resets all open connections. New ones are taken. */
  cut(): void;
  /** New connections are refused. Open ones go on. */
  refuse(): Promise<void>;
  /** Nothing goes through any more, and no end is told of the other's. New connections are taken, and not passed on. */
  freeze(): void;
  /** Lets so many more bytes of answers through, over all connections, and closes the one that has more. Once; resolves then. */
  cutAfter(bytes: number): Promise<void>;
  /**
   * Waits for a piece from a client that contains `text`, passes it on, and resets the connection when the server answers: what was
   * asked is done, and nobody is told. Once; resolves when the text has passed. One write of the client must have the whole text.
   */
  loseAnswerTo(text: string): Promise<void>;
  /** New connections go to another server. Open ones stay where they are. */
  retarget(url: string): void;
  /** Everything goes through again. What was frozen is delivered, late. */
  heal(): Promise<void>;
}

export interface TcpFaultProxyOptions {
  /** Told of each piece that a client has sent, before it is passed on. After `cut` it is not passed on. */
  readonly onAsked?: (piece: Buffer) => void;
  /** Told of each piece of an answer, before it is passed on. After `cut` it is not passed on. */
  readonly onAnswered?: () => void;
}

/** A TCP proxy on loopback in front of `targetUrl`; `faultOf` says what becomes of the 1st, 2nd, … connection. */
export async function startTcpFaultProxy(
  targetUrl: string,
  faultOf: (connection: number) => ConnectionFault = () => ({}),
  options: TcpFaultProxyOptions = {},
): Promise<TcpFaultProxy> {
  const proxy = new FaultProxy(new URL(targetUrl), faultOf, options);
  await proxy.listen();
  return proxy;
}

class FaultProxy implements TcpFaultProxy {
  #target: URL;
  readonly #faultOf: (connection: number) => ConnectionFault;
  readonly #open = new Set<ProxiedConnection>();
  readonly #hooks: ConnectionHooks;
  /** Clients that were taken while everything was frozen. */
  #held: Socket[] = [];
  #server: Server | null = null;
  #port = 0;
  #latencyMs = 0;
  #isFrozen = false;
  #lastBytes: { left: number; readonly struck: () => void } | null = null;
  #lostText: { readonly text: string; readonly seen: () => void } | null = null;
  connections = 0;
  struck = 0;

  constructor(target: URL, faultOf: (connection: number) => ConnectionFault, { onAsked, onAnswered }: TcpFaultProxyOptions) {
    this.#target = target;
    this.#faultOf = faultOf;
    this.#hooks = {
      latencyMs: () => this.#latencyMs,
      onAsked: (piece) => {
        onAsked?.(piece);
        return this.#isLost(piece);
      },
      onAnswered: () => onAnswered?.(),
      mayPass: (bytes) => this.#passing(bytes),
      onStruck: () => void this.struck++,
    };
  }

  async listen(): Promise<void> {
    if (this.#server) return;
    this.#port ||= await freePort();
    const server = createServer((client) => (this.#isFrozen ? this.#hold(client) : this.#connect(client)));
    this.#server = server;
    server.listen(this.#port, '127.0.0.1');
    await once(server, 'listening');
  }

  through(url: string): string {
    const own = new URL(url);
    own.hostname = '127.0.0.1';
    own.port = String(this.#port);
    return own.href;
  }

  get waiting(): number {
    return [...this.#open].reduce((sum, { waiting }) => sum + waiting, 0);
  }

  delay(latencyMs: number): void {
    this.#latencyMs = latencyMs;
  }

  cut(): void {
    for (const connection of this.#open) connection.reset();
    for (const client of this.#held.splice(0)) client.resetAndDestroy();
  }

  refuse(): Promise<void> {
    const server = this.#server;
    this.#server = null;
    // Its callback would wait for the open connections. The port is let go in the next turn.
    server?.close();
    return new Promise(setImmediate);
  }

  freeze(): void {
    this.#isFrozen = true;
    for (const connection of this.#open) connection.hold();
  }

  cutAfter(bytes: number): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lastBytes = { left: bytes, struck: resolve };
    return promise;
  }

  loseAnswerTo(text: string): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#lostText = { text, seen: resolve };
    return promise;
  }

  retarget(url: string): void {
    this.#target = new URL(url);
  }

  async heal(): Promise<void> {
    this.#latencyMs = 0;
    this.#lastBytes = null;
    this.#lostText = null;
    this.#isFrozen = false;
    for (const connection of this.#open) connection.release();
    for (const client of this.#held.splice(0)) {
      this.#connect(client);
      client.resume();
    }
    await this.listen();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.refuse();
    for (const connection of this.#open) connection.destroy();
    for (const client of this.#held) client.destroy();
  }

  #hold(client: Socket): void {
    client.on('error', () => undefined);
    client.pause();
    this.#held.push(client);
  }

  #connect(client: Socket): void {
    const connection = new ProxiedConnection(client, this.#target, this.#faultOf(++this.connections), this.#hooks);
    this.#open.add(connection);
    connection.onceClosed(() => this.#open.delete(connection));
  }

  #isLost(piece: Buffer): boolean {
    const lost = this.#lostText;
    if (!lost || !piece.includes(lost.text)) return false;
    this.#lostText = null;
    lost.seen();
    return true;
  }

  #passing(bytes: number): number {
    const last = this.#lastBytes;
    if (!last) return bytes;
    if (bytes <= last.left) {
      last.left -= bytes;
      return bytes;
    }
    this.#lastBytes = null;
    last.struck();
    return last.left;
  }
}
