import type { Simulator } from '../../simulator/simulator.ts';
import { simulatedEnv } from '../../scripts/support/simulated-env.ts';

/** The environment of a gateway that works against `simulator`, on free ports, with its store at `storePath`; a test registers its listeners. */
export function gatewayEnv(simulator: Pick<Simulator, 'url' | 'credentials' | 'accounts'>, storePath: string): Record<string, string> {
  return { ...simulatedEnv(simulator, { storePath, logLevel: 'error' }), M2M_CALLBACK_REGISTER: 'off' };
}
