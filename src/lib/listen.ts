import { once } from 'node:events';
import type { Server } from 'node:http';
import { createServer, Server as NetServer, type AddressInfo } from 'node:net';
import { GatewayError } from '../errors.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The variable to name when the port is taken. */
  readonly variable: string;
  /** Sockets that a supervisor holds open, instead of host and port. Connections that wait in them outlive this process. */
  readonly inherited?: InheritedSockets | null;
  /** How long requests under way may take to finish when the server stops. */
  readonly patienceMs: number;
  /**
   * Whether kept-alive connections stay open for 20 ms when the server stops, so that requests on their way are answered. Without
   * it, each of 8 busy senders lost a callback on a closed connection. Not needed where callers ask again.
   */
  readonly lingers?: boolean;
  /**
   * How many sockets listen on the port. libuv accepts one connection of each in a turn of the event loop, and under load a turn
   * takes tens of milliseconds. 64 senders that open a connection for each callback reached 340 a second with one socket, and
   * 4,300 with 16. 2,500 connections at once waited for 5 seconds with 16 sockets, for 1.5 with 64. The same holds for several
   * inherited descriptors, of one socket or of sockets that share a port. An inherited socket cannot share its port with sockets
   * of our own: connections that wait in ours would be reset when we end.
   */
  readonly sockets: number;
}

export interface InheritedSockets {
  /** File descriptors of this process, all listening on one address. */
  readonly descriptors: readonly number[];
  /** The variable to name when one of them is not such a socket. */
  readonly variable: string;
}

/**
 * How many connections the system holds until they are accepted. It drops further ones silently, and their senders try again
 * after 1, 3, 7 seconds. Linux caps it at net.core.somaxconn (4,096).
 */
const BACKLOG = 4_096;
/** Whether the system distributes connections between the sockets of one port. Elsewhere there is only one socket. */
const SHARES_PORTS = ['linux', 'freebsd'].includes(process.platform);

const SWEEP_EVERY_MS = 20;

/** Starts a server. Undoing stops it: it takes no new connections, closes idle ones and finishes requests under way. */
export async function listen(undo: AsyncDisposableStack, server: Server, options: ListenOptions): Promise<string> {
  const { host, port, variable, inherited, patienceMs, lingers = false, sockets } = options;
  const isShared = sockets > 1 && SHARES_PORTS;
  const listening: NetServer[] = [];
  undo.defer(async () => {
    const patience = setTimeout(() => server.closeAllConnections(), patienceMs);
    // A client that still sends over a kept-alive connection must open another one for its next request.
    server.prependListener('request', (_request, response) => void response.setHeader('connection', 'close'));
    if (!lingers) server.closeIdleConnections();
    // A busy connection becomes idle later, and nothing else would close it. Right after a poll, which has read what has come.
    const idle = setInterval(() => setImmediate(() => server.closeIdleConnections()), SWEEP_EVERY_MS);
    // Not the HTTP server's own `close`: it would close idle connections at once.
    await Promise.all(listening.map((each) => new Promise((resolve) => NetServer.prototype.close.call(each, resolve))));
    clearInterval(idle);
    clearTimeout(patience);
    server.close();
  });
  // The further sockets hand their connections to the one server. They have the options of its own socket.
  const createFurther = () => createServer({ allowHalfOpen: true, noDelay: true }, (socket) => server.emit('connection', socket));
  if (inherited) {
    for (const fd of inherited.descriptors)
      listening.push(await adopt(listening.length === 0 ? server : createFurther(), fd, inherited, server));
    return urlOf(server.address() as AddressInfo);
  }
  try {
    // A second gateway could share a shared port too. So the port must be free before we share it.
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

/** Listens on an inherited descriptor. Closing it closes only our descriptor; the supervisor's goes on listening. */
async function adopt(each: NetServer, fd: number, { variable }: InheritedSockets, first: NetServer): Promise<NetServer> {
  const refusalError = (why: string, cause?: unknown) =>
    new GatewayError(
      'CONFIG_INVALID',
      `${variable} names descriptor ${fd}, ${why}. The supervisor must pass sockets that listen there (systemd: a .socket unit, docs/proxy.md). Without a supervisor, leave ${variable} out.`,
      { cause },
    );
  await open(each, { fd }).catch((cause: Error) => {
    throw refusalError(`which is no socket to listen on (${cause.message})`, cause);
  });
  // An address is null for a pipe, and a text for a socket of the file system.
  const [own, firsts] = [each.address(), first.address()].map((at) => (typeof at === 'string' || at === null ? null : urlOf(at)));
  if (own === null) throw refusalError('which is no TCP socket');
  if (own !== firsts) throw refusalError(`which listens on ${own}, and the first on ${firsts}`);
  return each;
}

/** @throws the system's error */
async function open<Listener extends NetServer>(
  server: Listener,
  at: { readonly host: string; readonly port: number; readonly reusePort?: boolean } | { readonly fd: number },
): Promise<Listener> {
  // The backlog is an argument of its own: Node does not read the option `backlog` beside `fd`.
  server.listen(at, BACKLOG);
  await once(server, 'listening');
  return server;
}
