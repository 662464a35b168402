import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createClient } from 'graphql-ws';
import WebSocket from 'ws';
import { startSimulator } from '../simulator/start-simulator.ts';
import { readConfig } from '../src/config/config.ts';
import { startGateway } from '../src/gateway.ts';
import { playFirstAct } from './support/first-act.ts';
import { playLifecycle } from './support/lifecycle-act.ts';
import { ProgressView } from './support/progress-view.ts';
import { simulatedEnv } from './support/simulated-env.ts';

const HELP = `Usage: npm run demo [-- lifecycle]

Starts a simulated carrier and the gateway, and follows mutations live: 500 activations and two operations on eSIMs. With "lifecycle":
the life of 50 SIMs, from their activation to their end.`;

/** Mutations over a WebSocket, each followed live to its end, against the simulated carrier. */
async function demo(play: typeof playFirstAct): Promise<void> {
  await using undo = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), 'm2m-demo-'));
  undo.defer(() => rm(folder, { recursive: true, force: true }));
  const simulator = undo.use(await startSimulator({ callbackDelayMs: [200, 2_500], seed: 7, failureRate: 0.02 }));
  const config = readConfig(simulatedEnv(simulator, { storePath: join(folder, 'gateway.sqlite'), logLevel: 'error' }));
  const gateway = undo.use(await startGateway(config, { onFatal: fail }));
  const client = createClient({ url: gateway.urls.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
  undo.defer(() => client.dispose());
  const view = undo.use(new ProgressView(process.stdout));
  view.line(`Simulated ThingSpace at ${simulator.url}`);
  view.line(`Gateway at ${gateway.urls.graphql} (GraphQL) and ${gateway.urls.callbacks} (callbacks)`);
  view.line('Both on loopback only, because nobody is asked who they are (M2M_AUTH=off); the store is not encrypted.\n');

  view.summary(await play({ client, view, simulator, accountName: simulator.accounts[0] ?? '' }));
}

function fail(error: Error): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

const [act, ...more] = process.argv.slice(2);
if (act === '--help') process.stdout.write(`${HELP}\n`);
else if (more.length > 0 || (act !== undefined && act !== 'lifecycle')) fail(new Error(HELP));
else demo(act === 'lifecycle' ? playLifecycle : playFirstAct).then(() => process.exit(0), fail);
