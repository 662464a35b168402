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
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly networks: { readonly m2m: { readonly ipv4_address: string } };
  readonly healthcheck?: object;
  readonly build?: object;
  readonly pull_policy?: string;
}

const [compose] = readYaml<{
  services: { 'gateway-1': Service; 'gateway-2': Service; postgres: Service; nginx: Service; simulator: Service };
  secrets: Record<string, { file: string }>;
  volumes: Record<string, unknown>;
}>('deploy/compose.yaml');
if (!compose) throw new Error('deploy/compose.yaml is empty.');
const { 'gateway-1': gateway, 'gateway-2': other, postgres, nginx, simulator } = compose.services;

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
    storeJournalPath: '/data/journal.sqlite',
    apiUrl: 'http://simulator:8090/api',
    callbackProxyHops: 1,
    callbackAddresses: ['published', simulator.networks.m2m.ipv4_address],
    callbackPublicUrl: 'http://nginx',
  });
  // The database is made with the user, the password and the name that the gateways use.
  const { username, password, hostname, port, pathname } = new URL(config.storeUrl ?? '');
  expect(postgres.environment).toMatchObject({ POSTGRES_USER: username, POSTGRES_DB: pathname.slice(1) });
  expect([hostname, port]).toEqual(['postgres', '5432']);
  expect(password).toBe(readFileSync(join(folder.path, 'postgres-password'), 'utf8').trim());
});

test('secrets are made once, in a folder for their owner alone', async () => {
  await using folder = await tempFolder();
  const path = join(folder.path, 'secrets');
  makeSecrets(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
  const before = readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'utf8')]);
  expect(makeSecrets(path)).toBe('');
  expect(readdirSync(path).map((name) => [name, readFileSync(join(path, name), 'utf8')])).toEqual(before);
  const used = new Set([gateway, postgres, nginx].flatMap(({ secrets }) => secrets ?? []));
  expect(new Set(before.map(([name]) => name))).toEqual(used);
  expect(compose.secrets).toEqual(Object.fromEntries([...used].map((name) => [name, { file: `./secrets/${name}` }])));
});

test('the gateways are the same, and each has a journal of its own', () => {
  expect([gateway.volumes, other.volumes]).toEqual([['journal-1:/data'], ['journal-2:/data']]);
  expect(Object.keys(compose.volumes)).toEqual(['database', 'journal-1', 'journal-2']);
  const without = ({ volumes: _volumes, networks: _networks, build: _build, pull_policy: _pull, ...rest }: Service) => rest;
  expect(without(other)).toEqual(without(gateway));
  expect(gateway.depends_on).toMatchObject({ postgres: { condition: 'service_healthy' } });
  const addresses = Object.values(compose.services).map(({ networks }) => networks.m2m.ipv4_address);
  expect(new Set(addresses).size).toBe(addresses.length);
});

test('who is not root writes into its volume alone, has no right that it does not need, and has the time to stop', () => {
  for (const service of [gateway, other, postgres, simulator]) {
    expect(service).toMatchObject({ read_only: true, cap_drop: ['ALL'], security_opt: ['no-new-privileges:true'] });
    expect(service.ports).toBeUndefined();
  }
  expect(Number.parseInt(gateway.stop_grace_period ?? '', 10)).toBeGreaterThanOrEqual(30);
  expect([nginx.healthcheck, simulator.healthcheck, postgres.healthcheck]).not.toContain(undefined);
  expect(nginx.ports).toEqual(['443:443']);
});

test('nginx is configured as docs/proxy.md has it', () => {
  const [, documented = ''] = /```nginx\n([\s\S]*?)```/.exec(readFile('docs/proxy.md')) ?? [];
  const here = readFile('deploy/nginx.conf')
    .replaceAll('server gateway-1:', 'server 127.0.0.1:')
    .replaceAll(/  server gateway-2:.*\n/g, '')
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
