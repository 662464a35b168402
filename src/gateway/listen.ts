import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer, type AddressInfo, type Server as NetServer } from 'node:net';
import { GatewayError } from '../errors.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The variable to name when the port is taken. */
  readonly variable: string;
  /** How long requests at work may take to finish once it is undone, in milliseconds. */
  readonly patienceMs: number;
  /**
   * How many sockets listen on the port. libuv takes one connection of each in a turn of the event loop, and under load a turn
   * takes tens of milliseconds: with one socket, 64 senders that open a connection for each callback came to 340 a second,
   * with 16 to 4,300; and 2,500 connections at once waited for 5 seconds with 16, for 1.5 with 64.
   */
  readonly sockets: number;
}

/**
 * Connections the system may hold until they are taken. Beyond it drops them without a word, and a sender tries again after
 * 1, 3, 7 seconds (Linux caps it at net.core.somaxconn, 4,096).
 */
const BACKLOG = 4_096;
/** Where the system shares connections out between sockets of one port; elsewhere one has to do. */
const SHARES_PORTS = ['linux', 'freebsd'].includes(process.platform);

/** Starts a server; undoing stops it: no new connections, those at work finish, idle ones close. */
export async function listen(undo: AsyncDisposableStack, server: Server, options: ListenOptions): Promise<string> {
  const { host, port, variable, patienceMs, sockets } = options;
  const isShared = sockets > 1 && SHARES_PORTS;
  const listening: NetServer[] = [];
  undo.defer(async () => {
    const patience = setTimeout(() => server.closeAllConnections(), patienceMs);
    // A kept-alive connection that is at work now is idle later, and nothing else would end it then.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    await Promise.all(listening.map((each) => new Promise((resolve) => each.close(resolve))));
    clearInterval(idle);
    clearTimeout(patience);
  });
  try {
    // A port that is shared would be shared with a second gateway too: it must be free of everybody else's first.
    const free = isShared && port !== 0 ? createServer() : null;
    if (free) {
      await open(free, { host, port });
      await new Promise((resolve) => free.close(resolve));
    }
    listening.push(await open(server, { host, port, reusePort: isShared }));
    const { port: bound } = server.address() as AddressInfo;
    // What the others take is the one server's to serve, with the options of its own sockets.
    const take = () => createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket));
    while (isShared && listening.length < sockets) listening.push(await open(take(), { host, port: bound, reusePort: true }));
    return `http://${host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host}:${bound}`;
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const toDo = code === 'EMFILE' || code === 'ENFILE' ? 'Raise the limit of open files (ulimit -n).' : `Set ${variable} to a free port.`;
    throw new GatewayError('CONFIG_INVALID', `Cannot listen on ${host}:${port} (${message}). ${toDo}`, { cause });
  }
}

/** Rejects with the system's error. */
async function open<Listener extends NetServer>(
  server: Listener,
  at: { readonly host: string; readonly port: number; readonly reusePort?: boolean },
): Promise<Listener> {
  server.listen({ ...at, backlog: BACKLOG });
  await once(server, 'listening');
  return server;
}
