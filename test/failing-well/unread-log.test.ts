import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync } from 'node:fs';
import { createServer } from 'node:http';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { makeCallbackPath } from '../../src/resolvers/callbacks/callback-paths.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { listenOnLoopback } from '../support/listen-on-loopback.ts';
import { readMetric } from '../support/read-metric.ts';
import { spawnEnv } from '../support/spawn-env.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { unreadPipe } from '../support/unread-pipe.ts';
import { until } from '../support/until.ts';

/** What every supervisor gives a process before it kills it. */
const PATIENCE_MS = 20_000;

/** A gateway whose standard output and standard error are one descriptor. Nobody reads from it where it listens. */
async function startWithOutput(output: number) {
  await using undo = new AsyncDisposableStack();
  const folder = undo.use(await tempFolder());
  const simulator = undo.use(await startSimulator({ magicIdentifiers: false }));
  const ports = await freePorts();
  const env: Record<string, string> = { ...gatewayEnv(simulator, `${folder.path}/gateway.sqlite`), ...ports, M2M_LOG_LEVEL: 'debug' };
  const child = spawn(process.execPath, ['src/main.ts'], { env: spawnEnv(env), stdio: ['ignore', output, output] });
  const exited = once(child, 'exit');
  undo.defer(async () => {
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    await exited;
  });
  const admin = `http://127.0.0.1:${ports.M2M_ADMIN_PORT}`;
  const live = async () => (await request(`${admin}/health/ready`)).statusCode === 200;
  await until(() => live().catch(() => false));
  const path = makeCallbackPath(env['M2M_CALLBACK_SECRET'] ?? '', { account: simulator.accounts[0] ?? '', service: 'CarrierService' });
  const built = undo.move();
  return {
    admin,
    callbackUrl: `http://127.0.0.1:${ports.M2M_CALLBACK_PORT}${path}`,
    graphql: `http://127.0.0.1:${ports.M2M_GRAPHQL_PORT}`,
    async stop() {
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), PATIENCE_MS);
      const [code, signal] = (await exited) as [number | null, NodeJS.Signals | null];
      clearTimeout(late);
      return code ?? signal;
    },
    [Symbol.asyncDispose]: () => built.disposeAsync(),
  };
}

async function freePorts() {
  const ports: string[] = [];
  await using open = new AsyncDisposableStack();
  for (let at = 0; at < 3; at++) ports.push(String(open.use(await listenOnLoopback(createServer())).port));
  const [M2M_GRAPHQL_PORT = '', M2M_CALLBACK_PORT = '', M2M_ADMIN_PORT = ''] = ports;
  return { M2M_GRAPHQL_PORT, M2M_CALLBACK_PORT, M2M_ADMIN_PORT };
}

/** Posts what nobody can read, of several kinds, and asks every listener whether it is alive. */
async function work({ callbackUrl, graphql, admin }: Awaited<ReturnType<typeof startWithOutput>>, callbacks = 200): Promise<void> {
  const answers = new Set<number>();
  const post = async (number: number) => {
    const body = [`not JSON ${number}`, `{"no": "callback", "number": ${number}}`][number % 2] ?? '';
    const answer = await request(number % 4 === 3 ? `${callbackUrl}x` : callbackUrl, { method: 'POST', body });
    await answer.body.dump();
    answers.add(answer.statusCode);
  };
  for (let number = 0; number < callbacks; number += 50) await Promise.all(Array.from({ length: 50 }, (_, at) => post(number + at)));
  expect(answers).toEqual(new Set([200, 404]));
  for (const url of [admin, graphql]) {
    const answer = await request(`${url}/health/live`);
    await answer.body.dump();
    expect(answer.statusCode).toBe(200);
  }
}

test('nobody reads the log from the start on: everything is answered, the gateway stops in time, and the log begins when somebody reads', async () => {
  await using pipe = await unreadPipe();
  pipe.fill();
  await using gateway = await startWithOutput(pipe.writeEnd);
  await work(gateway, 2_000);
  expect(await readMetric(gateway.admin, 'm2m_log_lines_dropped_total')).toBe(0);
  let text = pipe.read();
  await until(() => (text += pipe.read()).includes('callback_not_applied'));
  // Only the start of the first line may have got into the pipe before it was full.
  expect(
    text
      .split('\n')
      .slice(1, -1)
      .map((line) => (JSON.parse(line) as { event: string }).event),
  ).toContain('listening');
  pipe.fill();
  expect(await gateway.stop()).toBe(0);
});

test('whoever reads the log dies: everything goes on, and the gateway stops in time', async () => {
  await using pipe = await unreadPipe();
  await using gateway = await startWithOutput(pipe.writeEnd);
  pipe.closeReader();
  await work(gateway);
  expect(await gateway.stop()).toBe(0);
});

test('the log is a file on a full disk: everything goes on, and the gateway stops in time', async () => {
  const full = openSync('/dev/full', 'w');
  await using gateway = await startWithOutput(full);
  closeSync(full);
  await work(gateway);
  expect(await gateway.stop()).toBe(0);
});

test('when the gateway stops, its last lines are read by whoever reads slowly', async () => {
  await using pipe = await unreadPipe();
  await using gateway = await startWithOutput(pipe.writeEnd);
  pipe.fill();
  const stopped = gateway.stop();
  let text = '';
  const reading = setInterval(() => (text += pipe.read()), 20);
  expect(await stopped).toBe(0);
  clearInterval(reading);
  expect(text + pipe.read()).toContain('"event":"stopped"');
});
