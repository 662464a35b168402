import { request } from 'undici';
import type { Simulator } from '../../../simulator/simulator.ts';
import { startSimulator } from '../../../simulator/start-simulator.ts';
import { readConfig } from '../../../src/config/config.ts';
import { startGateway, type Gateway, type GatewayOptions } from '../../../src/gateway.ts';
import { fixedEnv } from '../../support/fixed-env.ts';
import { recordedLog, type RecordedLog } from '../../support/recorded-log.ts';
import { tempFolder } from '../../support/temp-folder.ts';

export interface ClockedGateway extends AsyncDisposable {
  readonly simulator: Simulator;
  readonly account: string;
  readonly gateway: Gateway;
  readonly storePath: string;
  readonly log: RecordedLog;
  /** The gateway's time, which stands still unless the test moves it, and how far its wall clock is ahead of it. */
  readonly clock: { ms: number; wrongMs: number };
  /** POSTs a body to a path of the callback door and returns the HTTP status. */
  post(path: string, body: string, headers?: Readonly<Record<string, string>>): Promise<number>;
  /** A command of the admin door. */
  command<Body = unknown>(method: 'GET' | 'POST', path: string): Promise<{ readonly status: number; readonly body: Body }>;
  /** Stops the gateway, runs `between` on its store, and starts the next one. */
  restart(env?: Readonly<Record<string, string>>, between?: () => void): Promise<void>;
}

/** A gateway of one account on known ports, with a public URL. The test has its clock and its log. The carrier holds its callbacks. */
export async function openClockedGateway(
  env: Readonly<Record<string, string>> = {},
  options: Pick<GatewayOptions, 'registrationWatch'> = {},
): Promise<ClockedGateway> {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const simulator = undo.use(await startSimulator({ magicIdentifiers: false, accounts: ['0868924207-00001'] }));
  simulator.holdCallbacks();
  const fixed = await fixedEnv(simulator, folder.path);
  const log = recordedLog();
  const clock = { ms: Date.now(), wrongMs: 0 };
  const onFatal = (error: Error): never => {
    throw error;
  };
  const open = (more: Readonly<Record<string, string>>) =>
    startGateway(readConfig({ ...fixed, ...env, ...more }), {
      ...options,
      logger: log.logger,
      now: () => clock.ms + clock.wrongMs,
      uptime: () => clock.ms,
      onFatal,
    });
  let gateway: Gateway | null = await open({});
  undo.defer(() => gateway?.[Symbol.asyncDispose]());
  const running = (): Gateway => {
    if (!gateway) throw new Error('No gateway runs.');
    return gateway;
  };
  const built = undo.move();
  return {
    simulator,
    account: simulator.accounts[0] ?? '',
    get gateway() {
      return running();
    },
    storePath: `${folder.path}/gateway.sqlite`,
    log,
    clock,
    async post(path, body, headers = {}) {
      const answer = await request(`${running().urls.callbacks}${path}`, { method: 'POST', headers, body });
      await answer.body.dump();
      return answer.statusCode;
    },
    async command<Body>(method: 'GET' | 'POST', path: string) {
      const answer = await request(`${running().urls.admin}${path}`, { method });
      return { status: answer.statusCode, body: (await answer.body.json()) as Body };
    },
    async restart(more = {}, between = () => undefined) {
      const ending = running();
      gateway = null;
      await ending[Symbol.asyncDispose]();
      between();
      gateway = await open(more);
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}
