import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer, Server as NetServer, type AddressInfo } from 'node:net';
import { GatewayError } from '../errors.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The variable to name when the port is taken. */
  readonly variable: string;
  /** Sockets that a supervisor holds open, instead of host and port: what waits in them is there for the next process too. */
  readonly inherited?: InheritedSockets | null;
  /** How long requests at work may take to finish once it is undone, in milliseconds. */
  readonly patienceMs: number;
  /**
   * Whether kept-alive connections stay for 20 ms once it is undone, so that what is on its way over them is answered: closed at
   * once, every one of 8 busy senders met the end of its connection with a callback. Not for doors whose callers ask again.
   */
  readonly lingers?: boolean;
  /**
   * How many sockets listen on the port. libuv takes one connection of each in a turn of the event loop, and under load a turn
   * takes tens of milliseconds: with one socket, 64 senders that open a connection for each callback came to 340 a second,
   * with 16 to 4,300; and 2,500 connections at once waited for 5 seconds with 16, for 1.5 with 64. The same holds for several
   * inherited descriptors, be they of one socket or of sockets that share a port. We cannot share the port of an inherited one
   * with sockets of our own: what waits in those would be reset when we end.
   */
  readonly sockets: number;
}

export interface InheritedSockets {
  /** File descriptors of this process, all listening on one address. */
  readonly descriptors: readonly number[];
  /** The variable to name when one of them is no such socket. */
  readonly variable: string;
}

/**
 * Connections the system may hold until they are taken. Beyond it drops them without a word, and a sender tries again after
 * 1, 3, 7 seconds (Linux caps it at net.core.somaxconn, 4,096).
 */
const BACKLOG = 4_096;
/** Where the system shares connections out between sockets of one port; elsewhere one has to do. */
const SHARES_PORTS = ['linux', 'freebsd'].includes(process.platform);

const SWEEP_EVERY_MS = 20;

/** Starts a server; undoing stops it: no new connections, those at work finish, idle ones close. */
export async function listen(undo: AsyncDisposableStack, server: Server, options: ListenOptions): Promise<string> {
  const { host, port, variable, inherited, patienceMs, lingers = false, sockets } = options;
  const isShared = sockets > 1 && SHARES_PORTS;
  const listening: NetServer[] = [];
  undo.defer(async () => {
    const patience = setTimeout(() => server.closeAllConnections(), patienceMs);
    // Whoever still asks over a kept-alive connection asks the next time over another.
    server.prependListener('request', (_request, response) => void response.setHeader('connection', 'close'));
    if (!lingers) server.closeIdleConnections();
    // One that is at work now is idle later, and nothing else would end it then. Right after a poll, which has read what has come.
    const idle = setInterval(() => setImmediate(() => server.closeIdleConnections()), SWEEP_EVERY_MS);
    // Not the HTTP server's own `close` at first: that one closes what is idle at once.
    await Promise.all(listening.map((each) => new Promise((resolve) => NetServer.prototype.close.call(each, resolve))));
    clearInterval(idle);
    clearTimeout(patience);
    server.close();
  });
  // What the others take is the one server's to serve, with the options of its own sockets.
  const createFurther = () => createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket));
  if (inherited) {
    for (const fd of inherited.descriptors)
      listening.push(await adopt(listening.length === 0 ? server : createFurther(), fd, inherited, server));
    return urlOf(server.address() as AddressInfo);
  }
  try {
    // A port that is shared would be shared with a second gateway too: it must be free of everybody else's first.
    const free = isShared && port !== 0 ? createServer() : null;
    if (free) {
      await open(free, { host, port });
      await new Promise((resolve) => free.close(resolve));
    }
    listening.push(await open(server, { host, port, reusePort: isShared }));
    const { port: bound } = server.address() as AddressInfo;
    while (isShared && listening.length < sockets) listening.push(await open(createFurther(), { host, port: bound, reusePort: true }));
    return urlOf({ address: host, port: bound });
  } catch (cause) {
    const { code, message } = cause as NodeJS.ErrnoException;
    const toDo = code === 'EMFILE' || code === 'ENFILE' ? 'Raise the limit of open files (ulimit -n).' : `Set ${variable} to a free port.`;
    throw new GatewayError('CONFIG_INVALID', `Cannot listen on ${host}:${port} (${message}). ${toDo}`, { cause });
  }
}

function urlOf({ address, port }: Pick<AddressInfo, 'address' | 'port'>): string {
  return `http://${address.includes(':') ? `[${address}]` : address === '0.0.0.0' ? '127.0.0.1' : address}:${port}`;
}

/** Closing it closes our descriptor alone: the supervisor's goes on listening. */
async function adopt(each: NetServer, fd: number, { variable }: InheritedSockets, first: NetServer): Promise<NetServer> {
  const refusalError = (why: string, cause?: unknown) =>
    new GatewayError(
      'CONFIG_INVALID',
      `${variable} names descriptor ${fd}, ${why}. The supervisor must pass sockets that listen there (systemd: a .socket unit, docs/proxy.md); without one leave ${variable} out.`,
      { cause },
    );
  await open(each, { fd }).catch((cause: Error) => {
    throw refusalError(`which is no socket to listen on (${cause.message})`, cause);
  });
  // Null for a pipe, a name for a socket of the file system.
  const [own, firsts] = [each.address(), first.address()].map((at) => (typeof at === 'string' || at === null ? null : urlOf(at)));
  if (own === null) throw refusalError('which is no TCP socket');
  if (own !== firsts) throw refusalError(`which listens on ${own}, and the first on ${firsts}`);
  return each;
}

/** Rejects with the system's error. */
async function open<Listener extends NetServer>(
  server: Listener,
  at: { readonly host: string; readonly port: number; readonly reusePort?: boolean } | { readonly fd: number },
): Promise<Listener> {
  // As an argument: Node does not read `backlog` beside `fd`.
  server.listen(at, BACKLOG);
  await once(server, 'listening');
  return server;
}
