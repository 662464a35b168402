import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Socket } from 'node:net';
import { ConcurrencyLimit } from '../lib/concurrency-limit.ts';
import { LogThrottle } from '../lib/log-throttle.ts';
import type { Logger } from '../logger.ts';
import type { Metrics } from '../metrics.ts';

/** How long a client may take nothing of what was written to it, in milliseconds. */
export const STALLED_AFTER_MS = 15_000;
/** It is looked so often in that time whether something was taken. Looks are counted, not the time: a process that was paused could not have noticed. */
const LOOKS = 15;
/** So much a client must take in that time of what is written to it in one piece. How fast it must read at least follows from it. */
const LEAST_TAKEN_BYTES = 65_536;
/** The most requests of one connection that are not answered yet. Clients send one at a time, or some dozens. */
const UNANSWERED = 256;
/** One caller or path may have this part of the connections of a door, so that there is room for another. */
const PART_OF_ONE = 0.5;

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
  /** Bytes of all that it has taken whole. */
  whole: number;
  /** Bytes that it had still to take of what is being written, when it last took enough. */
  left: number;
  /** How often there was something that it had not taken, and it had not taken enough since the first of these looks. */
  looks: number;
  unanswered: number;
  /** Whose it is; null for a stranger. */
  owner: string | null;
  isEnding: boolean;
  end: () => void;
}

/**
 * The connections of a door. One rule holds for all that is written to them, over every transport: a client that takes nothing for
 * 15 s is ended, and one that takes less than 64 KiB of what was written in one piece. When there are too many, the one makes room that has been there longest without having shown that it may be here.
 * So a stranger can neither use up the descriptors of the process nor keep callers and the carrier out.
 */
export class DoorConnections implements Disposable {
  readonly #options: DoorConnectionsOptions;
  readonly #most: number;
  readonly #owners: ConcurrencyLimit;
  readonly #open = new Map<Duplex, Connection>();
  /** Those that have not shown that they may be here. The one that came first stands first. */
  readonly #strangers = new Set<Duplex>();
  readonly #throttle = new LogThrottle(() => performance.now());
  readonly #looking: NodeJS.Timeout;

  constructor(options: DoorConnectionsOptions) {
    this.#options = options;
    this.#most = options.most ?? Infinity;
    this.#owners = new ConcurrencyLimit(Math.floor(this.#most * PART_OF_ONE));
    this.#looking = setInterval(() => this.#look(), (options.stalledAfterMs ?? STALLED_AFTER_MS) / LOOKS);
    this.#looking.unref();
  }

  attach(server: Server): void {
    server.on('connection', (socket: Socket) => this.#take(socket));
  }

  /**
   * The client has shown that it may be here: a caller by its key, a sender by its path. False when this owner has as many
   * connections as one may have: then it is still one of those that make room.
   */
  know(socket: Duplex, owner: string): boolean {
    const connection = this.#open.get(socket);
    if (!connection || connection.owner === owner) return true;
    if (!this.#owners.acquire(owner)) return false;
    if (connection.owner !== null) this.#owners.release(connection.owner);
    connection.owner = owner;
    this.#strangers.delete(socket);
    return true;
  }

  /** Counts a request until it is answered. False when too many of its connection wait for their answers. */
  begin({ socket }: IncomingMessage, response: ServerResponse): boolean {
    const connection = this.#open.get(socket);
    if (!connection) return true;
    connection.unanswered++;
    response.once('close', () => connection.unanswered--);
    return connection.unanswered <= UNANSWERED;
  }

  /** Ends a stalled connection in another way than by cutting it. */
  endBy(socket: Duplex, end: () => void): void {
    const connection = this.#open.get(socket);
    if (connection) connection.end = end;
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
    this.#open.set(socket, { whole: 0, left: 0, looks: 0, unanswered: 0, owner: null, isEnding: false, end: () => socket.destroy() });
    this.#strangers.add(socket);
    metrics.connections.inc({ listener });
    socket.once('close', () => this.#forget(socket));
  }

  #forget(socket: Duplex): void {
    const connection = this.#open.get(socket);
    if (!connection) return;
    this.#open.delete(socket);
    if (connection.owner !== null) this.#owners.release(connection.owner);
    this.#strangers.delete(socket);
    this.#options.metrics.connections.dec({ listener: this.#options.listener });
  }

  #look(): void {
    for (const [socket, connection] of this.#open) {
      const untaken = socket.writableLength;
      const whole = 'bytesWritten' in socket ? Number(socket.bytesWritten) - untaken : 0;
      const left = bytesLeft(socket);
      const hasTaken = untaken === 0 || whole !== connection.whole || connection.left - left >= LEAST_TAKEN_BYTES;
      connection.looks = hasTaken ? 0 : connection.looks + 1;
      connection.whole = whole;
      connection.left = hasTaken ? left : Math.max(connection.left, left);
      if (connection.looks < LOOKS || connection.isEnding) continue;
      connection.isEnding = true;
      this.report('stalled');
      connection.end();
    }
  }
}

/** What the client has still to take of what is being written. Node itself counts a piece when all of it was taken; its handle counts bytes. */
function bytesLeft(socket: Duplex): number {
  const handle: unknown = Reflect.get(socket, '_handle');
  return typeof handle === 'object' && handle !== null && 'writeQueueSize' in handle ? Number(handle.writeQueueSize) : 0;
}
