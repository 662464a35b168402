import { once } from 'node:events';
import { createServer } from 'node:net';

/** Below the ports of outgoing connections, which must not take the port while its owner is down. */
const LOWEST = 12_000;
const HIGHEST = 32_000;

/** A port that is free now, for a process that must come back on the same port. */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST));
    const server = createServer();
    const listening = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, '127.0.0.1');
    if (!(await listening)) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
