import { writeFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findNeighbours } from '../../scripts/sandbox/neighbours.ts';
import { readSandboxFlags } from '../../scripts/sandbox/read-sandbox-flags.ts';
import { send } from '../graphql-http/support/send.ts';
import { HandMadeSocket } from '../support/hand-made-socket.ts';
import { spawnSandbox, type SandboxProcess } from '../support/sandbox-process.ts';
import type { SandboxUrls } from '../support/sandbox-urls.ts';
import { tempFolder } from '../support/temp-folder.ts';

const FLAGS = [
  ...['graphql', 'callback', 'admin', 'simulator', 'simulator-admin'].flatMap((name) => [`--${name}-port`, '0']),
  '--origin',
  'https://app.example.com',
  '--origin',
  'https://*.preview.example.com',
  '--host',
  'my-machine.local',
  '--host',
  '*.tunnel.example',
];
const QUERY = '{"query":"{ __typename }"}';
const undo = new AsyncDisposableStack();
let sandbox: SandboxProcess;
let urls: SandboxUrls;
let port: string;

beforeAll(async () => {
  // A folder as that of a production gateway: its `.env` would keep everybody out, and would not even be a configuration.
  const folder = undo.use(await tempFolder());
  await writeFile(`${folder.path}/.env`, 'M2M_AUTH=on\nM2M_GRAPHQL_HOSTS=m2m.example.com\nM2M_THINGSPACE_PASSWORD=canary#\nM2M_OTHER=1\n');
  const env = {
    CODESPACE_NAME: 'fuzzy-spoon-4q',
    GITPOD_WORKSPACE_URL: 'https://me-app-x1.ws-eu1.gitpod.io',
    M2M_AUTH: 'on',
    M2M_GRAPHIQL: 'off',
  };
  sandbox = undo.use(spawnSandbox(FLAGS, env, folder.path));
  urls = await sandbox.ready;
  port = new URL(urls.graphql).port;
});
afterAll(() => undo.disposeAsync());

const LOCAL = 'http://localhost:5173';

/** [who asks, its Origin, the Host it asks for with the sandbox's port in place of PORT] */
const TAKEN: readonly (readonly [who: string, origin: string | null, host: string])[] = [
  ['a page of Vite', LOCAL, '127.0.0.1:PORT'],
  ['a page of Next.js', 'http://localhost:3000', 'localhost:PORT'],
  ['a page by address', 'http://127.0.0.1:8080', '127.0.0.1:PORT'],
  ['a page by IPv6', 'http://[::1]:4173', '[::1]:PORT'],
  ['a page over https', 'https://localhost:5173', 'localhost:PORT'],
  ['a page without a port', 'http://localhost', 'localhost:PORT'],
  ['a page of a tenant', 'http://tenant.app.localhost:3000', '127.0.0.1:PORT'],
  ['a proxy that leaves Host as it is', LOCAL, 'localhost:5173'],
  ['a proxy that leaves Host as it is, for a tenant', 'http://tenant.localhost:5173', 'tenant.localhost:5173'],
  ['a proxy that rewrites Host', LOCAL, 'localhost:PORT'],
  ['an emulator of Android', null, '10.0.2.2:PORT'],
  ['Genymotion', null, '10.0.3.2:PORT'],
  ['a page in an emulator', 'http://10.0.2.2:5173', '10.0.2.2:PORT'],
  ['a telephone in the network, by a proxy', 'http://192.168.1.20:5173', '192.168.1.20:5173'],
  ['a container', null, 'host.docker.internal:PORT'],
  ['Capacitor', 'capacitor://localhost', 'localhost:PORT'],
  ['Capacitor on Android', 'http://localhost', '10.0.2.2:PORT'],
  ['Ionic', 'ionic://localhost', '127.0.0.1:PORT'],
  ['Tauri', 'tauri://localhost', '127.0.0.1:PORT'],
  ['Tauri on Windows', 'http://tauri.localhost', '127.0.0.1:PORT'],
  ['Electron', 'app://-', '127.0.0.1:PORT'],
  ['Altair', 'altair://-', '127.0.0.1:PORT'],
  ['Altair of former days', 'electron://altair', '127.0.0.1:PORT'],
  ['an extension of a browser', 'chrome-extension://flnheeellpciglgpaodhkhmapeljopja', '127.0.0.1:PORT'],
  ['a code space of GitHub', 'https://fuzzy-spoon-4q-5173.app.github.dev', 'localhost:PORT'],
  ['a code space of GitHub, by its own name', 'https://fuzzy-spoon-4q-5173.app.github.dev', 'fuzzy-spoon-4q-4000.app.github.dev'],
  ['Gitpod', 'https://5173-me-app-x1.ws-eu1.gitpod.io', '4000-me-app-x1.ws-eu1.gitpod.io'],
  ['a page that --origin names', 'https://app.example.com', '127.0.0.1:PORT'],
  ['a page that --origin names with an asterisk', 'https://pr-7.preview.example.com', '127.0.0.1:PORT'],
  ['a name that --host names', null, 'my-machine.local:PORT'],
  ['a page of a name that --host names', 'http://my-machine.local', 'my-machine.local'],
  ['a name that --host names with an asterisk', null, 'abc.tunnel.example'],
  ['a program', null, '127.0.0.1:PORT'],
];

