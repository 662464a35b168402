import { request } from 'undici';
import type { Simulator } from '../../../simulator/simulator.ts';
import { startSimulator } from '../../../simulator/start-simulator.ts';
import { readConfig } from '../../../src/config/config.ts';
import { startGateway, type Gateway, type GatewayOptions } from '../../../src/gateway.ts';
import { fixedEnv } from '../../support/fixed-env.ts';
import { startHostileCarrier, type HostileCarrier } from '../../support/hostile-carrier.ts';
import { recordedLog, type RecordedLog } from '../../support/recorded-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';

/** A gateway whose carrier misbehaves where the test says. The test has its clock and its log. */
export interface HostileStack extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly carrier: HostileCarrier;
  readonly account: string;
  readonly gateway: Gateway;
  readonly log: RecordedLog;
  /** The gateway's wall clock stands still, unless the test moves it. */
  readonly clock: { ms: number };
  ask<Body = Record<string, unknown>>(method: 'GET' | 'POST', path: string): Promise<{ readonly status: number; readonly body: Body }>;
  restart(): Promise<void>;
}

interface HostileOptions extends Pick<GatewayOptions, 'registrationWatch'> {
  readonly env?: Readonly<Record<string, string>>;
  /** Called before the gateway starts. */
  readonly before?: (carrier: HostileCarrier) => void;
}

export async function openHostileStack({ env, before, ...options }: HostileOptions = {}): Promise<HostileStack> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const simulator = undo.use(await startSimulator({ magicIdentifiers: false, accounts: ['0868924207-00001'], callbackDelayMs: [0, 5] }));
  const carrier = undo.use(await startHostileCarrier(simulator.url));
  before?.(carrier);
  const fixed = await fixedEnv(simulator, folder.path);
  const config = readConfig({ ...fixed, M2M_THINGSPACE_API_URL: carrier.url, M2M_THINGSPACE_TIMEOUT_MS: '1000', ...env });
  const log = recordedLog();
  const clock = { ms: Date.now() };
  const onFatal = (error: Error): never => {
    throw error;
  };
  const open = () => startGateway(config, { ...options, logger: log.logger, now: () => clock.ms, uptime: () => clock.ms, onFatal });
  let gateway = await open();
  undo.defer(() => gateway[Symbol.asyncDispose]());
  const built = undo.move();
  return {
    simulator,
    carrier,
    account: simulator.accounts[0] ?? '',
    get gateway() {
      return gateway;
    },
    log,
    clock,
    async ask<Body>(method: 'GET' | 'POST', path: string) {
      const answer = await request(`${gateway.urls.admin}${path}`, { method });
      return { status: answer.statusCode, body: (await answer.body.json()) as Body };
    },
    async restart() {
      await gateway[Symbol.asyncDispose]();
      gateway = await open();
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
