import { readFileSync } from 'node:fs';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { readKeyCommand } from '../../scripts/keys/read-key-command.ts';
import { keysCommandLine } from '../../scripts/keys.ts';
import { answerCommand } from '../../scripts/support/command-line.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import type { CreatedKey, KeyView } from '../../src/resolvers/access/key-ring.ts';
import { fixedEnv } from '../support/fixed-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { openGateway } from '../support/open-gateway.ts';
import { openLog } from '../support/open-log.ts';
import { tempFolder } from '../support/temp-folder.ts';

const ACCOUNT = '0868924207-00001';
const KEY = /^m2m_([0-9a-z]{12})_[A-Za-z0-9_-]{43}\n$/;

const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]) => answerCommand(keysCommandLine, args, env);

/** An empty store of a gateway that asks who calls; with the gateway on it or without. */
async function stored(gateway: string) {
  await using undo = new AsyncDisposableStack();
  const simulator = undo.use(await startSimulator({ accounts: [ACCOUNT] }));
  const folder = undo.use(await tempFolder());
  const env: Record<string, string> = { ...(await fixedEnv(simulator, folder.path)), M2M_AUTH: 'on' };
  const path = env['M2M_STORE_PATH'] ?? '';
  await openLog(path)[Symbol.asyncDispose]();
  const running = gateway === 'running' ? undo.use(await openGateway(simulator, path, env)) : null;
  const built = undo.move();
  return { env, path, simulator, running, [Symbol.asyncDispose]: () => built.disposeAsync() };
}

test.each(['running', 'not running'])('keys are made, shown, changed, exchanged and revoked, with the gateway %s', async (gateway) => {
  await using store = await stored(gateway);
  const { env, path } = store;
  const list = async () => JSON.parse((await run(env, 'list', '--json')).stdout) as KeyView[];
  expect((await run(env, 'list')).stdout).toBe('No keys. Make one: npm run keys -- create NAME --account ACCOUNT:read,write\n');

  const made = await run(
    env,
    'create',
    'fleet-ui',
    '--account',
    `${ACCOUNT}:read,write`,
    '--account',
    '*:read',
    '--grant',
    'activationCode',
  );
  expect(made).toMatchObject({ code: 0, stdout: expect.stringMatching(KEY) as string });
  const [, id = ''] = KEY.exec(made.stdout) ?? [];
  const until = new Date(Date.now() + 90 * 86_400_000).toISOString().slice(0, 10);
  expect(made.stderr).toBe(
    `Key ${id} of fleet-ui, valid until ${until}. It is not shown again: keep it where only its caller can read it.\n`,
  );
  expect(await list()).toEqual([
    {
      id,
      name: 'fleet-ui',
      scopes: { [ACCOUNT]: ['read', 'write'], '*': ['read'] },
      grants: ['activationCode'],
      createdAt: expect.any(Number) as number,
      expiresAt: expect.any(Number) as number,
      revokedAt: null,
      state: 'valid',
    },
  ]);

  const changed = await run(env, 'change', id, '--account', `${ACCOUNT}:read`, '--grant', 'none');
  expect(changed).toMatchObject({
    code: 0,
    stderr: '',
    stdout: expect.stringMatching(new RegExp(`\n${id} +fleet-ui +valid +${ACCOUNT}:read +- +`)) as string,
  });

  const next = JSON.parse((await run(env, 'create', '--like', id, '--expires', '7d', '--json')).stdout) as CreatedKey;
  expect(next).toMatchObject({ name: 'fleet-ui', scopes: { [ACCOUNT]: ['read'] }, grants: [] });
  expect(next.expiresAt - next.createdAt).toBeCloseTo(7 * 86_400_000, -5);
  const third = await run(env, 'create', '--like', id);
  expect(third).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining(`npm run keys -- revoke ${id}`) as string });

  // Whoever has the key itself at hand may give it whole; it is not repeated.
  const revoked = await run(env, 'revoke', made.stdout.trim());
  expect(revoked).toEqual({ code: 0, stderr: '', stdout: `Key ${id} of fleet-ui is revoked.\n` });
  expect((await list()).map((key) => [key.id, key.state])).toEqual([
    [id, 'revoked'],
    [next.id, 'valid'],
  ]);
  const shown = (await run(env, 'list')).stdout;
  for (const key of [made.stdout.trim(), next.key]) {
    const secret = key.slice(-43);
    expect(shown).not.toContain(secret);
    for (const file of [path, `${path}-wal`]) expect(bytesOf(file).includes(secret), file).toBe(false);
  }
});

