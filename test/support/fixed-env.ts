import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import type { Simulator } from '../../simulator/simulator.ts';
import { gatewayEnv } from './gateway-env.ts';

/** A gateway's environment with ports that are known before it starts: what a command line needs to find it. */
export async function fixedEnv(
  simulator: Pick<Simulator, 'url' | 'credentials' | 'accounts'>,
  folder: string,
): Promise<Record<string, string>> {
  const [callbackPort, adminPort] = await freePorts(2);
  return {
    ...gatewayEnv(simulator, `${folder}/gateway.sqlite`),
    M2M_CALLBACK_PORT: String(callbackPort),
    M2M_CALLBACK_PUBLIC_URL: `http://127.0.0.1:${callbackPort}`,
    M2M_ADMIN_PORT: String(adminPort),
  };
}

async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'));
  await Promise.all(servers.map((server) => once(server, 'listening')));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  await Promise.all(servers.map((server) => new Promise((resolve) => server.close(resolve))));
  return ports;
}
