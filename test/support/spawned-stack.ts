import type { SimulatorOptions } from '../../simulator/options.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import type { CallbackService } from '../../src/datasources/thingspace/wire/callback-service.ts';
import { makeCallbackPath } from '../../src/resolvers/callbacks/callback-paths.ts';
import { gatewayEnv } from './gateway-env.ts';
import { spawnGateway, type GatewayProcess, type SpawnOptions } from './gateway-process.ts';
import { graphql, type GraphqlAnswer } from './stack.ts';
import { tempFolder } from './temp-folder.ts';

export interface SpawnedStack extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly account: string;
  /** Holds the store, and whatever else a test puts there. */
  readonly folder: string;
  readonly storePath: string;
  /** The environment of the gateway. */
  readonly env: Readonly<Record<string, string>>;
  /** The gateway process that was started last. */
  readonly gateway: GatewayProcess;
  /** One operation over HTTP; the parsed body, whatever it says. */
  query<Data = Record<string, unknown>>(document: string, variables?: Record<string, unknown>): Promise<GraphqlAnswer<Data>>;
  /** Where the carrier would POST for the account. */
  callbackUrl(service?: CallbackService): string;
  /** Starts the next gateway on the same store, once the one before has ended. */
  restart(options?: { readonly env?: Readonly<Record<string, string>> } & SpawnOptions): Promise<GatewayProcess>;
}

export interface SpawnedStackOptions extends SpawnOptions {
  readonly simulator?: SimulatorOptions;
  /** A simulator that runs already, and is not disposed of with the stack. */
  readonly running?: Simulator;
  readonly env?: Readonly<Record<string, string>>;
  /** The command in front, made when the folder is known: traces go there. */
  readonly underIn?: (folder: string) => readonly string[];
}

/** Simulator, and a gateway process of its own with a real SQLite file. Callbacks are the test's to send. */
export async function startSpawnedStack(options: SpawnedStackOptions = {}): Promise<SpawnedStack> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const simulator = options.running ?? undo.use(await startSimulator({ magicIdentifiers: false, ...options.simulator }));
  const storePath = `${folder.path}/gateway.sqlite`;
  const account = simulator.accounts[0] ?? '';
  const env: Record<string, string> = { ...gatewayEnv(simulator, storePath), ...options.env };
  const under = options.underIn?.(folder.path) ?? options.under;
  let gateway = await spawnGateway(env, { ...options, under });
  undo.defer(() => gateway[Symbol.asyncDispose]());
  const built = undo.move();
  return {
    simulator,
    account,
    folder: folder.path,
    storePath,
    env,
    get gateway() {
      return gateway;
    },
    query: (document, variables) => graphql(gateway.graphql, document, variables),
    callbackUrl: (service = 'CarrierService') =>
      `${gateway.callbacks}${makeCallbackPath(env['M2M_CALLBACK_SECRET'] ?? '', { account, service })}`,
    async restart({ env: more = {}, ...spawn } = {}) {
      await gateway.exited;
      gateway = await spawnGateway({ ...env, ...more }, spawn);
      return gateway;
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
