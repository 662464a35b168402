import type { IncomingMessage } from 'node:http';
import type { PerMessageDeflateOptions, WebSocket } from 'ws';
import type { Frame } from './shared-frames.ts';
import type { SocketSender } from './socket-sender.ts';

/**
 * Long frames are compressed, each by itself, so that a socket keeps nothing of one for the next. With a window of 4 KB a socket
 * takes 32 KB for it. Two frames at a time are compressed or read, in other threads.
 */
export const DEFLATE: PerMessageDeflateOptions = {
  serverNoContextTakeover: true,
  clientNoContextTakeover: true,
  serverMaxWindowBits: 12,
  threshold: 1_024,
  concurrencyLimit: 2,
  zlibDeflateOptions: { level: 1, memLevel: 5 },
};

/** The most sockets that compress. Further ones get everything plain. */
const MOST_SOCKETS = 1_000;
/** The most compressed frames that are not yet taken, over all sockets. Further frames go out plain. */
const MOST_FRAMES = 64;

/** Bounds what compression takes: memory by the number of sockets, time by the number of frames (permessage-deflate, RFC 7692). */
export class SocketCompression {
  #sockets = 0;
  #frames = 0;

  /** Call it before the handshake. When there are enough sockets that compress, the client is told that this one does not. */
  offer(request: IncomingMessage): void {
    if (this.#sockets >= MOST_SOCKETS) delete request.headers['sec-websocket-extensions'];
  }

  count(socket: WebSocket): void {
    if (socket.extensions === '') return;
    this.#sockets++;
    socket.once('close', () => this.#sockets--);
  }

  async send(sender: SocketSender, { data, compress }: Frame): Promise<void> {
    if (!compress || this.#frames >= MOST_FRAMES) return sender.send({ data, compress: false });
    this.#frames++;
    await sender.send({ data, compress });
    this.#frames--;
  }
}
