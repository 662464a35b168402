import { readConfig } from '../../src/config/config.ts';
import { startGateway, type Gateway, type GatewayOptions } from '../../src/gateway.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { gatewayEnv } from './gateway-env.ts';

/** Starts a gateway in this process on a store that the test chooses. The next one on the same store is a restart. */
export function openGateway(
  simulator: Pick<Simulator, 'url' | 'credentials' | 'accounts'>,
  storePath: string,
  env: Readonly<Record<string, string>> = {},
  clocks: Pick<GatewayOptions, 'now' | 'uptime'> = {},
): Promise<Gateway> {
  return startGateway(readConfig({ ...gatewayEnv(simulator, storePath), ...env }), {
    ...clocks,
    onFatal: (error) => {
      throw error;
    },
  });
}
