import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ResultOf, TypedDocumentNode } from '@graphql-typed-document-node/core';
import { print } from 'graphql';
import { createClient, type Client } from 'graphql-ws';
import WebSocket from 'ws';
import {
  ActivateDevicesDocument,
  RenewActivationCodeDocument,
  RequestStatusDocument,
  ResumeProfileDocument,
} from '../documents/gql/graphql.ts';
import { startSimulator } from '../simulator/start-simulator.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { readConfig } from '../src/config/config.ts';
import { startGateway } from '../src/gateway.ts';
import { ProgressView, type Finished } from './support/progress-view.ts';
import { simulatedEnv } from './support/simulated-env.ts';

const PLAN = { servicePlan: 'm2m4G2GB', mdnZipCode: '98801' };

/** The whole trip: three mutations over a WebSocket, each followed live to its end, against the simulated carrier. */
async function demo(): Promise<void> {
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

  const accountName = simulator.accounts[0] ?? '';
  const finished = [
    await follow(client, view, 'activateDevices', 'Activate 500 devices', await activate(client, accountName)),
    await follow(client, view, 'renewActivationCode', 'Renew activation codes', await renew(client, simulator, accountName)),
    await follow(client, view, 'resumeProfile', 'Resume eSIM profiles', await resume(client, simulator, accountName)),
  ];
  view.summary(finished);
}

async function activate(client: Client, accountName: string): Promise<string> {
  const devices = Array.from({ length: 500 }, (_, at) => ({
    deviceIds: [
      { kind: 'IMEI', value: `99001390${String(100_000 + at)}0` } as const,
      // The last four digits choose what becomes of a few: see the simulator's magic identifiers.
      { kind: 'ICCID', value: `8914800000${String(at).padStart(6, '0')}${MAGIC[at] ?? 1_000 + at}` } as const,
    ],
  }));
  const { activateDevices: result } = await run(client, ActivateDevicesDocument, { input: { accountName, target: { devices }, ...PLAN } });
  return requestId(result);
}

const MAGIC = ['4040', '4090', '4220', '0003', '0004', '0007'] as const;

async function renew(client: Client, simulator: Simulator, accountName: string): Promise<string> {
  const devices = simulator.inventory.find({ account: accountName, profileState: 'DEACTIVE' }).map(({ identifiers: { eid, iccid } }) => ({
    deviceIds: [{ kind: 'EID', value: eid ?? '' } as const, { kind: 'ICCID', value: iccid ?? '' } as const],
  }));
  const { renewActivationCode: result } = await run(client, RenewActivationCodeDocument, { input: { accountName, devices } });
  return requestId(result);
}

async function resume(client: Client, simulator: Simulator, accountName: string): Promise<string> {
  const profiles = [
    ...simulator.inventory.find({ account: accountName, profileState: 'SUSPEND' }),
    ...simulator.inventory.find({ account: accountName, profileState: 'ACTIVE' }).slice(0, 1),
  ];
  const devices = profiles.map(({ identifiers: { iccid } }) => ({ deviceIds: [{ kind: 'ICCID', value: iccid ?? '' } as const] }));
  const { resumeProfile: result } = await run(client, ResumeProfileDocument, {
    input: { accountName, devices, servicePlan: 'HybridESim' },
  });
  return requestId(result);
}

function requestId(result: { __typename: string; request?: { id: string }; message?: string }): string {
  if (!result.request || !result.__typename.endsWith('Accepted')) throw new Error(`${result.__typename}: ${result.message ?? ''}`);
  return result.request.id;
}

/** One operation over the socket. */
async function run<Data, Variables extends Record<string, unknown>>(
  client: Client,
  document: TypedDocumentNode<Data, Variables>,
  variables: Variables,
): Promise<Data> {
  for await (const { data, errors } of client.iterate<Data>({ query: print(document), variables })) {
    if (!data || errors) throw new Error(errors?.map(({ message }) => message).join(' ') ?? 'no data');
    return data;
  }
  throw new Error('The socket closed before the answer.');
}

/** Follows a request to its end and draws what it hears. */
async function follow(client: Client, view: ProgressView, mutation: string, title: string, id: string): Promise<Finished> {
  const finished: Finished = { mutation, title, id, status: '', progress: null, faults: new Map(), events: 0 };
  const events = client.iterate<ResultOf<typeof RequestStatusDocument>>({
    query: print(RequestStatusDocument),
    variables: { requestId: id, batchSize: 1000 },
  });
  for await (const { data, errors } of events) {
    if (!data || errors) throw new Error(errors?.map(({ message }) => message).join(' ') ?? 'no data');
    const { status, progress, outcomes } = data.requestStatus;
    finished.status = status;
    finished.progress = progress;
    finished.events++;
    for (const { fault } of outcomes) if (fault) finished.faults.set(fault.message, (finished.faults.get(fault.message) ?? 0) + 1);
    view.draw(finished);
  }
  view.settle(finished);
  return finished;
}

function fail(error: Error): never {
  process.stderr.write(`${error.message}\n`);
  process.exit(1);
}

demo().then(() => process.exit(0), fail);
