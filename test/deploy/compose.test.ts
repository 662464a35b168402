import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { fileVariableOf, VARIABLES } from '../../src/config/config-variables.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { DEPLOY_FILES, readFile, readYaml } from './support/deploy-files.ts';
import { IMAGE_ENV } from './support/image-env.ts';
import { makeSecrets, withSecretsAt } from './support/made-secrets.ts';

interface Service {
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly secrets?: readonly string[];
  readonly volumes?: readonly string[];
  readonly ports?: readonly string[];
  readonly stop_grace_period?: string;
  readonly read_only?: boolean;
  readonly container_name?: string;
  readonly networks: { readonly m2m: { readonly ipv4_address: string } };
  readonly healthcheck?: object;
}

const [compose] = readYaml<{
  services: { gateway: Service; nginx: Service; simulator: Service };
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
}>('deploy/compose.yaml');
if (!compose) throw new Error('deploy/compose.yaml is empty.');
const { gateway, nginx, simulator } = compose.services;

test('every M2M_ variable below deploy/ and in docs/deploy.md is one of the configuration', () => {
  const known = new Set(Object.values(VARIABLES).flatMap((spec) => [spec.name, fileVariableOf(spec)]));
  for (const file of [...DEPLOY_FILES, 'docs/deploy.md']) {
    // Kubernetes would make this one, if it were not told to leave it.
    const named = [...readFile(file).matchAll(/\bM2M_[A-Z0-9_]*[A-Z0-9]/g)]
      .map(([name]) => name)
      .filter((name) => !name.startsWith('M2M_GATEWAY'));
    expect(named.filter((name) => !known.has(name as `M2M_${string}`))).toEqual([]);
  }
});

test('the environment of the gateway with the secrets that are made is a configuration', async () => {
  await using folder = await tempFolder();
  makeSecrets(folder.path);
  expect(Object.values(gateway.environment ?? {}).filter((value) => typeof value !== 'string')).toEqual([]);
  const config = readConfig(withSecretsAt(folder.path, '/run/secrets', { ...IMAGE_ENV, ...gateway.environment }));
  expect(config).toMatchObject({
    auth: true,
    graphqlHost: '0.0.0.0',
    adminHost: '127.0.0.1',
    storePath: '/data/gateway.sqlite',
    apiUrl: 'http://simulator:8090/api',
    callbackProxyHops: 1,
    callbackAddresses: ['published', simulator.networks.m2m.ipv4_address],
    callbackPublicUrl: 'http://nginx',
  });
});

test('secrets are made once, in a folder for their owner alone', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'secrets');
  makeSecrets(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  const before = readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'utf8')]);
  expect(makeSecrets(path)).toBe('');
  expect(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'utf8')])).toEqual(before);
  const used = new Set([...(gateway.secrets ?? []), ...(nginx.secrets ?? [])]);
  expect(new Set(before.map(([name]) => name))).toEqual(used);
  expect(compose.secrets).toEqual(Object.fromEntries([...used].map((name) => [name, { file: `./secrets/${name}` }])));
});

test('one gateway has the store, can write nothing else but /tmp, and has the time to stop', () => {
  expect(gateway.container_name).toBeDefined();
  expect(gateway.read_only).toBe(true);
  expect(gateway.volumes).toEqual(['store:/data', 'rescue:/tmp']);
  expect(Object.keys(compose.volumes)).toEqual(['store', 'rescue']);
  expect(Number.parseInt(gateway.stop_grace_period ?? '', 10)).toBeGreaterThan(20);
  expect([nginx.healthcheck, simulator.healthcheck]).not.toContain(undefined);
  expect([gateway.ports, simulator.ports, nginx.ports]).toEqual([undefined, undefined, ['443:443']]);
});

test('nginx is configured as docs/proxy.md has it', () => {
  const [, documented = ''] = /```nginx\n([\s\S]*?)```/.exec(readFile('docs/proxy.md')) ?? [];
  const here = readFile('deploy/nginx.conf')
    .replaceAll('server gateway:', 'server 127.0.0.1:')
    .replace('server_name _;', 'server_name m2m.example.com;')
    .replace('/run/secrets/tls-certificate', '/etc/ssl/m2m.example.com.pem')
    .replace('/run/secrets/tls-key', '/etc/ssl/m2m.example.com.key')
    .replace('/dev/stdout m2m_callbacks', '/var/log/nginx/m2m-callbacks.log m2m_callbacks')
    .replace('/dev/stderr crit', '/var/log/nginx/m2m-callbacks-error.log crit');
  const withoutFirst = (text: string) => text.slice(text.indexOf('\n') + 1);
  expect(withoutFirst(here).startsWith(withoutFirst(documented))).toBe(true);
  // The second server has the same place for callbacks.
  const places = [...readFile('deploy/nginx.conf').matchAll(/ {2}location \/callbacks\/ \{[\s\S]*? {2}\}/g)].map(([text]) => text);
  expect(places).toHaveLength(2);
  expect(places[0]).toBe(places[1]);
});
