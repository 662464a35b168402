import { createServer } from 'node:http';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { callbacksCommandLine } from '../../scripts/callbacks.ts';
import { answerCommand } from '../../scripts/support/command-line.ts';
import type { Simulator } from '../../simulator/simulator.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { carrierClient } from '../support/carrier-client.ts';
import { fixedEnv } from '../support/fixed-env.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { listenOnLoopback } from '../support/listen-on-loopback.ts';
import { openGateway } from '../support/open-gateway.ts';
import { tempFolder } from '../support/temp-folder.ts';

const ONE_ACCOUNT = { accounts: ['0868924207-00001'] };
const [ACCOUNT] = ONE_ACCOUNT.accounts as [string];
const OTHER_TOOL = 'http://127.0.0.1:9006/their-secret-path';

test('with the gateway running the command asks it, and the gateway’s own listeners are shown as a table', async () => {
  await using simulator = await startSimulator(ONE_ACCOUNT);
  await using folder = await tempFolder();
  const env = await fixedEnv(simulator, folder.path);
  await using _gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`, env);
  expect(await run(env, 'list')).toEqual({
    code: 0,
    stderr: '',
    stdout: table([
      ['CarrierService', 'none', '-', '-'],
      ['NiddService', 'none', '-', '-'],
      ['DeviceProfileService', 'none', '-', '-'],
    ]),
  });
  const door = env['M2M_CALLBACK_PUBLIC_URL'] ?? '';
  expect((await run(env, 'register')).stdout).toBe(
    table([
      ['CarrierService', 'ours', door, 'registered'],
      ['NiddService', 'ours', door, 'registered'],
      ['DeviceProfileService', 'ours', door, 'registered'],
    ]),
  );
  expect(simulator.listeners(ACCOUNT)).toHaveLength(3);
  expect(await run(env, 'register')).toMatchObject({ code: 0, stdout: expect.not.stringContaining('registered') });
  expect(await run(env, 'remove')).toMatchObject({ code: 0, stdout: expect.stringContaining('removed') });
  expect(simulator.listeners(ACCOUNT)).toEqual([]);
  // One session served it all: that of the gateway.
  expect(simulator.ledger.counts.calls).toMatchObject({ token: 1, login: 1, callbackRegister: 3, callbackDelete: 3 });
});

test('without a gateway the command logs in itself, and does the same', async () => {
  await using simulator = await startSimulator(ONE_ACCOUNT);
  await using folder = await tempFolder();
  const env = await fixedEnv(simulator, folder.path);
  expect(await run(env, 'register')).toMatchObject({ code: 0, stderr: '', stdout: expect.stringContaining('registered') });
  expect(await run(env, 'list')).toMatchObject({ code: 0, stdout: expect.stringContaining('ours') });
  expect(simulator.listeners(ACCOUNT).map(({ service }) => service)).toEqual(['CarrierService', 'NiddService', 'DeviceProfileService']);
  expect(await run(env, 'remove')).toMatchObject({ code: 0 });
  expect(simulator.listeners(ACCOUNT)).toEqual([]);
});

test.each(['running', 'not running'])(
  'a listener of another tool is named and left alone, until --replace (gateway %s)',
  async (gateway) => {
    await using simulator = await startSimulator(ONE_ACCOUNT);
    await using folder = await tempFolder();
    const env = await fixedEnv(simulator, folder.path);
    await using undo = new AsyncDisposableStack();
    if (gateway === 'running') undo.use(await openGateway(simulator, `${folder.path}/gateway.sqlite`, env));
    await registerOtherTool(simulator);

    const refused = await run(env, 'register');
    expect(refused).toMatchObject({ code: 1, stdout: '' });
    expect(refused.stderr).toContain(`CarrierService of account ${ACCOUNT} (at http://127.0.0.1:9006)`);
    expect(refused.stderr).toContain('npm run callbacks -- register --replace');
    expect(refused.stderr).not.toContain('their-secret-path');
    const urls = simulator.listeners(ACCOUNT).map(({ url }) => url);
    expect([urls.length, urls.filter((url) => url === OTHER_TOOL).length]).toEqual([3, 1]);

    expect((await run(env, 'remove')).stdout).toContain('other');
    expect(simulator.listeners(ACCOUNT)).toMatchObject([{ url: OTHER_TOOL }]);

    expect(await run(env, 'register', '--replace')).toMatchObject({ code: 0 });
    expect(simulator.listeners(ACCOUNT).filter(({ url }) => url === OTHER_TOOL)).toEqual([]);
  },
);

test('after a change of the secret the listeners under the one before are ours to renew', async () => {
  await using simulator = await startSimulator(ONE_ACCOUNT);
  await using folder = await tempFolder();
  const env = await fixedEnv(simulator, folder.path);
  await run(env, 'register');
  const rotated = {
    ...env,
    M2M_CALLBACK_PREVIOUS_SECRET: env['M2M_CALLBACK_SECRET'] ?? '',
    M2M_CALLBACK_SECRET: 'another-secret-for-tests-of-32-characters',
  };
  expect((await run(rotated, 'list')).stdout.match(/former/g)).toHaveLength(3);
  expect((await run(rotated, 'register')).stdout.match(/registered/g)).toHaveLength(3);
});

test.each(['running', 'not running'])(
  'rotate gives our listeners new URLs, once in 24 hours unless forced (gateway %s)',
  async (gateway) => {
    await using simulator = await startSimulator(ONE_ACCOUNT);
    await using folder = await tempFolder();
    const env = await fixedEnv(simulator, folder.path);
    await using undo = new AsyncDisposableStack();
    if (gateway === 'running') undo.use(await openGateway(simulator, `${folder.path}/gateway.sqlite`, env));
    await run(env, 'register');
    const urls = () => simulator.listeners(ACCOUNT).map(({ url }) => url);
    const first = urls();

    const rotated = await run(env, 'rotate');
    const door = env['M2M_CALLBACK_PUBLIC_URL'] ?? '';
    expect(rotated).toMatchObject({ code: 0, stderr: '' });
    const [shown, until] = rotated.stdout.split('\n\n');
    expect(`${shown}\n`).toBe(
      table([
        ['CarrierService', 'ours', door, 'registered'],
        ['NiddService', 'ours', door, 'registered'],
        ['DeviceProfileService', 'ours', door, 'registered'],
      ]),
    );
    expect(until).toMatch(/^The URLs of before are taken until \d{4}-\d\d-\d\dT[\d:.]+Z\.\n$/);
    const second = urls();
    for (const url of second) expect(first).not.toContain(url);

    expect(await run(env, 'rotate')).toMatchObject({
      code: 1,
      stdout: '',
      stderr: expect.stringMatching(/Wait 2[34] h \d+ min.*rotate --force/),
    });
    expect(urls()).toEqual(second);
    expect(await run(env, 'rotate', '--force')).toMatchObject({ code: 0 });
    for (const url of urls()) expect([...first, ...second]).not.toContain(url);
    expect((await run(env, 'list')).stdout.match(/ours/g)).toHaveLength(3);
  },
);

test('a listener of ours under a secret that is not known any more is ours to renew, not another tool’s', async () => {
  await using simulator = await startSimulator(ONE_ACCOUNT);
  await using folder = await tempFolder();
  const env = await fixedEnv(simulator, folder.path);
  {
    await using _gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`, env);
  }
  await run(env, 'register');
  const changed = { ...env, M2M_CALLBACK_SECRET: 'a-third-secret-for-tests-of-32-characters' };
  expect((await run(changed, 'list')).stdout.match(/lapsed/g)).toHaveLength(3);
  expect((await run(changed, 'register')).stdout.match(/registered/g)).toHaveLength(3);
  expect((await run(changed, 'list')).stdout.match(/ours/g)).toHaveLength(3);
});

test('what the command rotated without a gateway, the gateway that starts next takes, on the former URLs too', async () => {
  await using simulator = await startSimulator(ONE_ACCOUNT);
  await using folder = await tempFolder();
  const env = await fixedEnv(simulator, folder.path);
  await run(env, 'register');
  const urls = simulator.listeners(ACCOUNT).map(({ url }) => url);
  await run(env, 'rotate');
  await using _gateway = await openGateway(simulator, `${folder.path}/gateway.sqlite`, env);
  for (const url of [...urls, ...simulator.listeners(ACCOUNT).map((listener) => listener.url)]) {
    const answer = await request(url, { method: 'POST', body: JSON.stringify({ requestId: 'of-another-tool', status: 'Success' }) });
    expect(answer.statusCode).toBe(200);
  }
});

test('a store that a gateway holds whose admin listener is elsewhere is left alone', async () => {
  await using simulator = await startSimulator(ONE_ACCOUNT);
  await using folder = await tempFolder();
  const env = await fixedEnv(simulator, folder.path);
  await using _gateway = await spawnGateway({ ...env, M2M_ADMIN_PORT: '0' });
  const answer = await run(env, 'list');
  expect(answer).toMatchObject({ code: 1, stdout: '' });
  expect(answer.stderr).toContain('Another process has the store');
});

test.each(['<html>hello</html>', '{}', '[]'])('another program on the admin port is recognised, and sent no command: %s', async (page) => {
  const asked: string[] = [];
  const server = createServer((incoming, response) => {
    asked.push(`${incoming.method} ${incoming.url}`);
    response.setHeader('content-type', 'application/json').end(page);
  });
  await using stranger = await listenOnLoopback(server);
  await using simulator = await startSimulator(ONE_ACCOUNT);
  await using folder = await tempFolder();
  const env = { ...(await fixedEnv(simulator, folder.path)), M2M_ADMIN_PORT: String(stranger.port) };
  for (const command of ['list', 'register'])
    expect(await run(env, command)).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('M2M_ADMIN_PORT') });
  expect(asked).toEqual(['GET /health/live', 'GET /health/live']);
});

test('a refused login is told in words, and remembered', async () => {
  await using simulator = await startSimulator(ONE_ACCOUNT);
  await using folder = await tempFolder();
  const env = { ...(await fixedEnv(simulator, folder.path)), M2M_THINGSPACE_PASSWORD: 'not-the-password' };
  for (let at = 0; at < 3; at++) {
    expect(await run(env, 'list')).toMatchObject({ code: 1, stderr: expect.stringContaining('ThingSpace refused the login') });
  }
  expect(simulator.ledger.counts.calls['login']).toBe(1);
});

test('faults of the configuration are listed as the gateway lists them', async () => {
  const answer = await run({ M2M_THINGSPACE_ACCOUNTS: 'a', M2M_ADMIN_PRT: '1' }, 'list');
  expect(answer).toMatchObject({ code: 1, stdout: '' });
  expect(answer.stderr).toMatch(/^The configuration has \d+ faults:\n/);
  expect(answer.stderr).toContain('M2M_THINGSPACE_CLIENT_ID is not set.');
  expect(answer.stderr).toContain('Did you mean M2M_ADMIN_PORT?');
});

test.each([[['--help']], [['register', '--help']]])('%j explains every command and needs no configuration', async (args) => {
  const answer = await run({}, ...args);
  expect(answer).toMatchObject({ code: 0, stderr: '' });
  for (const word of ['list', 'register --replace', 'rotate --force', 'lapsed', 'remove']) expect(answer.stdout).toContain(word);
});

test.each([[[]], [['show']], [['list', '--replace']], [['register', '--force']], [['rotate', '--replace']], [['remove', 'all']]])(
  'wrong usage %j ends with 2 and the usage, and does nothing',
  async (args) => {
    expect(await run({}, ...args)).toMatchObject({ code: 2, stdout: '', stderr: expect.stringContaining('Usage: npm run callbacks') });
  },
);

test.each(['empty', 'array'] as const)('the carrier’s %s answer to a list of no listeners is understood', async (emptyCallbackList) => {
  await using simulator = await startSimulator({ ...ONE_ACCOUNT, emptyCallbackList });
  await using client = carrierClient(simulator);
  expect(await client.thingSpace.registrations(ACCOUNT)).toEqual([]);
});

async function registerOtherTool(simulator: Simulator): Promise<void> {
  await using client = carrierClient(simulator);
  await client.thingSpace.register(ACCOUNT, { serviceName: 'CarrierService', url: OTHER_TOOL, username: '', password: '' });
}

const run = (env: Readonly<Record<string, string>>, ...args: readonly string[]) => answerCommand(callbacksCommandLine, args, env);

/** The expected output for the one account; the columns are as wide as their widest cell. */
function table(rows: readonly (readonly string[])[]): string {
  const lines = [['ACCOUNT', 'SERVICE', 'STATE', 'DELIVERS TO', 'CHANGE'], ...rows.map((row) => [ACCOUNT, ...row])];
  const width = (column: number) => Math.max(...lines.map((line) => line[column]?.length ?? 0));
  return lines
    .map(
      (line) =>
        `${line
          .map((cell, column) => cell.padEnd(width(column)))
          .join('  ')
          .trimEnd()}\n`,
    )
    .join('');
}
