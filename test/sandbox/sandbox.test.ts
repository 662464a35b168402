import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import { createClient } from 'graphql-ws';
import { request } from 'undici';
import { expect, test, vi } from 'vitest';
import WebSocket from 'ws';
import { exampleTabs, nameOfTab } from '../../scripts/sandbox/example-tabs.ts';
import { explainPort } from '../../scripts/sandbox/explain-port.ts';
import { readSandboxFlags, type SandboxOptions } from '../../scripts/sandbox/read-sandbox-flags.ts';
import { startSandbox } from '../../scripts/sandbox/start-sandbox.ts';
import type { GraphiqlTab } from '../../src/server/graphql/graphiql-page.ts';
import { OPERATIONS } from '../../src/operations/index.ts';
import { listenOnLoopback } from '../support/listen-on-loopback.ts';
import { spawnSandbox } from '../support/sandbox-process.ts';
import type { SandboxUrls } from '../support/sandbox-urls.ts';
import { graphql } from '../support/stack.ts';
import { tempFolder } from '../support/temp-folder.ts';

const FREE_PORTS = ['graphql', 'callback', 'admin', 'simulator', 'simulator-admin'].flatMap((name) => [`--${name}-port`, '0']);
const FLAGS = [...FREE_PORTS, '--delay', '0-20'];

/** What a user's shell may have: none of it is the sandbox's business. */
const FOREIGN_ENV = {
  M2M_THINGSPACE_API_URL: 'http://127.0.0.1:1',
  M2M_THINGSPACE_ACCOUNTS: '1111111111-00001',
  M2M_GRAPHIQL: 'off',
  M2M_STORE_PATH: '/nowhere/gateway.sqlite',
  M2M_MISSPELT: 'on',
};

interface Accepted {
  readonly __typename: string;
  readonly request: { readonly id: string };
}

interface Progress {
  readonly status: string;
  readonly progress: { readonly total: number; readonly succeeded: number; readonly failed: number };
}

test('every tab works against the sandbox, whatever the shell’s environment says; SIGTERM ends it and leaves nothing', async () => {
  await using sandbox = spawnSandbox(FLAGS, FOREIGN_ENV);
  const urls = await sandbox.ready;
  expect(sandbox.output()).toMatch(/no authentication and is bound to loopback/);
  expect(sandbox.output()).toMatch(/0868924207-00001 {2}0000123456-00001 {2}TestAccount-1/);
  expect(sandbox.output()).toMatch(/4040 {2}Fails: device not found/);
  expect((await request(urls.metrics)).statusCode).toBe(200);

  const {
    ActivateDevices: activate,
    FollowRequest: follow,
    FollowAccount: followAccount,
    ListRequests: list,
    ShowRequest: show,
    UnclaimedCallbacks: unclaimed,
    CreateDeviceGroup: create,
    FillForm: fill,
    ListDevices: devices,
    ShowDevice: device,
    ...others
  } = await tabsByName(urls.simulatorAdmin);
  expect(Object.keys(others).toSorted()).toEqual(
    OPERATIONS.flatMap(({ typeName }) => (typeName === 'ActivateDevices' ? [] : [typeName])).toSorted(),
  );
  expect(await run(urls, create)).toMatchObject({ createDeviceGroup: { group: { devices: { nodes: [{}, {}] } } } });
  expect(await run(urls, fill)).toMatchObject({
    deviceGroups: expect.arrayContaining([expect.objectContaining({ name: 'Vans' })]) as object,
  });
  expect(await run(urls, devices)).toMatchObject({ devices: { nodes: Array.from({ length: 10 }, () => ({ state: 'ACTIVE' })) } });
  expect(await run(urls, device)).toMatchObject({ device: { state: 'ACTIVE', usage: { hasMore: false }, pending: [] } });
  expect(await firstEvent(urls, followAccount)).toMatchObject({ requestsChanged: { cursor: expect.any(String) as string, requests: [] } });
  const activation = await mutate(urls, activate);
  // The third device reports after a minute: what the others do is seen long before.
  expect(await lastEvent(urls, follow, activation, ({ progress }) => progress.succeeded + progress.failed === 2)).toMatchObject({
    status: 'IN_PROGRESS',
    progress: { total: 3, succeeded: 1, failed: 1 },
  });
  for (const other of Object.values(others))
    expect(await lastEvent(urls, follow, await mutate(urls, other))).toMatchObject({ status: 'SUCCEEDED', progress: { total: 1 } });

  expect(await run(urls, list)).toMatchObject({
    requests: { nodes: [...Object.values(others).map(() => ({})), { id: activation, progress: { succeeded: 1, failed: 1 } }] },
  });
  expect(await run(urls, show, activation)).toMatchObject({
    request: { outcomes: { nodes: [{ status: 'SUCCEEDED' }, { status: 'FAILED' }, { status: 'PENDING' }] } },
  });
  expect(await run(urls, unclaimed)).toMatchObject({ unclaimedCallbacks: { nodes: [] } });
  await runCommandIn(unclaimed?.query ?? '');
  expect(await run(urls, unclaimed)).toMatchObject({ unclaimedCallbacks: { nodes: [{ carrierStatus: 'Success' }] } });

  expect(existsSync(urls.store)).toBe(true);
  sandbox.kill('SIGTERM');
  expect(await sandbox.exited).toBe(0);
  expect(existsSync(urls.store)).toBe(false);
});

