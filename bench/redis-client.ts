import { connect, type Socket } from 'node:net';

type Waiting = PromiseWithResolvers<string>;

/**
 * The least of RESP that a peer needs: commands are pipelined over one connection, replies come in their order. A reply is a simple
 * string, a bulk string or an error; arrays are not read.
 */
export class RedisClient {
  readonly #socket: Socket;
  readonly #waiting: Waiting[] = [];
  #answered = 0;
  #bytes: Buffer = Buffer.alloc(0);
  #commands: Buffer[] = [];

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk) => this.#read(chunk));
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('redis-server closed the connection')));
  }

  static connect(path: string): Promise<RedisClient> {
    return new Promise((resolve, reject) => {
      const socket = connect(path, () => {
        socket.off('error', reject);
        resolve(new RedisClient(socket));
      });
      socket.once('error', reject);
    });
  }

  /** Commands of one turn of the event loop leave in one write. */
  send(...words: readonly (string | Buffer)[]): Promise<string> {
    const waiting = Promise.withResolvers<string>();
    this.#waiting.push(waiting);
    if (this.#commands.length === 0) setImmediate(() => this.#flush());
    this.#commands.push(Buffer.from(`*${words.length}\r\n`));
    for (const word of words) this.#commands.push(Buffer.from(`$${Buffer.byteLength(word)}\r\n`), Buffer.from(word), CRLF);
    return waiting.promise;
  }

  #flush(): void {
    this.#socket.write(Buffer.concat(this.#commands));
    this.#commands = [];
  }

  #read(chunk: Buffer): void {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    let from = 0;
    for (let end = this.#bytes.indexOf(CRLF, from); end >= 0; end = this.#bytes.indexOf(CRLF, from)) {
      const kind = this.#bytes[from];
      const line = this.#bytes.toString('latin1', from + 1, end);
      let next = end + 2;
      let text = line;
      if (kind === BULK) {
        next += Number(line) + 2;
        if (this.#bytes.length < next) break;
        text = this.#bytes.toString('utf8', end + 2, next - 2);
      }
      from = next;
      const waiting = this.#take();
      if (kind === ERROR) waiting?.reject(new Error(`redis-server: ${line}`));
      else waiting?.resolve(text);
    }
    this.#bytes = this.#bytes.subarray(from);
  }

  #take(): Waiting | undefined {
    const waiting = this.#waiting[this.#answered++];
    if (this.#answered === this.#waiting.length) {
      this.#waiting.length = 0;
      this.#answered = 0;
    }
    return waiting;
  }

  #fail(error: Error): void {
    for (const { reject } of this.#waiting.slice(this.#answered)) reject(error);
    this.#waiting.length = 0;
    this.#answered = 0;
  }
}

const CRLF = Buffer.from('\r\n');
const BULK = 0x24;
const ERROR = 0x2d;
