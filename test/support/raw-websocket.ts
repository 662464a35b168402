import { once } from 'node:events';
import WebSocket, { type ClientOptions } from 'ws';
import type { GraphqlAnswer } from './stack.ts';

export interface ProtocolMessage {
  readonly type: string;
  readonly id?: string;
  readonly payload?: GraphqlAnswer<Record<string, unknown>> | GraphqlAnswer<never>['errors'];
}

/** A socket that speaks graphql-transport-ws only as far as the test says. */
export class RawWebSocket implements AsyncDisposable {
  readonly socket: WebSocket;
  /** The code it was closed with. */
  readonly closed: Promise<number>;
  /** The reason beside it. */
  closeReason = '';
  readonly #received: ProtocolMessage[] = [];
  #notify: () => void = () => undefined;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    this.closed = new Promise((resolve) => socket.once('close', resolve));
    socket.once('close', (_code, reason) => (this.closeReason = reason.toString('utf8')));
    socket.on('message', (data: Buffer) => {
      this.#received.push(JSON.parse(data.toString('utf8')) as ProtocolMessage);
      this.#notify();
    });
  }

  /** Rejects with the server's refusal: `Unexpected server response: 403`. Nothing is compressed, so that what is sent is what a connection holds. */
  static async open(url: string, options: ClientOptions & { readonly protocol?: string } = {}): Promise<RawWebSocket> {
    const raw = new RawWebSocket(new WebSocket(url, options.protocol ?? 'graphql-transport-ws', { perMessageDeflate: false, ...options }));
    await once(raw.socket, 'open');
    return raw;
  }

  /** Open, and past ConnectionAck. */
  static async ready(url: string, authorization?: string): Promise<RawWebSocket> {
    const raw = await RawWebSocket.open(url);
    raw.send({ type: 'connection_init', ...(authorization !== undefined && { payload: { authorization } }) });
    await raw.message(({ type }) => type === 'connection_ack');
    return raw;
  }

  send(message: object | string): void {
    this.socket.send(typeof message === 'string' ? message : JSON.stringify(message));
  }

  subscribe(id: string, query: string, variables: Record<string, unknown> = {}): void {
    this.send({ id, type: 'subscribe', payload: { query, variables } });
  }

  /** Takes the first message that fits, come or still to come. */
  async message(fits: (message: ProtocolMessage) => boolean): Promise<ProtocolMessage> {
    for (;;) {
      const at = this.#received.findIndex(fits);
      const [found] = at < 0 ? [] : this.#received.splice(at, 1);
      if (found) return found;
      await new Promise<void>((resolve) => (this.#notify = resolve));
    }
  }

  /** All of one operation until it ends, its end included. */
  async ending(id: string): Promise<ProtocolMessage[]> {
    const messages: ProtocolMessage[] = [];
    do messages.push(await this.message((message) => message.id === id));
    while (messages.at(-1)?.type === 'next');
    return messages;
  }

  /** What has come and was not taken. */
  rest(): ProtocolMessage[] {
    return this.#received.splice(0);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    // A paused socket would not notice its own end.
    this.socket.resume();
    this.socket.terminate();
    await this.closed;
  }
}
