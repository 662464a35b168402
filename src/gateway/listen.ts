import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { GatewayError } from '../errors.ts';

export interface ListenOptions {
  readonly host: string;
  readonly port: number;
  /** The variable to name when the port is taken. */
  readonly variable: string;
  /** How long requests at work may take to finish once it is undone, in milliseconds. */
  readonly patienceMs: number;
}

/** Starts a server; undoing stops it: no new connections, those at work finish, idle ones close. */
export async function listen(undo: AsyncDisposableStack, server: Server, options: ListenOptions): Promise<string> {
  const { host, port, variable, patienceMs } = options;
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new GatewayError('CONFIG_INVALID', `Cannot listen on ${host}:${port} (${cause.message}). Set ${variable} to a free port.`, {
          cause,
        }),
      ),
    );
    server.listen(port, host, resolve);
  });
  undo.defer(async () => {
    const patience = setTimeout(() => server.closeAllConnections(), patienceMs);
    // A kept-alive connection that is at work now is idle later, and nothing else would end it then.
    const idle = setInterval(() => server.closeIdleConnections(), 20);
    await new Promise((resolve) => server.close(resolve));
    clearInterval(idle);
    clearTimeout(patience);
  });
  const { port: bound } = server.address() as AddressInfo;
  return `http://${host.includes(':') ? `[${host}]` : host === '0.0.0.0' ? '127.0.0.1' : host}:${bound}`;
}
