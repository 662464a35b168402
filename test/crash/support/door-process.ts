import { Agent, request as httpRequest } from 'node:http';
import { startSimulator } from '../../../simulator/start-simulator.ts';
import { makeCallbackPath } from '../../../src/resolvers/callbacks/callback-paths.ts';
import { gatewayEnv } from '../../support/gateway-env.ts';
import { spawnGateway, type GatewayProcess } from '../../support/gateway-process.ts';
import { underStrace, type Tracing } from '../../support/strace.ts';
import { tempFolder } from '../../support/temp-folder.ts';

export interface DoorProcess extends AsyncDisposable {
  readonly gateway: GatewayProcess;
  readonly traceFile: string;
  readonly account: string;
  readonly env: Readonly<Record<string, string>>;
  /** POSTs a callback of no request, with the comment `marker N.`. Gives back the answer and the local port. */
  post(marker: number): Promise<{ readonly status: number | 'no answer'; readonly port: number }>;
}

export interface DoorProcessOptions {
  /** The options of strace. Without them it does not run. */
  readonly tracing?: Omit<Tracing, 'into'>;
  /** The folder of the project that runs. By default this one. */
  readonly folder?: string | undefined;
  /** The folder of the store. By default a new one. */
  readonly storeFolder?: string;
}

/** A gateway process with an empty store, and a sender of callbacks beside it. */
export async function openDoorProcess({ tracing, folder, storeFolder }: DoorProcessOptions): Promise<DoorProcess> {
  await using undo = new AsyncDisposableStack();
  const simulator = undo.use(await startSimulator({ magicIdentifiers: false }));
  const place = undo.use(await tempFolder());
  const traceFile = `${place.path}/trace`;
  const env = gatewayEnv(simulator, `${storeFolder ?? place.path}/gateway.sqlite`);
  const under = tracing && underStrace({ ...tracing, into: traceFile });
  const gateway = undo.use(await spawnGateway(env, { folder, under }));
  const agent = new Agent({ keepAlive: true });
  undo.defer(() => agent.destroy());
  const account = simulator.accounts[0] ?? '';
  const path = makeCallbackPath(env['M2M_CALLBACK_SECRET'] ?? '', { account, service: 'CarrierService' });
  const built = undo.move();
  return {
    gateway,
    traceFile,
    account,
    env,
    post: (marker) => postOver(agent, `${gateway.callbacks}${path}`, marker),
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

function postOver(agent: Agent, url: string, marker: number): Promise<{ status: number | 'no answer'; port: number }> {
  // The full stop ends the number, so that 1 is not found in 10.
  const body = JSON.stringify({ requestId: 'of-another-tool', status: 'Success', comment: `marker ${marker}.` });
  return new Promise((resolve) => {
    let port = 0;
    const request = httpRequest(url, { method: 'POST', agent }, (response) => {
      response.resume().once('end', () => resolve({ status: response.statusCode ?? 0, port }));
      response.once('error', () => resolve({ status: 'no answer', port }));
    });
    request.once('socket', (socket) => {
      const note = () => (port = socket.localPort ?? 0);
      if (socket.connecting) socket.once('connect', note);
      else note();
    });
    request.once('error', () => resolve({ status: 'no answer', port }));
    request.end(body);
  });
}
