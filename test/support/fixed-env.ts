import { once } from 'node:events';
import { createServer } from 'node:net';
import type { Simulator } from '../../simulator/simulator.ts';
import { gatewayEnv } from './gateway-env.ts';

/** A gateway's environment with ports that are known before it starts, so that a command line finds it. */
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

/** Below the ports that the system gives out by itself, so that nobody is given one between two starts of a gateway. */
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
