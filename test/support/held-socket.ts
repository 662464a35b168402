import * as net from 'node:net';

/** A socket as a supervisor holds it: bound here, listened on and accepted from by the processes that are given its descriptor. */
export interface HeldSocket extends Disposable {
  readonly descriptor: number;
  readonly port: number;
}

interface BoundHandle {
  readonly fd: number;
  getsockname(into: { port?: number }): number;
  close(): void;
}

/** Makes the handle below a `Server`. A `Server` itself would accept connections, and that is left to the next process. */
const { _createServerHandle: bind } = net as unknown as {
  readonly _createServerHandle: (address: string, port: number, family: 4 | 6) => BoundHandle | number;
};

/** On a free port of loopback. Connections are refused until the first process has listened, and never after that. */
export function holdSocket(address = '127.0.0.1'): HeldSocket {
  const handle = bind(address, 0, address.includes(':') ? 6 : 4);
  if (typeof handle === 'number') throw new Error(`no socket at ${address} (${handle})`);
  const at: { port?: number } = {};
  handle.getsockname(at);
  return { descriptor: handle.fd, port: at.port ?? 0, [Symbol.dispose]: () => handle.close() };
}
