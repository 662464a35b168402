import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Simulator } from '../../simulator/simulator.ts';
import { gatewayEnv } from './gateway-env.ts';

/** A gateway's environment with ports that are known before it starts: what a command line needs to find it. */
export async function fixedEnv(
  simulator: Pick<Simulator, 'url' | 'credentials' | 'accounts'>,
  folder: string,
): Promise<Record<string, string>> {
  const callbackPort = await freePort();
  const adminPort = await freePort();
  return {
    ...gatewayEnv(simulator, `${folder}/gateway.sqlite`),
    M2M_CALLBACK_PORT: String(callbackPort),
    M2M_CALLBACK_PUBLIC_URL: `http://127.0.0.1:${callbackPort}`,
    M2M_ADMIN_PORT: String(adminPort),
  };
}

/** Below those that a system gives out by itself: between two starts of a gateway nobody else is given one of them. */
const FIRST_PORT = 20_000;
const PORTS = 8_000;
/** Files that run at the same time begin far from each other. */
let next = (process.pid * 97) % PORTS;

async function freePort(): Promise<number> {
  for (;;) {
    const port = FIRST_PORT + (next++ % PORTS);
    const server = createServer();
    const isFree = once(server, 'listening').then(
      () => true,
      () => false,
    );
    server.listen(port, '127.0.0.1');
    if (!(await isFree)) continue;
    await new Promise((resolve) => server.close(resolve));
    return port;
  }
}
