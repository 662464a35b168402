import { once } from 'node:events';
import type { ChildProcess } from 'node:child_process';
import { chmodSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { request } from 'undici';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { needPostgres } from '../support/need-postgres.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { tempFolder, type TempFolder } from '../support/temp-folder.ts';
import { until } from '../support/until.ts';
import { BuiltImage, COMMAND, HEALTH_CHECK } from './support/built-image.ts';
import { readYaml } from './support/deploy-files.ts';
import { IMAGE_ENV } from './support/image-env.ts';
import { makeSecrets, withSecretsAt } from './support/made-secrets.ts';

const [compose] = readYaml<{ services: { 'gateway-1': { environment: Record<string, string> } } }>('deploy/compose.yaml');
const reason = noPostgres();
if (reason !== null) process.stderr.write(`The image is not started with PostgreSQL: ${reason}.\n`);
const NAME = 'what the Dockerfile builds starts, becomes ready, writes into its volume alone, answers a caller, and stops on SIGTERM';

let folder: TempFolder;
let image: BuiltImage;
// It compiles everything, on a machine that may be busy.
beforeAll(async () => {
  folder = await tempFolder();
  image = new BuiltImage(folder.path);
}, 240_000);
afterAll(() => folder[Symbol.asyncDispose]());
// Each container has a volume of its own.
afterEach(() => {
  for (const name of readdirSync(dataOf(image))) rmSync(join(dataOf(image), name));
});

test.skipIf(reason !== null)(`${NAME}: with PostgreSQL`, async () => {
  await using database = await (await needPostgres()).openDatabase();
  await startImage(database.url, 'data/journal.sqlite');
});

test(`${NAME}: with the embedded store`, () => startImage(null, 'data/gateway.sqlite'));

async function startImage(storeUrl: string | null, file: string): Promise<void> {
  await using secrets = await tempFolder();
  await using simulator = await startSimulator({ callbackDelayMs: [0, 5] });
  makeSecrets(secrets.path);
  // A builder mounts each file by itself.
  chmodSync(secrets.path, 0o755);
  const { M2M_STORE_URL_FILE: urlFile = '', ...others } = compose?.services['gateway-1'].environment ?? {};
  const settings = storeUrl === null ? others : { ...others, M2M_STORE_URL_FILE: urlFile };
  if (storeUrl !== null) replaceSecret(join(secrets.path, 'store-url'), storeUrl);
  const data = dataOf(image);
  const env = {
    ...withSecretsAt(secrets.path, '/run/secrets', { ...IMAGE_ENV, ...settings }),
    M2M_STORE_PATH: join(data, 'gateway.sqlite'),
    M2M_STORE_JOURNAL: join(data, 'journal.sqlite'),
    M2M_THINGSPACE_API_URL: simulator.url,
    M2M_CALLBACK_HOST: '127.0.0.1',
    M2M_GRAPHQL_PORT: '0',
    M2M_CALLBACK_PORT: '0',
    M2M_ADMIN_PORT: '0',
  };
  const before = filesIn(image.root);

  const gateway = image.start(COMMAND, env);
  using undo = new DisposableStack();
  undo.defer(() => void gateway.kill('SIGKILL'));
  let log = '';
  gateway.stdout?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  gateway.stderr?.on('data', (chunk: Buffer) => (log += chunk.toString()));
  const exited = once(gateway, 'exit');
  await until(() => gateway.exitCode !== null || log.includes('"listener":"websocket"'));
  expect(gateway.exitCode, log).toBeNull();
  const portOf = (listener: string) => new RegExp(`"listener":"${listener}","url":"http://[^:]*:(\\d+)`).exec(log)?.[1] ?? '';
  const here = { ...env, M2M_ADMIN_PORT: portOf('admin') };
  for (const path of ['/health/ready', '/health/ready/callbacks']) {
    const answer = await request(`http://127.0.0.1:${portOf('admin')}${path}`);
    expect([answer.statusCode, await answer.body.json()]).toMatchObject([200, { checks: { store: 'ok' } }]);
  }
  expect(await codeOf(image.start(HEALTH_CHECK, here))).toBe(0);

  const creating = image.start(['m2m-gateway', 'keys', 'create', 'front-end', '--account', '*:read', '--expires', '1d'], here);
  const key = creating.stdout && (await text(creating.stdout)).trim();
  const answer = await request(`http://127.0.0.1:${portOf('graphql')}/graphql`, {
    method: 'POST',
    headers: { host: 'localhost', authorization: `Bearer ${key}`, 'content-type': 'application/json' },
    body: JSON.stringify({ query: '{ __typename }' }),
  });
  expect(await answer.body.json()).toEqual({ data: { __typename: 'Query' } });

  const written = filesIn(image.root).filter((file) => !before.includes(file));
  expect(written.filter((file) => !file.startsWith('data/'))).toEqual([]);
  expect(written.filter((name) => name.endsWith('.sqlite'))).toEqual([file]);
  gateway.kill('SIGTERM');
  expect(await exited).toEqual([0, null]);
  expect(log).toContain('"stopped"');
  expect(await codeOf(image.start(HEALTH_CHECK, here))).toBe(1);
}

function dataOf({ root }: BuiltImage): string {
  return join(root, 'data');
}

function replaceSecret(file: string, secret: string): void {
  rmSync(file);
  writeFileSync(file, secret, { mode: 0o444 });
}

async function codeOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}

function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' });
}
