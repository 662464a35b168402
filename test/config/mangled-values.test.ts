import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { describeVariable, fileVariableOf, VARIABLES } from '../../src/config/config-variables.ts';
import { readConfig } from '../../src/config/config.ts';
import { readEnvFile } from '../../src/config/read-env-file.ts';
import { COMPLETE_ENV as COMPLETE } from '../support/complete-env.ts';
import { spawnEnv } from '../support/spawn-env.ts';
import { tempFolder } from '../support/temp-folder.ts';

const SECRET = 'canary-of-more-than-thirty-two-characters';
const BASE64 = Buffer.alloc(32, 'canary').toString('base64');
const specs = Object.values(VARIABLES);

/** A good value of each secret, and what it needs beside it. */
const GOOD: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  M2M_THINGSPACE_CLIENT_SECRET: { M2M_THINGSPACE_CLIENT_SECRET: SECRET },
  M2M_THINGSPACE_PASSWORD: { M2M_THINGSPACE_PASSWORD: SECRET },
  M2M_CALLBACK_SECRET: { M2M_CALLBACK_SECRET: SECRET },
  M2M_CALLBACK_PREVIOUS_SECRET: { M2M_CALLBACK_PREVIOUS_SECRET: SECRET },
  M2M_CALLBACK_PASSWORD: { M2M_CALLBACK_PASSWORD: 'canary', M2M_CALLBACK_USERNAME: 'u' },
  M2M_CALLBACK_PREVIOUS_PASSWORD: { M2M_CALLBACK_PREVIOUS_PASSWORD: SECRET, M2M_CALLBACK_PREVIOUS_USERNAME: 'u' },
  M2M_CALLBACK_FORWARD: { M2M_CALLBACK_FORWARD: '*=https://tool.example.com/?key=canary' },
  M2M_CALLBACK_FORWARD_PASSWORD: {
    M2M_CALLBACK_FORWARD_PASSWORD: SECRET,
    M2M_CALLBACK_FORWARD_USERNAME: 'u',
    M2M_CALLBACK_FORWARD: '*=https://tool.example.com/',
  },
  M2M_STORE_URL: { M2M_STORE_URL: 'postgres://gateway:canary@db.example.com:5432/gateway' },
  M2M_STORE_KEYS: { M2M_STORE_KEYS: BASE64 },
};

/** [what is done to the value, how, what is said of it] */
const MANGLED: readonly (readonly [what: string, mangle: (value: string) => string, says: RegExp])[] = [
  ['a newline at its end', (value) => `${value}\n`, /ends in a newline/],
  ['a newline of Windows at its end', (value) => `${value}\r\n`, /ends in a newline/],
  ['two newlines', (value) => `${value}\n\n`, /control character/],
  ['a newline before it', (value) => `\n${value}`, /control character/],
  ['a newline in it', (value) => `${value.slice(0, 3)}\n${value.slice(3)}`, /control character/],
  ['a carriage return', (value) => `${value}\r`, /control character/],
  ['a tab at its end', (value) => `${value}\t`, /control character/],
  ['an escape', (value) => `\x1b[0m${value}`, /control character/],
  ['a blank at its end', (value) => `${value} `, /a blank at its beginning or end/],
  ['a blank before it', (value) => ` ${value}`, /a blank at its beginning or end/],
  ['a no-break space', (value) => `${value}\u00a0`, /a blank at its beginning or end/],
  ['a byte order mark', (value) => `\ufeff${value}`, /byte order mark/],
  ['a zero-width space', (value) => `${value}\u200b`, /invisible/],
  ['lost characters', (value) => `${value}\ufffd`, /not UTF-8/],
  ['double quotes around it', (value) => `"${value}"`, /stands in quotes/],
  ['single quotes around it', (value) => `'${value}'`, /stands in quotes/],
  ['quotes of a word processor around it', (value) => `“${value}”`, /stands in quotes/],
  ['a comment behind it', (value) => `${value} # of the old tool`, /a blank and `#`/],
  ['a tab and a comment behind it', (value) => `${value}\t#x`, /control character|a blank and `#`/],
];