test('a key that was made beside the running gateway opens it at once, and a revoked one does not', async () => {
  await using store = await stored('running');
  const { env, running } = store;
  const ask = async (key: string) => {
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${key}` };
    const answer = await request(running?.urls.graphql ?? '', { method: 'POST', headers, body: '{"query": "{ __typename }"}' });
    await answer.body.dump();
    return answer.statusCode;
  };
  const { stdout } = await run(env, 'create', 'ci', '--account', `${ACCOUNT}:read`);
  const key = stdout.trim();
  expect(await ask(key)).toBe(200);
  await run(env, 'revoke', key);
  expect(await ask(key)).toBe(401);
});

test('a key that was made without the gateway opens it when it runs', async () => {
  await using store = await stored('not running');
  const { env, path, simulator } = store;
  const { stdout } = await run(env, 'create', 'ci', '--account', `${ACCOUNT}:read`);
  await using gateway = await openGateway(simulator, path, env);
  const headers = { 'content-type': 'application/json', authorization: `Bearer ${stdout.trim()}` };
  const answer = await request(gateway.urls.graphql, { method: 'POST', headers, body: '{"query": "{ __typename }"}' });
  expect({ status: answer.statusCode, body: await answer.body.json() }).toEqual({ status: 200, body: { data: { __typename: 'Query' } } });
});

test.each(['running', 'not running'])('what cannot be done is told in words and ends with 1, with the gateway %s', async (gateway) => {
  await using store = await stored(gateway);
  const { env } = store;
  const refused: [readonly string[], string][] = [
    [['create', 'ci', '--account', '9999999999-00001:read'], `does not serve account 9999999999-00001. It serves ${ACCOUNT}`],
    [['create', '--like', '000000000000'], 'There is no API key with this id.'],
    [['revoke', '000000000000'], 'There is no API key with this id.'],
  ];
  for (const [args, words] of refused)
    expect(await run(env, ...args), args.join(' ')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringContaining(words) as string,
    });
  expect(JSON.parse((await run(env, 'list', '--json')).stdout)).toEqual([]);
});

test('a store that a gateway holds whose admin listener is elsewhere is left alone, and where there is none none is made', async () => {
  await using store = await stored('not running');
  const { env } = store;
  const create = ['create', 'ci', '--account', `${ACCOUNT}:read`] as const;
  const elsewhere = await run({ ...env, M2M_STORE_PATH: `${env['M2M_STORE_PATH']}.other` }, ...create);
  expect(elsewhere).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('There is no store at') as string });
  await using _gateway = await spawnGateway({ ...env, M2M_ADMIN_PORT: '0' });
  expect(await run(env, ...create)).toMatchObject({
    code: 1,
    stdout: '',
    stderr: expect.stringContaining('Another process has the store') as string,
  });
});

test('--help explains every command and needs no configuration', async () => {
  const answer = await run({}, 'create', '--help');
  expect(answer).toMatchObject({ code: 0, stderr: '' });
  for (const word of ['create NAME', 'create --like ID', 'list', 'revoke ID', 'change ID', '--expires 90d', 'activationCode', '--json'])
    expect(answer.stdout).toContain(word);
});

test.each([
  [[], 'Which command?'],
  [['show'], 'Not a command.'],
  [['list', 'all'], 'Too many arguments.'],
  [['list', '--account', 'a:read'], 'list does not take --account.'],
  [['create', '--account', 'a:read'], 'It takes a NAME, or --like ID.'],
  [['create', 'a', 'b', '--account', 'a:read'], 'It takes a NAME, or --like ID.'],
  [['create', 'a'], 'create needs at least one --account, or --like ID.'],
  [['create', 'a', '--account', 'a'], '--account takes ACCOUNT:read,write,terminate,admin'],
  [['create', 'a', '--account', 'a:'], '--account takes'],
  [['create', 'a', '--account', 'a:read,all'], '--account takes'],
  [['create', 'a', '--account', 'a:READ'], '--account takes'],
  [['create', 'a', '--account', 'a:read', '--grant', 'all'], '--grant takes deviceCredential'],
  [['create', 'a', '--account', 'a:read', '--grant', 'none', '--grant', 'introspection'], '--grant takes'],
  [['create', 'a', '--account', 'a:read', '--expires', '0d'], '--expires takes days from 1d to 3650d.'],
  [['create', 'a', '--account', 'a:read', '--expires', '3651d'], '--expires takes'],
  [['create', 'a', '--account', 'a:read', '--expires', '90'], '--expires takes'],
  [['create', 'a', '--like', 'b'], 'Too many arguments.'],
  [['create', '--like', 'b', '--account', 'a:read'], 'create does not take --account beside --like.'],
  [['create', 'a', '--acount', 'a:read'], "Unknown option '--acount'"],
  [['revoke'], 'It takes the ID of a key.'],
  [['revoke', 'a', 'b'], 'It takes the ID of a key.'],
  [['change', 'a'], 'change needs --account or --grant.'],
  [['change', 'a', '--expires', '5d', '--grant', 'none'], 'change does not take --expires.'],
])('wrong usage %j is told in words', (args, words) => {
  expect(() => readKeyCommand(args, 0)).toThrow(words);
});

test('wrong usage ends with 2 and the usage, and does nothing', async () => {
  const answer = await run({}, 'revoke');
  expect(answer).toMatchObject({
    code: 2,
    stdout: '',
    stderr: expect.stringMatching(/^It takes the ID of a key\.\n\nUsage: npm run keys/) as string,
  });
});

/** A file that is not there has no bytes. */
function bytesOf(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch {
    return Buffer.alloc(0);
  }
}