/** [who asks, its Origin, the Host, what it is answered, what it is told to set] */
const REFUSED: readonly (readonly [who: string, origin: string | null, host: string, status: number, says: RegExp])[] = [
  ['a web site', 'https://evil.example', '127.0.0.1:PORT', 403, /M2M_GRAPHQL_ORIGINS.*--origin/],
  ['a name that is like it', 'http://localhost.evil.example', '127.0.0.1:PORT', 403, /--origin/],
  ['another that is like it', 'http://evil-localhost', '127.0.0.1:PORT', 403, /--origin/],
  ['an address in a name', 'http://127.0.0.1.evil.example', '127.0.0.1:PORT', 403, /--origin/],
  ['a page in a frame', 'null', '127.0.0.1:PORT', 403, /--origin/],
  ['another machine of the network', 'http://192.168.1.20:8080', '127.0.0.1:PORT', 403, /--origin/],
  ['another code space', 'https://evil-5173.app.github.dev', '127.0.0.1:PORT', 403, /--origin/],
  ['another scheme of a page that --origin names', 'http://app.example.com', '127.0.0.1:PORT', 403, /--origin/],
  ['a name in place of the asterisk and more', 'https://a.preview.example.com.evil.example', '127.0.0.1:PORT', 403, /--origin/],
  ['a site whose name leads here (DNS rebinding)', 'http://evil.example', 'evil.example', 421, /M2M_GRAPHQL_HOSTS.*--host/],
  ['a site like it without an origin', null, 'localhost.evil.example', 421, /--host/],
];

const at = (host: string) => host.replace('PORT', port);
const headersOf = (origin: string | null, host: string) => ({ host: at(host), ...(origin !== null && { origin }) });
const post = (origin: string | null, host: string) =>
  send(urls.graphql, QUERY, { headers: { ...headersOf(origin, host), 'content-type': 'application/json' } });
const preflight = (origin: string | null, host: string) =>
  send(urls.graphql, undefined, {
    method: 'OPTIONS',
    headers: {
      ...headersOf(origin, host),
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'content-type,authorization',
      'access-control-request-private-network': 'true',
    },
  });

describe('without another flag', () => {
  test.each(TAKEN)('%s may ask: %s for %s', async (_who, origin, host) => {
    const answer = await post(origin, host);
    expect(answer).toMatchObject({ status: 200, body: { data: { __typename: 'Query' } } });
    await using socket = await HandMadeSocket.open(urls.websocket, { headers: headersOf(origin, host) });
    expect(socket.socket.destroyed).toBe(false);
    if (origin === null) return;
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    expect(await preflight(origin, host)).toMatchObject({
      status: 204,
      headers: { 'access-control-allow-origin': origin, 'access-control-allow-private-network': 'true' },
    });
  });

  test.each(REFUSED)('%s is refused, and may read why: %s for %s', async (_who, origin, host, status, says) => {
    const answer = await post(origin, host);
    expect(answer).toMatchObject({ status, body: { errors: [{ message: expect.stringMatching(says) as string }] } });
    expect(answer.headers['m2m-refusal']).toMatch(says);
    await expect(HandMadeSocket.open(urls.websocket, { headers: headersOf(origin, host) })).rejects.toThrow(`HTTP/1.1 ${status} `);
    if (origin === null) return;
    // A browser asks with a preflight first. Without this its page would be told of an error, and of nothing else.
    expect(answer.headers['access-control-allow-origin']).toBe(origin);
    if (status === 403) expect((await preflight(origin, host)).status).toBe(204);
  });
});

test('its first lines name the flags', () => {
  const first = sandbox.output().split('\n').slice(0, 5).join('\n');
  for (const flag of ['--origin', '--host', '--overdue-after']) expect(first).toContain(flag);
  expect(first).toContain('https://app.example.com');
});

test('it reads nothing of the folder and the environment of a production gateway', () => {
  expect(sandbox.output()).not.toMatch(/canary|m2m\.example\.com|M2M_THINGSPACE/);
});

test('without a code space none is taken', () => {
  const { isHost, isOrigin } = findNeighbours({ origins: [], hosts: [] }, {});
  expect([isHost('fuzzy-spoon-4q-4000.app.github.dev'), isOrigin('https://fuzzy-spoon-4q-4000.app.github.dev')]).toEqual([false, false]);
});

test.each([
  [['--origin', 'https://app.example.com/'], /--origin must be an origin/],
  [['--origin', 'localhost:5173'], /--origin must be an origin/],
  [['--host', 'my-machine.local:4000'], /--host must be a name or an address, without a port/],
  [['--host', 'http://my-machine.local'], /--host must be/],
  [['--overdue-after', '10s'], /--overdue-after must be a number of seconds/],
  [['--overdue-after', '0'], /--overdue-after must be/],
])('%j is refused with a sentence', (flags, sentence) => {
  expect(() => readSandboxFlags(flags)).toThrow(sentence);
});

test('times are shortened on request', async () => {
  await using quick = spawnSandbox([...FLAGS, '--overdue-after', '0.5', '--delay', '0-20']);
  const { graphql } = await quick.ready;
  const LATE = '89141390780800780001';
  const input = {
    accountName: '0868924207-00001',
    servicePlan: 'm2m4G2GB',
    mdnZipCode: '98801',
    target: {
      devices: [
        {
          deviceIds: [
            { kind: 'IMEI', value: '990013907835573' },
            { kind: 'ICCID', value: LATE },
          ],
        },
      ],
    },
  };
  const body = {
    query:
      'mutation ($input: ActivateDevicesInput!) { activateDevices(input: $input) { ... on ActivateDevicesAccepted { request { id } } } }',
    variables: { input },
  };
  const { body: accepted } = await send(graphql, JSON.stringify(body));
  const { id } = (accepted as { data: { activateDevices: { request: { id: string } } } }).data.activateDevices.request;
  const ask = async () => {
    const query = '{ request(id: "' + id + '") { outcomes { nodes { status } } } }';
    return JSON.stringify((await send(graphql, JSON.stringify({ query }))).body);
  };
  await expect.poll(ask, { timeout: 25_000 }).toMatch(/OVERDUE|EXPIRED/);
});