const secretNames = specs.filter(({ secret, isFile }) => secret && !isFile).map(({ name }) => name);

test('every secret has a good value here', () => {
  expect(Object.keys(GOOD).toSorted()).toEqual(secretNames.toSorted());
});

test.each(secretNames)('%s with what people do to it is refused by its name, without its value', (name) => {
  const good = { ...COMPLETE, ...GOOD[name] };
  expect(() => readConfig(good)).not.toThrow();
  for (const [what, mangle, says] of MANGLED) {
    const message = messageOf({ ...good, [name]: mangle(good[name] ?? '') });
    expect(message, what).toMatch(new RegExp(`^The configuration has a fault:\\n {2}- ${name} [^\\n]*(?:${says.source})[^\\n]*$`));
    expect(message, what).not.toMatch(/canary|Y2FuYXJ5/);
  }
});

test.each(['M2M_THINGSPACE_CLIENT_ID', 'M2M_THINGSPACE_USERNAME', 'M2M_STORE_PATH', 'M2M_JWT_CLAIM', 'M2M_THINGSPACE_ACCOUNTS'])(
  '%s, which is no secret, is refused alike',
  (name) => {
    for (const [what, mangle] of MANGLED) {
      const message = messageOf({ ...COMPLETE, [name]: mangle('value') });
      expect(message, what).toMatch(new RegExp(`^The configuration has a fault:\\n {2}- ${name}`));
    }
  },
);

test.each(['pass word', 'pass#word', '#password', 'p"a\'ss`', '"', "it's", 'pässwörd', '日本語', '$1aB', 'a\\n'])(
  'a password of %j is taken',
  (password) => {
    expect(readConfig({ ...COMPLETE, M2M_THINGSPACE_PASSWORD: password }).password).toBe(password);
  },
);

test.each(['${PASSWORD}', '$PASSWORD', '$(cat /run/secrets/password)', '{{ password }}'])(
  '%s, which nothing has filled in, is refused',
  (value) => {
    expect(messageOf({ ...COMPLETE, M2M_THINGSPACE_PASSWORD: value })).toMatch(/- M2M_THINGSPACE_PASSWORD is the place of a value/);
  },
);

test('all of them are told at once', () => {
  const message = messageOf({
    ...COMPLETE,
    M2M_THINGSPACE_PASSWORD: `${SECRET}\n`,
    M2M_CALLBACK_SECRET: `"${SECRET}"`,
    M2M_STORE_KEYS: `${BASE64} # key`,
    M2M_GRAPHQL_PORT: 'x',
  });
  expect(message.match(/^ {2}- \w+/gm)).toEqual([
    '  - M2M_THINGSPACE_PASSWORD',
    '  - M2M_CALLBACK_SECRET',
    '  - M2M_GRAPHQL_PORT',
    '  - M2M_STORE_KEYS',
  ]);
});

test('every secret may stand in a file, whose one newline at the end is not a part of it', async () => {
  await using folder = await tempFolder();
  for (const name of secretNames) {
    const fileName = name === 'M2M_STORE_KEYS' ? 'M2M_STORE_KEYS_FILE' : `${name}_FILE`;
    const { [name]: value = '', ...others } = { ...COMPLETE, ...GOOD[name] };
    for (const end of ['', '\n', '\r\n']) {
      const path = `${folder.path}/secret`;
      await writeFile(path, `${value}${end}`);
      const config = readConfig({ ...others, [fileName]: path });
      expect(name === 'M2M_STORE_KEYS' ? config.storeKeysFile : config, name).toEqual(
        name === 'M2M_STORE_KEYS' ? path : { ...readConfig({ ...others, [name]: value }) },
      );
    }
  }
});

