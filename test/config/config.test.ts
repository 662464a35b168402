import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { describeVariable, VARIABLES } from '../../src/config/config-variables.ts';
import { readConfig } from '../../src/config/config.ts';
import { COMPLETE_ENV as COMPLETE } from '../support/complete-env.ts';

const root = join(import.meta.dirname, '../..');
const specs = Object.values(VARIABLES);

test('the examples of what must be set are a configuration, and the rest has its defaults', () => {
  const config = readConfig(COMPLETE);
  expect(config).toMatchObject({
    accounts: ['0868924207-00001', '0000123456-00001'],
    callbackPort: 9001,
    graphqlHost: '127.0.0.1',
    callbackPublicUrl: null,
    callbackRegister: false,
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test('every example is valid, but nobody may keep one that is a secret', () => {
  for (const { name, example, secret, isFile, parse } of specs) {
    expect(parse.safeParse(example).success, name).toBe(true);
    const env = {
      ...COMPLETE,
      M2M_CALLBACK_USERNAME: 'u',
      M2M_CALLBACK_PASSWORD: 'p',
      M2M_CALLBACK_PUBLIC_URL: 'https://m2m.example.com:9001',
      M2M_CALLBACK_FORWARD: '*=https://tool.example.com/callbacks',
      M2M_CALLBACK_FORWARD_USERNAME: 'u',
      M2M_CALLBACK_FORWARD_PASSWORD: 'p',
      M2M_CALLBACK_PREVIOUS_USERNAME: 'u',
      M2M_CALLBACK_PREVIOUS_PASSWORD: 'p',
      M2M_JWT_ISSUER: 'i',
      M2M_JWT_AUDIENCE: 'a',
      ...(name !== 'M2M_JWT_JWKS_FILE' && { M2M_JWT_JWKS_URL: 'https://login.example.com/jwks.json' }),
      M2M_TRUSTED_DOCUMENTS_FILES: './documents.json',
      ...(name === 'M2M_STORE_KEYS_FILE' && { M2M_STORE_KEYS: '' }),
      [name]: example,
    };
    if (secret && !isFile) expect(messageOf(env), name).toContain(`${name} is the example of the documentation`);
    else expect(() => readConfig(env), name).not.toThrow();
  }
});

test('all faults are reported at once, by name, with what is wrong and an example', () => {
  const message = messageOf({
    M2M_GRAPHQL_PORT: '70000',
    M2M_SUBMIT_WAIT_MS: '10s',
    M2M_LOG_LEVEL: 'loud',
    M2M_THINGSPACE_API_URL: 'thingspace.verizon.com',
  });
  expect(message).toMatch(/^The configuration has \d+ faults:/);
  for (const { name, fallback } of specs) if (fallback === undefined) expect(message).toContain(`${name} is not set.`);
  expect(message).toContain('M2M_GRAPHQL_PORT=70000 must be a port number, 0 to 65535');
  expect(message).toContain(
    'M2M_SUBMIT_WAIT_MS=10s must be a whole number of milliseconds, without a unit. Example: M2M_SUBMIT_WAIT_MS=10000',
  );
  expect(message).toContain('M2M_LOG_LEVEL=loud must be debug, info, warn, error or silent');
  expect(message).toContain('M2M_THINGSPACE_API_URL=thingspace.verizon.com must be an http:// or https:// URL');
});

test.each([
  [{ M2M_GRAPHQL_HOST: '0.0.0.0', M2M_AUTH: 'off' }, 'M2M_AUTH=off is for this machine only, and M2M_GRAPHQL_HOST=0.0.0.0 is not loopback'],
  [{ M2M_STORE_KEYS: '' }, 'M2M_STORE_KEYS (or M2M_STORE_KEYS_FILE) is not set'],
  [{ M2M_STORE_KEYS_FILE: '/keys' }, 'M2M_STORE_KEYS and M2M_STORE_KEYS_FILE are both set'],
  [{ M2M_STORE_KEYS: 'a-secret-that-is-no-key' }, 'M2M_STORE_KEYS must be keys of 32 bytes as base64'],
  [{ M2M_JWT_JWKS_URL: 'http://login.example.com/jwks.json' }, 'M2M_JWT_JWKS_URL=http://login.example.com/jwks.json must be https'],
  [{ M2M_JWT_ISSUER: 'https://login.example.com' }, 'go together: set all three'],
  [{ M2M_JWT_JWKS_URL: 'https://a.example.com', M2M_JWT_JWKS_FILE: 'a' }, 'M2M_JWT_JWKS_URL and M2M_JWT_JWKS_FILE are both set'],
  [{ M2M_TRUSTED_DOCUMENTS: 'require' }, 'M2M_TRUSTED_DOCUMENTS=require needs M2M_TRUSTED_DOCUMENTS_FILES'],
  [{ M2M_GRAPHQL_ORIGINS: '*' }, 'must be origins (scheme, host and port, nothing behind it)'],
  [{ M2M_GRAPHQL_ORIGINS: 'https://app.example.com/' }, 'must be origins'],
  [{ M2M_CALLBACK_PREVIOUS_USERNAME: 'u' }, 'M2M_CALLBACK_PREVIOUS_USERNAME and M2M_CALLBACK_PREVIOUS_PASSWORD go together'],
  [
    { M2M_MAX_QUEUED_REQUESTS: '99' },
    'M2M_CALLER_MAX_QUEUED_REQUESTS=500 is above M2M_MAX_QUEUED_REQUESTS=99: one caller could take every place. Example: M2M_CALLER_MAX_QUEUED_REQUESTS=50',
  ],
  [{ M2M_MAX_QUEUED_REQUESTS: '500' }, null],
  [{ M2M_CALLBACK_REGISTER: 'on' }, 'M2M_CALLBACK_REGISTER=on needs M2M_CALLBACK_PUBLIC_URL'],
  [{ M2M_CALLBACK_USERNAME: 'only' }, 'M2M_CALLBACK_USERNAME and M2M_CALLBACK_PASSWORD go together'],
  [{ M2M_CALLBACK_PUBLIC_URL: 'https://m2m.example.com:8443' }, 'has a port that the carrier does not deliver to'],
  [{ M2M_CALLBACK_USERNAME: 'u', M2M_CALLBACK_PASSWORD: 'x'.repeat(41) }, 'M2M_CALLBACK_PASSWORD must have at most 40 characters'],
  [{ M2M_THINGSPACE_ACCOUNTS: ' , ' }, 'must name at least one billing account'],
  [{ M2M_GRAPHQL_PROT: '4000' }, 'M2M_GRAPHQL_PROT is not a variable of the gateway. Did you mean M2M_GRAPHQL_PORT?'],
  [{ M2M_GRAPHQL: 'x' }, 'M2M_GRAPHQL is not a variable of the gateway. Did you mean'],
  [
    { M2M_CALLBACK_PUBLIC_URL: 'https://m2m.example.com:port' },
    'M2M_CALLBACK_PUBLIC_URL=https://m2m.example.com:port must be an http:// or',
  ],
  [{ M2M_CALLBACK_PUBLIC_URL: 'https://m2m.example.com:99999' }, 'must be an http:// or https:// URL of host, port and path'],
  [{ M2M_CALLBACK_PUBLIC_URL: 'https://m2m.example.com:9001/?tenant=a' }, 'without user, query or fragment'],
  [{ M2M_CALLBACK_PUBLIC_URL: 'https://m2m.example.com:9001 ' }, 'without user, query or fragment'],
  [{ M2M_THINGSPACE_API_URL: 'https://[::' }, 'must be an http:// or https:// URL'],
  [{ M2M_THINGSPACE_API_URL: 'ftp://thingspace.verizon.com' }, 'must be an http:// or https:// URL'],
  [{ M2M_THINGSPACE_API_URL: 'https://' }, 'must be an http:// or https:// URL'],
  [{ M2M_CALLBACK_HOST: '0.0.0.0:9001' }, 'M2M_CALLBACK_HOST=0.0.0.0:9001 must be a host name or an address, without a port'],
  [{ M2M_ADMIN_HOST: '-' }, 'M2M_ADMIN_HOST=- must be a host name or an address'],
  [{ M2M_GRAPHQL_HOSTS: ' , ' }, 'must be host names or addresses without ports, separated by commas'],
  [{ M2M_GRAPHQL_HOSTS: 'm2m.example.com:4000' }, 'must be host names or addresses without ports, separated by commas'],
  [{ M2M_THINGSPACE_ACCOUNTS: '0868924207-00001;0000123456-00001' }, 'must be account names of letters, digits and dashes'],
  [{ M2M_THINGSPACE_ACCOUNTS: '../0868924207-00001' }, 'must be account names of letters, digits and dashes'],
  [{ M2M_CALLBACK_SECRET: 'x'.repeat(31) }, 'M2M_CALLBACK_SECRET must have at least 32 characters'],
  [{ M2M_CALLBACK_REGISTER: 'true' }, 'M2M_CALLBACK_REGISTER=true must be on or off'],
  [{ M2M_CALLBACK_STRICT: 'ON' }, 'M2M_CALLBACK_STRICT=ON must be on or off'],
  [{ M2M_LOG_LEVEL: 'INFO' }, 'M2M_LOG_LEVEL=INFO must be debug, info, warn, error or silent'],
  [{ M2M_CALLBACK_FD: '2' }, 'M2M_CALLBACK_FD=2 must be between 3 and 1023'],
  [{ M2M_CALLBACK_FD: '1024' }, 'M2M_CALLBACK_FD=1024 must be between 3 and 1023'],
  [{ M2M_CALLBACK_FD: '8-3' }, 'M2M_CALLBACK_FD=8-3 must be between 3 and 1023'],
  [{ M2M_CALLBACK_FD: '3,4' }, 'M2M_CALLBACK_FD=3,4 must be the number of a file descriptor, or the first and the last of several'],
  [{ M2M_CALLBACK_FD: '3' }, null],
  [{ M2M_CALLBACK_FD: '3', M2M_CALLBACK_HOST: '127.0.0.1', M2M_CALLBACK_REGISTER: 'on' }, 'needs M2M_CALLBACK_PUBLIC_URL'],
  [{ M2M_GRAPHQL_FD: '3', M2M_AUTH: 'off' }, 'the gateway does not know where the socket of M2M_GRAPHQL_FD listens'],
  [{ M2M_ADMIN_PORT: 'http' }, 'M2M_ADMIN_PORT=http must be a port number, 0 to 65535'],
  [{ M2M_ADMIN_PORT: '65536' }, 'M2M_ADMIN_PORT=65536 must be a port number, 0 to 65535'],
  [{ M2M_STORE_PATH: '' }, null],
  [{ M2M_GRAPHQL_HOSTS: 'm2m_gateway, M2M.example.com,::1,10.1.2.3' }, null],
])('%j', (more, fault) => {
  if (fault === null) expect(() => readConfig({ ...COMPLETE, ...more })).not.toThrow();
  else expect(messageOf({ ...COMPLETE, ...more })).toContain(fault);
});

test.each([
  '10s',
  '10 000',
  '10,000',
  '10_000',
  '1e4',
  '0x10',
  '10.5',
  '-1',
  '+1',
  ' 10000',
  '10000\n',
  '１０',
  'Infinity',
  '9'.repeat(13),
])('%j is no number of milliseconds', (value) => {
  expect(messageOf({ ...COMPLETE, M2M_SUBMIT_WAIT_MS: value })).toContain(
    'must be a whole number of milliseconds, without a unit. Example: M2M_SUBMIT_WAIT_MS=10000',
  );
});

test.each([
  ['M2M_SUBMIT_WAIT_MS', '120001', '0 and 120000 milliseconds'],
  ['M2M_THINGSPACE_TIMEOUT_MS', '99', '100 and 600000 milliseconds'],
  ['M2M_GRAPHQL_MAX_BODY_BYTES', '1023', '1024 and 268435456 bytes'],
  ['M2M_MAX_QUEUED_REQUESTS', '0', '1 and 1000000 requests'],
])('%s=%s is out of its bounds', (name, value, bounds) => {
  expect(messageOf({ ...COMPLETE, [name]: value })).toContain(`${name}=${value} must be between ${bounds}`);
});

test('an account named twice is one account', () => {
  expect(readConfig({ ...COMPLETE, M2M_THINGSPACE_ACCOUNTS: 'a-1, a-1,b-2' }).accounts).toEqual(['a-1', 'b-2']);
});

test('a secret is never repeated in a fault', () => {
  const message = messageOf({
    ...COMPLETE,
    M2M_CALLBACK_SECRET: 'short-canary',
    M2M_CALLBACK_PASSWORD: `canary${'y'.repeat(60)}`,
    M2M_CALLBACK_USERNAME: 'u',
    M2M_STORE_KEYS: 'canary',
  });
  expect(message).not.toContain('canary');
});

test('.env.example has every variable, with its default or an example, and nothing else', () => {
  const lines = readFileSync(join(root, '.env.example'), 'utf8').split('\n');
  const written = lines.filter((line) => /^#? ?M2M_/.test(line)).map((line) => line.replace(/^# ?/, ''));
  const expected = specs.map(({ name, fallback, example }) => `${name}=${fallback ?? example}`);
  expect(written).toEqual(expected);
  // What must be set is set; the rest is commented out.
  for (const { name, fallback } of specs)
    expect(
      lines.some((line) => line.startsWith(`${name}=`)),
      name,
    ).toBe(fallback === undefined);
  // Who only copies it is told what is still everybody's.
  const set = lines.filter((line) => line.startsWith('M2M_')).map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]);
  const message = messageOf(Object.fromEntries(set));
  const examples = specs.filter(({ secret, fallback }) => secret && fallback === undefined).map(({ name }) => name);
  for (const name of examples) expect(message).toContain(`${name} is the example of the documentation, which everybody can read.`);
  expect(message.split('\n')).toHaveLength(1 + examples.length + 1);
  expect(message).toContain('M2M_STORE_KEYS (or M2M_STORE_KEYS_FILE) is not set');
});

test('the tables of docs/configuration.md are the configuration', () => {
  const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
  const rows = [...page.matchAll(/^\| `(M2M_[A-Z_]+)` \| (.+?) \| (.+) \|$/gm)].map(([, name, fallback, description]) => ({
    name,
    fallback,
    description,
  }));
  expect(rows).toEqual(
    specs.map((spec) => ({
      name: spec.name,
      fallback: spec.fallback === undefined ? '**required**' : spec.fallback === null ? '–' : `\`${spec.fallback}\``,
      description: describeVariable(spec),
    })),
  );
});

function messageOf(env: Record<string, string>): string {
  try {
    readConfig(env);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  throw new Error('the configuration was taken');
}