test('Ctrl-C ends it in good order', async () => {
  await using sandbox = spawnSandbox(FLAGS);
  const { store } = await sandbox.ready;
  sandbox.kill('SIGINT');
  expect(await sandbox.exited).toBe(0);
  expect(existsSync(store)).toBe(false);
});

test('--data keeps the store from one run to the next', async () => {
  await using folder = await tempFolder();
  const { ActivateDevices: activate, ListRequests: list } = await tabsByName();
  const inFolder = [...FLAGS, '--data', `${folder.path}/kept`];
  let made = '';
  {
    await using sandbox = spawnSandbox(inFolder);
    made = await mutate(await sandbox.ready, activate);
    sandbox.kill('SIGTERM');
    expect(await sandbox.exited).toBe(0);
  }
  await using again = spawnSandbox(inFolder);
  expect(await run(await again.ready, list)).toMatchObject({ requests: { nodes: [{ id: made }] } });
});

test('a port in use ends it with 1 and a sentence that names its flag, and nothing is left', async () => {
  await using taken = await listenOnLoopback(createServer());
  await using folder = await tempFolder();
  await using sandbox = spawnSandbox([...FLAGS, '--graphql-port', String(taken.port)], { TMPDIR: folder.path });
  expect(await sandbox.exited).toBe(1);
  expect(sandbox.output()).toBe(`${inUse('graphql', taken.port)}\n`);
  expect(await readdir(folder.path)).toEqual([]);
});

test.each(['callback', 'admin', 'simulator', 'simulator-admin'])('a %s port in use is told by its flag too', async (name) => {
  await using taken = await listenOnLoopback(createServer());
  await using folder = await tempFolder();
  vi.stubEnv('TMPDIR', folder.path);
  const options = readSandboxFlags([...FLAGS, `--${name}-port`, String(taken.port)]) as SandboxOptions;
  const error: unknown = await startSandbox(options, () => undefined).catch((thrown: unknown) => thrown);
  vi.unstubAllEnvs();
  expect(explainPort(error, options)).toBe(inUse(name, taken.port));
  expect(await readdir(folder.path)).toEqual([]);
});

test.each([
  [['--graphql-port', 'http'], /--graphql-port must be a port number/],
  [['--delay', '5-1'], /--delay must be two numbers/],
  [['--bogus'], /Unknown option '--bogus'/],
])('%j is refused with a sentence', (flags, sentence) => {
  expect(() => readSandboxFlags(flags)).toThrow(sentence);
});

test('a flag that is refused ends it with 1', async () => {
  await using sandbox = spawnSandbox(['--delay', '5-1']);
  expect(await sandbox.exited).toBe(1);
  expect(sandbox.output()).toMatch(/^--delay must be two numbers/);
});

const inUse = (name: string, port: number) =>
  `Port ${port} is in use. Choose another with --${name}-port, or take any free one: npm run sandbox -- --${name}-port 0`;

type Tab = Awaited<ReturnType<typeof exampleTabs>>[number] | undefined;

/** A tab’s variables, with a request’s id where the tab asks for one. */
function variablesOf(tab: Tab, requestId?: string): Record<string, unknown> {
  return JSON.parse((tab?.variables ?? '{}').replace(/"req_[^"]*"/, JSON.stringify(requestId)));
}

async function run(urls: SandboxUrls, tab: Tab, requestId?: string): Promise<Record<string, unknown>> {
  const { data, errors } = await graphql<Record<string, unknown>>(urls.graphql, tab?.query ?? '', variablesOf(tab, requestId));
  expect(errors).toBeUndefined();
  return data ?? {};
}

async function tabsByName(simulatorAdmin?: string): Promise<Readonly<Record<string, GraphiqlTab>>> {
  return Object.fromEntries((await exampleTabs(simulatorAdmin)).map((tab) => [nameOfTab(tab), tab]));
}

/** Runs a mutation’s tab; the id of the request it made. */
async function mutate(urls: SandboxUrls, tab: Tab): Promise<string> {
  const [result] = Object.values(await run(urls, tab)) as Accepted[];
  expect(result?.__typename).toMatch(/Accepted$/);
  return result?.request.id ?? '';
}

/** Runs the subscription’s tab to its end, or to the event that is enough. */
async function lastEvent(
  urls: SandboxUrls,
  tab: Tab,
  requestId: string,
  enough: (event: Progress) => boolean = () => false,
): Promise<Progress | undefined> {
  const client = createClient({ url: urls.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
  let last: Progress | undefined;
  const events = client.iterate<{ requestStatus: Progress }>({ query: tab?.query ?? '', variables: variablesOf(tab, requestId) });
  for await (const { data, errors } of events) {
    expect(errors).toBeUndefined();
    last = data?.requestStatus;
    if (last && enough(last)) break;
  }
  await client.dispose();
  return last;
}

async function firstEvent(urls: SandboxUrls, tab: Tab): Promise<unknown> {
  const client = createClient({ url: urls.websocket, webSocketImpl: WebSocket, retryAttempts: 0 });
  for await (const { data } of client.iterate({ query: tab?.query ?? '', variables: variablesOf(tab) })) {
    await client.dispose();
    return data;
  }
  return null;
}

/** Does what the `curl` in a tab’s comment does. */
async function runCommandIn(query: string): Promise<void> {
  const command = query
    .split('\n')
    .filter((line) => line.startsWith('#'))
    .map((line) => line.replace(/^#\s*/, '').replace(/\\$/, ''))
    .join('');
  const [, url = '', body = ''] = /curl (\S+) -d '([^']*)'/.exec(command) ?? [];
  expect((await request(url, { method: 'POST', body })).statusCode).toBe(200);
}
