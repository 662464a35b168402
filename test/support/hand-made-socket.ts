import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

export interface HandMadeOptions {
  /** Null for none. */
  readonly protocol?: string | null;
  readonly headers?: Readonly<Record<string, string>>;
}

const OPCODES = { text: 0x81, close: 0x88, ping: 0x89, pong: 0x8a } as const;

/** A WebSocket made of bytes. It can break the protocol, and it answers nothing by itself. */
export class HandMadeSocket implements AsyncDisposable {
  readonly socket: Socket;
  /** Everything that came after the head of the answer. */
  readonly #received: Buffer[] = [];

  private constructor(url: string) {
    this.socket = connect(Number(new URL(url).port), '127.0.0.1');
    this.socket.on('error', () => undefined);
  }

  /** Opens and upgrades a socket. Throws the status line when the server refuses. */
  static async open(url: string, { protocol = 'graphql-transport-ws', headers = {} }: HandMadeOptions = {}): Promise<HandMadeSocket> {
    const made = new HandMadeSocket(url);
    const { host, pathname } = new URL(url);
    const all = {
      host,
      connection: 'upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': randomBytes(16).toString('base64'),
      ...(protocol !== null && { 'sec-websocket-protocol': protocol }),
      ...headers,
    };
    const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    made.socket.write(`GET ${pathname} HTTP/1.1\r\n${lines.join('')}\r\n`);
    let head = '';
    while (!head.includes('\r\n\r\n')) head += ((await once(made.socket, 'data')) as [Buffer])[0].toString('latin1');
    const [status = ''] = head.split('\r\n', 1);
    if (!status.includes(' 101 ')) throw new Error(status);
    made.#received.push(Buffer.from(head.slice(head.indexOf('\r\n\r\n') + 4), 'latin1'));
    made.socket.on('data', (chunk: Buffer) => void made.#received.push(chunk));
    return made;
  }

  /** A frame as a client sends it, masked with zeros. */
  static frame(this: void, kind: keyof typeof OPCODES, payload: string | Buffer = ''): Buffer {
    const content = Buffer.from(payload);
    const length = Buffer.alloc(content.length < 126 ? 1 : content.length < 65_536 ? 3 : 9);
    length[0] = 0x80 | (length.length === 1 ? content.length : length.length === 3 ? 126 : 127);
    if (length.length === 3) length.writeUInt16BE(content.length, 1);
    if (length.length === 9) length.writeBigUInt64BE(BigInt(content.length), 1);
    return Buffer.concat([Buffer.from([OPCODES[kind]]), length, Buffer.alloc(4), content]);
  }

  /** Resolves when the connection has taken the bytes. */
  write(bytes: Buffer): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, () => resolve()));
  }

  /** Everything received, as text. A server's frames have no mask, so their text can be read. */
  received(): string {
    return this.#bytes().toString('latin1');
  }

  async until(text: string): Promise<void> {
    // Only what is new is looked at, and as much before it as may be a part of the text.
    let tail = '';
    for (let at = 0; ;) {
      for (; at < this.#received.length; at++) {
        tail = tail.slice(-text.length) + (this.#received[at]?.toString('latin1') ?? '');
        if (tail.includes(text)) return;
      }
      await once(this.socket, 'data');
    }
  }

  /** The code of the close frame, which it waits for; it must be the next thing that comes. */
  async closeCode(): Promise<number> {
    while (this.#bytes().length < 4) await once(this.socket, 'data');
    const bytes = this.#bytes();
    if (bytes[0] !== OPCODES.close) throw new Error(`no close frame: ${bytes.toString('hex', 0, 10)}`);
    return bytes.readUInt16BE(2);
  }

  #bytes(): Buffer {
    return Buffer.concat(this.#received);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.socket.closed) return;
    this.socket.destroy();
    await once(this.socket, 'close');
  }
}
