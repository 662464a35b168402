import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { FOLLOW } from './follow.ts';
import { HandMadeSocket } from './hand-made-socket.ts';
import type { SeededRandom } from './seeded-random.ts';

const HELLO = { query: '{ __typename }' };
/** Some 30 kB, from a few fields with long texts: the door shall be busy with clients, and not with this. */
const LONG = { query: '{ __schema { types { description inputFields { description } } } }' };
const UPGRADE = [
  'GET /graphql HTTP/1.1',
  'host: 127.0.0.1',
  'connection: upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==',
  'sec-websocket-protocol: graphql-transport-ws',
  '\r\n',
].join('\r\n');
/** The longest time from the last byte that is sent, or from the first that is answered, to the end of the connection. */
const WITHIN_MS = 8;

/**
 * Clients of the GraphQL door that leave at any moment: with a part of a request, before or after its answer, and while they are read
 * or not. They come over kept-alive connections, with requests behind each other, over WebSockets and with event streams.
 */
export class RandomAborts {
  readonly #port: number;
  readonly #requestId: string;
  readonly #random: SeededRandom;

  constructor(url: string, requestId: string, random: SeededRandom) {
    this.#port = Number(new URL(url).port);
    this.#requestId = requestId;
    this.#random = random;
  }

  /** Lets so many clients come and leave, a few at a time. */
  async run(count: number, atOnce = 8): Promise<void> {
    let left = count;
    const one = async (): Promise<void> => {
      while (left-- > 0) await this.#abortOne();
    };
    await Promise.all(Array.from({ length: atOnce }, one));
  }

  async #abortOne(): Promise<void> {
    const random = this.#random;
    const bytes = random.pick([() => this.#kept(), () => this.#pipelined(), () => this.#socket()])();
    const socket = connect(this.#port, '127.0.0.1').on('error', () => undefined);
    const closed = once(socket, 'close').catch(() => undefined);
    const isCut = random.between(0, 5) === 0;
    socket.write(isCut ? bytes.subarray(0, random.between(0, bytes.length)) : bytes);
    if (!isCut && random.between(0, 1) === 0) await Promise.race([once(socket, 'data'), closed]);
    // Some read nothing, or nothing more.
    if (random.between(0, 3) > 0) socket.resume();
    else socket.pause();
    await delay(random.between(0, WITHIN_MS));
    this.#leave(socket);
    await closed;
  }

  #leave(socket: Socket): void {
    const way = this.#random.pick(['reset', 'reset', 'close', 'half']);
    if (way === 'reset') socket.resetAndDestroy();
    else if (way === 'close') socket.destroy();
    else socket.resume().end();
  }

  /** A request or two on one connection. The second comes when the first may have been answered. */
  #kept(): Buffer {
    const first = this.#random.pick([HELLO, LONG, null]);
    return Buffer.from((first ? post(first) : '') + this.#follow());
  }

  #pipelined(): Buffer {
    const parts = Array.from({ length: this.#random.between(2, 5) }, () =>
      this.#random.pick([() => post(HELLO), () => post(HELLO), () => post(LONG), () => this.#follow(), () => this.#follow()])(),
    );
    return Buffer.from(parts.join(''));
  }

  #socket(): Buffer {
    const messages = Array.from({ length: this.#random.between(1, 4) }, (_, at) => {
      const payload = this.#random.pick([HELLO, LONG, { query: FOLLOW, variables: { id: this.#requestId } }]);
      const subscribe = text({ id: String(at), type: 'subscribe', payload });
      return this.#random.between(0, 3) === 0 ? Buffer.concat([subscribe, text({ id: String(at), type: 'complete' })]) : subscribe;
    });
    return Buffer.concat([Buffer.from(UPGRADE), text({ type: 'connection_init' }), ...messages]);
  }

  #follow(): string {
    return post({ query: FOLLOW, variables: { id: this.#requestId } }, 'accept: text/event-stream\r\n');
  }
}

function text(message: object): Buffer {
  return HandMadeSocket.frame('text', JSON.stringify(message));
}

function post(params: object, more = ''): string {
  const body = JSON.stringify(params);
  return `POST /graphql HTTP/1.1\r\nhost: 127.0.0.1\r\ncontent-type: application/json\r\n${more}content-length: ${body.length}\r\n\r\n${body}`;
}
