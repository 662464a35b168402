import { existsSync, readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { isBuiltin } from 'node:module';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { simulatedEnv } from '../../scripts/support/simulated-env.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { spawnGateway } from '../support/gateway-process.ts';
import { holdSocket } from '../support/held-socket.ts';
import { installPackage, type InstalledPackage } from '../support/installed-package.ts';
import { needPostgres } from '../support/need-postgres.ts';
import { noPostgres } from '../support/postgres-programs.ts';
import { spawnSandbox } from '../support/sandbox-process.ts';

const ROOT = join(import.meta.dirname, '../..');
const NAME = 'm2m-graphql-gateway';
const reason = noPostgres();
if (reason !== null) process.stderr.write(`The package is not started with PostgreSQL: ${reason}.\n`);
/** Scripts that only the repository needs. */
const TOOL = /^scripts\/(?:build|write-|crash)/;
const TYPED = `import { readConfig, startGateway } from '${NAME}';
export const url: string = (await startGateway(readConfig(process.env), { onFatal: ({ code }) => process.exit(code.length) })).urls.graphql;
import { startSimulator, type SimulatorOptions } from '${NAME}/simulator';
export const carrier = (options: SimulatorOptions): Promise<{ readonly url: string }> => startSimulator(options);
`;

let installed: InstalledPackage;

/** A build, and 260 MB that npm writes: 20 s, and more where other tests run beside it. */
const INSTALL_MS = 300_000;

beforeAll(async () => {
  installed = await installPackage();
}, INSTALL_MS);
afterAll(() => installed[Symbol.asyncDispose]());

const inPackage = (file: string) => readFileSync(join(installed.folder, 'node_modules', NAME, file), 'utf8');

describe('what npm pack makes', () => {
  test('holds what is compiled from the sources, what that reads, and the documents: no test, no bench, no tool', () => {
    const unexpected = installed.files
      .filter((file) => file.startsWith('dist/') && file !== 'dist/require-node.js')
      .map((file) => file.slice('dist/'.length).replace(/\.d\.ts$|\.js$/, '.ts'))
      .filter((source) => !/^(?:src|simulator|scripts|documents)\//.test(source) || TOOL.test(source) || !existsSync(join(ROOT, source)));
    expect(unexpected).toEqual([]);
    const others = installed.files.filter((file) => !file.startsWith('dist/') && !/^docs\/[a-zA-Z-]+\.md$/.test(file));
    expect(others.toSorted()).toEqual(
      ['.env.example', 'CHANGELOG.md', 'LICENSE', 'README.md', 'package.json', 'schema.graphql', 'simulator/README.md'].toSorted(),
    );
  });

  test('imports only what is installed with it', () => {
    const { dependencies } = JSON.parse(inPackage('package.json')) as { dependencies: Record<string, string> };
    const imported = installed.files
      .filter((file) => /^dist\/.*(?:\.js|\.d\.ts)$/.test(file))
      .flatMap((file) => [...inPackage(file).matchAll(/(?:^(?:import|export)\s[^;]*?from\s+|^import\s+|\bimport\()'([^'.][^']*)'/gm)])
      .map(([, name = '']) => /^(?:@[^/]+\/)?[^/]+/.exec(name)?.[0] ?? name)
      .filter((name) => !isBuiltin(name));
    expect([...new Set(imported)].filter((name) => !(name in dependencies))).toEqual([]);
    expect(imported).toContain('graphql-yoga');
  });

  test('has types for the gateway and the simulator', async () => {
    await writeFile(join(installed.folder, 'typed.mts'), TYPED);
    const types = ['--types', 'node', '--typeRoots', join(ROOT, 'node_modules/@types')];
    const options = ['--noEmit', '--strict', '--module', 'nodenext', '--lib', 'es2024,esnext.disposable', ...types];
    const { code, stdout } = await installed.run(process.execPath, [
      join(ROOT, 'node_modules/typescript/bin/tsc'),
      ...options,
      'typed.mts',
    ]);
    expect(stdout).toBe('');
    expect(code).toBe(0);
  });
});

describe('m2m-gateway', () => {
  test('demo runs to its end', async () => {
    const { code, stdout, stderr } = await installed.run('npx', ['--no', 'm2m-gateway', 'demo']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/resumeProfile +PARTIALLY_FAILED +5 of 6 succeeded/);
  });

  test('start serves with the flags of npm start, is its own process, and ends with 0 at SIGTERM', async () => {
    await using simulator = await startSimulator();
    const env = { ...simulatedEnv(simulator, { storePath: join(installed.folder, 'store') }), ...installed.env };
    await using gateway = await spawnGateway(env, { program: [installed.command, 'start'] });
    const answer = await fetch(`${gateway.admin}/health/ready`);
    expect(answer.status).toBe(200);
    const { scripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { scripts: { start: string } };
    const [flag = 'none'] = /--max-semi-space-size=\d+/.exec(scripts.start) ?? [];
    expect(readFileSync(`/proc/${gateway.pid}/cmdline`, 'utf8').split('\0')).toContain(flag);
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
  });

  test.skipIf(reason !== null)('start makes the tables of a PostgreSQL database, and keeps a journal beside it', async () => {
    await using database = await (await needPostgres()).openDatabase();
    await using simulator = await startSimulator();
    const env = {
      ...simulatedEnv(simulator, { storePath: join(installed.folder, 'not-made') }),
      M2M_STORE_URL: database.url,
      M2M_STORE_JOURNAL: join(installed.folder, 'journal'),
      ...installed.env,
    };
    await using gateway = await spawnGateway(env, { program: [installed.command, 'start'] });
    const answer = await fetch(`${gateway.admin}/health/ready/callbacks`);
    expect([answer.status, await answer.json()]).toMatchObject([200, { checks: { store: 'ok', journal: 'ok' } }]);
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
    expect(['not-made', 'journal'].map((name) => existsSync(join(installed.folder, name)))).toEqual([false, true]);
  });

  test('start keeps the sockets that a supervisor gives it', async () => {
    using held = holdSocket();
    await using simulator = await startSimulator();
    const store = { storePath: join(installed.folder, 'store-of-held') };
    const env = { ...simulatedEnv(simulator, store), M2M_CALLBACK_FD: '3', M2M_CALLBACK_REGISTER: 'off', ...installed.env };
    await using gateway = await spawnGateway(env, { program: [installed.command, 'start'], descriptors: [held.descriptor] });
    expect(new URL(gateway.callbacks).port).toBe(String(held.port));
    gateway.kill('SIGTERM');
    expect(await gateway.exited).toBe(0);
  });

  test('sandbox starts with its examples, and ends with 0 at SIGTERM', async () => {
    const flags = ['graphql', 'callback', 'admin', 'simulator', 'simulator-admin'].flatMap((name) => [`--${name}-port`, '0']);
    await using sandbox = spawnSandbox(flags, installed.env, installed.folder, [installed.command, 'sandbox']);
    const { graphql } = await sandbox.ready;
    const page = await fetch(graphql, { headers: { accept: 'text/html' } });
    expect(await page.text()).toContain('mutation ActivateDevices');
    sandbox.kill('SIGTERM');
    expect(await sandbox.exited).toBe(0);
  });

  test('commands tell of themselves by the name that they have here', async () => {
    for (const name of ['keys', 'sandbox']) {
      const { code, stdout, stderr } = await installed.run(installed.command, [name, '--help']);
      expect({ name, code, stderr }).toEqual({ name, code: 0, stderr: '' });
      expect(stdout).toContain(` m2m-gateway ${name} `);
      expect(stdout).not.toContain('npm ');
    }
  });

  test('passes arguments and exit codes on', async () => {
    const { code, stderr } = await installed.run(installed.command, ['store', 'verify', 'no-such-file']);
    expect(code).toBe(1);
    expect(stderr).toContain(join(installed.folder, 'no-such-file'));
    expect(await installed.run(installed.command, ['keys', 'unheard-of'])).toMatchObject({ code: 2 });
  });

  test.each([
    [[], 'Which command?'],
    [['stop'], 'Not a command: stop.'],
    [['constructor'], 'Not a command: constructor.'],
    [['start', '--port', '1'], 'start takes no arguments, but was given: --port 1'],
  ])('%j is refused, with the list of commands', async (args, complaint) => {
    const { code, stdout, stderr } = await installed.run(installed.command, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.startsWith(`${complaint}\n\nUsage: m2m-gateway <command>`), stderr).toBe(true);
    for (const name of ['start', 'demo', 'sandbox', 'simulator', 'store', 'keys', 'callbacks']) expect(stderr).toContain(`\n  ${name} `);
  });
});
