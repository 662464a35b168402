import { readConfig } from '../../src/config/config.ts';
import { startGateway, type Gateway } from '../../src/gateway.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { gatewayEnv } from './gateway-env.ts';

/** A gateway of this process on a store that the test chooses: what a restart is made of. */
export function openGateway(
  simulator: Pick<Simulator, 'url' | 'credentials' | 'accounts'>,
  storePath: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Gateway> {
  return startGateway(readConfig({ ...gatewayEnv(simulator, storePath), ...env }), {
    onFatal: (error) => {
      throw error;
    },
  });
}
