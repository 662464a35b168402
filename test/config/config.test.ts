import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { VARIABLES } from '../../src/config-variables.ts';
import { readConfig } from '../../src/config.ts';

const root = join(import.meta.dirname, '../..');
const specs = Object.values(VARIABLES);

const COMPLETE: Readonly<Record<string, string>> = Object.fromEntries(
  specs.flatMap(({ name, fallback, example }) => (fallback === undefined ? [[name, example]] : [])),
);

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

test('every example is valid', () => {
  for (const { name, example } of specs)
    expect(
      () =>
        readConfig({
          ...COMPLETE,
          M2M_CALLBACK_USERNAME: 'u',
          M2M_CALLBACK_PASSWORD: 'p',
          M2M_CALLBACK_PUBLIC_URL: 'https://m2m.example.com:9001',
          [name]: example,
        }),
      name,
    ).not.toThrow();
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
  [{ M2M_GRAPHQL_HOST: '0.0.0.0' }, 'M2M_GRAPHQL_HOST=0.0.0.0 must be 127.0.0.1, localhost or ::1'],
  [{ M2M_CALLBACK_REGISTER: 'on' }, 'M2M_CALLBACK_REGISTER=on needs M2M_CALLBACK_PUBLIC_URL'],
  [{ M2M_CALLBACK_USERNAME: 'only' }, 'M2M_CALLBACK_USERNAME and M2M_CALLBACK_PASSWORD go together'],
  [{ M2M_CALLBACK_PUBLIC_URL: 'https://m2m.example.com:8443' }, 'has a port the carrier does not deliver to'],
  [{ M2M_CALLBACK_USERNAME: 'u', M2M_CALLBACK_PASSWORD: 'x'.repeat(41) }, 'M2M_CALLBACK_PASSWORD must have at most 40 characters'],
  [{ M2M_THINGSPACE_ACCOUNTS: ' , ' }, 'must name at least one billing account'],
  [{ M2M_GRAPHQL_PROT: '4000' }, 'M2M_GRAPHQL_PROT is not a variable of the gateway. Did you mean M2M_GRAPHQL_PORT?'],
  [{ M2M_STORE_PATH: '' }, null],
])('%j', (more, fault) => {
  if (fault === null) expect(() => readConfig({ ...COMPLETE, ...more })).not.toThrow();
  else expect(messageOf({ ...COMPLETE, ...more })).toContain(fault);
});

test('a secret is never repeated in a fault', () => {
  const message = messageOf({
    ...COMPLETE,
    M2M_CALLBACK_SECRET: 'short-canary',
    M2M_CALLBACK_PASSWORD: `canary${'y'.repeat(60)}`,
    M2M_CALLBACK_USERNAME: 'u',
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
  expect(() =>
    readConfig(
      Object.fromEntries(
        lines.filter((line) => line.startsWith('M2M_')).map((line) => line.split(/=(.*)/s).slice(0, 2) as [string, string]),
      ),
    ),
  ).not.toThrow();
});

test('the README’s table of the configuration is the configuration', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const rows = [...readme.matchAll(/^\| `(M2M_[A-Z_]+)` \| (.+?) \| (.+) \|$/gm)].map(([, name, fallback, description]) => ({
    name,
    fallback,
    description,
  }));
  expect(rows).toEqual(
    specs.map(({ name, fallback, description }) => ({
      name,
      fallback: fallback === undefined ? '**required**' : fallback === null ? '–' : `\`${fallback}\``,
      description,
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
