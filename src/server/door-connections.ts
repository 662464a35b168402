import type { Server } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { LogThrottle } from '../lib/log-throttle.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';

/** How long a client may take nothing of what was written to it, in milliseconds. */
export const STALLED_AFTER_MS = 15_000;
/** It is looked so often in that time whether something was taken. Looks are counted, not the time: a process that was paused could not have noticed. */
const LOOKS = 15;

/** Why a door ends a connection. `room`: there are too many. `stalled`: the client takes nothing. */
export type EndReason = 'room' | 'stalled';

export interface DoorConnectionsOptions {
  readonly listener: 'graphql' | 'callbacks' | 'admin';
  /** The most connections at a time. */
  readonly most?: number;
  readonly stalledAfterMs?: number;
  readonly logger: Logger;
  readonly metrics: Metrics;
}

interface Connection {
  /** Bytes that it has taken of those that were written. */
  taken: number;
  /** How often there was something that it had not taken, and it had taken nothing since the look before. */
  looks: number;
  readonly end: () => void;
}

/**
 * The connections of a door. One rule holds for all that is written to them, over every transport: a client that takes nothing for
 * 15 s is ended. When there are too many, the one makes room that has been there longest without having shown that it may be here.
 * So a stranger can neither use up the descriptors of the process nor keep callers and the carrier out.
 */
export class DoorConnections implements Disposable {
  readonly #options: DoorConnectionsOptions;
  readonly #most: number;
  readonly #open = new Map<Duplex, Connection>();
  /** Those that have not shown that they may be here. The one that came first stands first. */
  readonly #strangers = new Set<Duplex>();
  readonly #throttle = new LogThrottle(() => performance.now());
  readonly #looking: NodeJS.Timeout;

  constructor(options: DoorConnectionsOptions) {
    this.#options = options;
    this.#most = options.most ?? Infinity;
    this.#looking = setInterval(() => this.#look(), (options.stalledAfterMs ?? STALLED_AFTER_MS) / LOOKS);
    this.#looking.unref();
  }

  attach(server: Server): void {
    server.on('connection', (socket: Socket) => this.#take(socket));
  }

  /** The client has shown that it may be here: a caller by its key, a sender by its path. */
  know(socket: Duplex): void {
    this.#strangers.delete(socket);
  }

  /** Ends a stalled connection in another way than by cutting it. */
  endBy(socket: Duplex, end: () => void): void {
    if (this.#open.has(socket)) this.#open.set(socket, { taken: 0, looks: 0, end });
  }

  /** Counts and logs that a connection was ended. A client can cause this at will, so there is a line a minute. */
  report(reason: EndReason): void {
    const { listener, logger, metrics } = this.#options;
    metrics.connectionsEnded.inc({ listener, reason });
    const count = this.#throttle.count(reason);
    if (count !== null) logger.warn('connection_ended', { listener, reason, count });
  }

  [Symbol.dispose](): void {
    clearInterval(this.#looking);
  }

  #take(socket: Socket): void {
    const { listener, metrics } = this.#options;
    if (socket.destroyed) return;
    if (this.#open.size >= this.#most) {
      const [oldest] = this.#strangers;
      this.report('room');
      this.#forget(oldest ?? socket);
      (oldest ?? socket).destroy();
      if (!oldest) return;
    }
    this.#open.set(socket, { taken: 0, looks: 0, end: () => socket.destroy() });
    this.#strangers.add(socket);
    metrics.connections.inc({ listener });
    socket.once('close', () => this.#forget(socket));
  }

  #forget(socket: Duplex): void {
    if (!this.#open.delete(socket)) return;
    this.#strangers.delete(socket);
    this.#options.metrics.connections.dec({ listener: this.#options.listener });
  }

  #look(): void {
    for (const [socket, connection] of this.#open) {
      const untaken = socket.writableLength;
      // What is written in one piece counts as taken when all of it is.
      const taken = untaken === 0 || !('bytesWritten' in socket) ? -1 : Number(socket.bytesWritten) - untaken;
      connection.looks = untaken > 0 && taken === connection.taken ? connection.looks + 1 : 0;
      connection.taken = taken;
      if (connection.looks < LOOKS) continue;
      connection.looks = 0;
      this.report('stalled');
      connection.end();
    }
  }
}
