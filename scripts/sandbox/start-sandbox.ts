import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import type { Simulator } from '../../simulator/simulator.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { readConfig } from '../../src/config/config.ts';
import type { GatewayError } from '../../src/errors.ts';
import { startGateway, type Gateway } from '../../src/gateway.ts';
import { exampleTabs } from './example-tabs.ts';
import { findNeighbours, type CodeSpaceEnv } from './neighbours.ts';
import { simulatedEnv } from '../support/simulated-env.ts';
import type { SandboxOptions } from './read-sandbox-flags.ts';

export interface Sandbox extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly gateway: Gateway;
  /** The folder of the store, and whether it stays. */
  readonly data: { readonly folder: string; readonly kept: boolean };
}

/**
 * Starts the simulated carrier, and a gateway with GraphiQL that works against it. It ignores the caller's environment, `.env`
 * included: of a shell it takes only in which code space it is.
 */
export async function startSandbox(
  options: SandboxOptions,
  onFatal: (error: GatewayError) => void,
  codeSpace: CodeSpaceEnv = {},
): Promise<Sandbox> {
  await using undo = new AsyncDisposableStack();
  const kept = options.dataFolder !== null;
  const folder = kept ? resolve(options.dataFolder) : await mkdtemp(join(tmpdir(), 'm2m-sandbox-'));
  if (!kept) undo.defer(() => rm(folder, { recursive: true, force: true }));
  const simulator = undo.use(
    await startSimulator({ port: options.simulatorPort, adminPort: options.simulatorAdminPort, callbackDelayMs: options.delayMs }),
  );
  const config = readConfig({
    ...simulatedEnv(simulator, {
      storePath: join(folder, 'gateway.sqlite'),
      graphqlPort: options.graphqlPort,
      callbackPort: options.callbackPort,
      adminPort: options.adminPort,
      graphiql: true,
    }),
    ...followUpEnv(options),
  });
  const neighbours = findNeighbours(options, codeSpace);
  const gateway = undo.use(
    await startGateway(config, { onFatal, neighbours, isStoreNew: true, graphiqlTabs: await exampleTabs(simulator.adminUrl) }),
  );
  const built = undo.move();
  return { simulator, gateway, data: { folder, kept }, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

/** The times of a short run: a device that stays silent is OVERDUE, then EXPIRED, while somebody watches. */
function followUpEnv({ overdueAfterMs }: SandboxOptions): Record<string, string> {
  if (overdueAfterMs === null) return {};
  return {
    M2M_OVERDUE_AFTER_MS: String(overdueAfterMs),
    M2M_EXPIRE_AFTER_MS: String(4 * overdueAfterMs),
    M2M_ADOPT_AFTER_MS: String(Math.min(120_000, Math.max(1_000, overdueAfterMs))),
  };
}