test('a password with a blank and `#` in it stands in a file, because a file has no comments', async () => {
  await using folder = await tempFolder();
  await writeFile(`${folder.path}/password`, 'pass #word\n');
  const { M2M_THINGSPACE_PASSWORD: _, ...others } = COMPLETE;
  expect(readConfig({ ...others, M2M_THINGSPACE_PASSWORD_FILE: `${folder.path}/password` }).password).toBe('pass #word');
});

test.each<[string, (path: string) => Promise<unknown>, string]>([
  ['is not there', () => Promise.resolve(), 'names a file that cannot be read (ENOENT)'],
  ['is a folder', (path) => mkdir(path), 'names a file that cannot be read (EISDIR)'],
  ['is empty', (path) => writeFile(path, ''), 'names an empty file'],
  ['has a newline only', (path) => writeFile(path, '\n'), 'names an empty file'],
  ['is not UTF-8', (path) => writeFile(path, Buffer.from(SECRET, 'utf16le')), 'has a control character'],
  ['is Latin-1', (path) => writeFile(path, Buffer.from(`canary é`, 'latin1')), 'names a file that is not UTF-8'],
  ['has a byte order mark', (path) => writeFile(path, `\ufeff${SECRET}`), 'begins with a byte order mark'],
  ['has two newlines', (path) => writeFile(path, `${SECRET}\n\n`), 'ends in a newline'],
  ['has quotes', (path) => writeFile(path, `"${SECRET}"\n`), 'stands in quotes'],
  ['is too short', (path) => writeFile(path, 'canary'), 'must have at least 32 characters'],
  ['has the example', (path) => writeFile(path, VARIABLES.callbackSecret.example), 'is the example of the documentation'],
])('a file of a secret that %s is refused by the name of the variable', async (_what, make, says) => {
  await using folder = await tempFolder();
  const path = `${folder.path}/canary`;
  await make(path);
  const { M2M_CALLBACK_SECRET: _, ...others } = COMPLETE;
  const message = messageOf({ ...others, M2M_CALLBACK_SECRET_FILE: path });
  expect(message.split('\n')).toHaveLength(2);
  expect(message).toMatch(/- (?:The file of )?M2M_CALLBACK_SECRET_FILE /);
  expect(message).toContain(says);
  expect(message).not.toContain('canary');
});

test('a secret and its file are not given both', async () => {
  const message = messageOf({ ...COMPLETE, M2M_CALLBACK_SECRET_FILE: '/run/secrets/callback' });
  expect(message).toContain('- M2M_CALLBACK_SECRET and M2M_CALLBACK_SECRET_FILE are both set: give one of them.');
});

test('the documentation names the file of every secret', () => {
  for (const spec of specs) {
    const file = fileVariableOf(spec);
    if (spec.secret && !spec.isFile && spec.name !== 'M2M_STORE_KEYS') expect(file).toBe(`${spec.name}_FILE`);
    if (file !== null) expect(describeVariable(spec)).toContain(file);
  }
});

/** [the lines of the file, what the password is or what is said of it] */
test.each<[string, { is: string } | { says: RegExp }]>([
  ['M2M_THINGSPACE_PASSWORD=plain', { is: 'plain' }],
  ['\ufeffM2M_THINGSPACE_PASSWORD=plain', { is: 'plain' }],
  ['export M2M_THINGSPACE_PASSWORD = plain # a comment\r', { is: 'plain' }],
  ['M2M_THINGSPACE_PASSWORD="with # and blank "', { says: /a blank at its beginning or end/ }],
  ['M2M_THINGSPACE_PASSWORD="with# and blank" # a comment', { is: 'with# and blank' }],
  ["M2M_THINGSPACE_PASSWORD='with\"quote'", { is: 'with"quote' }],
  ['M2M_THINGSPACE_PASSWORD=with"quote', { is: 'with"quote' }],
  ['M2M_THINGSPACE_PASSWORD=canary#more', { says: /can be read in two ways \(.*\.env, line 1\)/ }],
  ['M2M_THINGSPACE_PASSWORD=#canary', { says: /can be read in two ways/ }],
  ['M2M_THINGSPACE_PASSWORD="canary', { says: /can be read in two ways/ }],
  ["M2M_THINGSPACE_PASSWORD='canary", { says: /can be read in two ways/ }],
  ['M2M_THINGSPACE_PASSWORD="canary"more', { says: /can be read in two ways/ }],
  ['M2M_THINGSPACE_PASSWORD="can\\"ary"', { says: /can be read in two ways/ }],
  ['M2M_THINGSPACE_PASSWORD: canary', { says: /M2M_THINGSPACE_PASSWORD has no `=` behind it/ }],
])('a .env with %j is read as every reader does, or refused', async (line, expected) => {
  await using folder = await tempFolder();
  const file = `${folder.path}/.env`;
  await writeFile(file, `${line}\nM2M_GRAPHQL_PORT=4321\n`);
  const { M2M_THINGSPACE_PASSWORD: _, ...env } = COMPLETE as Record<string, string>;
  const faults = readEnvFile(env, file);
  if ('is' in expected) {
    expect(faults).toEqual([]);
    expect(readConfig(env)).toMatchObject({ password: expected.is, graphqlPort: 4321 });
    return;
  }
  const message = messageOf(env, faults);
  expect(message).toMatch(expected.says);
  expect(message).not.toContain('canary');
});

test.each([
  ['a variable of the environment wins over the file, whatever stands there', 'M2M_THINGSPACE_PASSWORD=canary#more', []],
  ['the variables of others are nobody’s business', 'OTHER=canary#more\nOTHER2="', []],
])('%s', async (_what, content, faults) => {
  await using folder = await tempFolder();
  await writeFile(`${folder.path}/.env`, content);
  const env = { ...COMPLETE };
  expect(readEnvFile(env, `${folder.path}/.env`)).toEqual(faults);
  expect(readConfig(env).password).toBe(COMPLETE['M2M_THINGSPACE_PASSWORD']);
});

test('a .env that is not UTF-8 is told, and none is none', async () => {
  await using folder = await tempFolder();
  const file = `${folder.path}/.env`;
  expect(readEnvFile({}, file)).toEqual([]);
  await writeFile(file, Buffer.from('\ufeffM2M_GRAPHQL_PORT=1', 'utf16le'));
  expect(readEnvFile({}, file)).toEqual([`${file} cannot be read: it is not UTF-8.`]);
});

test('the process says it of its environment and its .env at once, and does not start', async () => {
  await using folder = await tempFolder();
  await writeFile(`${folder.path}/.env`, 'M2M_THINGSPACE_CLIENT_SECRET=canary#more\n');
  const { M2M_THINGSPACE_CLIENT_SECRET: _, ...others } = COMPLETE;
  const child = spawn(process.execPath, [join(import.meta.dirname, '../../src/main.ts')], {
    cwd: folder.path,
    env: spawnEnv({ ...others, M2M_THINGSPACE_PASSWORD: 'canary\n', M2M_CALLBACK_SECRET: `${SECRET}\n` }),
  });
  const [output, , [code]] = await Promise.all([text(child.stderr), text(child.stdout), once(child, 'exit') as Promise<[number]>]);
  expect(code).toBe(1);
  expect(output).toContain('M2M_THINGSPACE_CLIENT_SECRET can be read in two ways (.env, line 1)');
  expect(output).toContain('M2M_THINGSPACE_PASSWORD ends in a newline');
  expect(output).toContain('M2M_CALLBACK_SECRET ends in a newline');
  expect(output).not.toContain('canary');
});

function messageOf(env: Record<string, string>, known: readonly string[] = []): string {
  try {
    readConfig(env, known);
  } catch (error) {
    return error instanceof Error ? error.message : '';
  }
  throw new Error('the configuration was taken');
}
