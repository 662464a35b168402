import { once } from 'node:events';
import { createServer } from 'node:http';
import { connect } from 'node:net';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { listen } from '../../src/lib/listen.ts';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { openGateway } from '../support/open-gateway.ts';
import { tempFolder } from '../support/temp-folder.ts';

const CONNECTIONS = 200;
const AT = { host: '127.0.0.1', port: 0, variable: 'M2M_A_PORT', patienceMs: 1_000 };

// One turn of a loaded event loop takes tens of milliseconds, and each socket that listens gives one connection in a turn.
test.skipIf(process.platform !== 'linux').each([
  ['one socket', 'one by one', 1],
  ['50 sockets', 'several at once', 50],
])('with %s on the port, connections that wait are taken %s', async (_what, _how, sockets) => {
  await using undo = new AsyncDisposableStack();
  let taken = 0;
  const server = createServer((_request, response) => void response.end('here'));
  server.on('connection', () => taken++);
  const url = await listen(undo, server, { ...AT, sockets });
  const clients = Array.from({ length: CONNECTIONS }, () => connect(Number(new URL(url).port), '127.0.0.1'));
  let most = 0;
  for (let before = 0; taken < CONNECTIONS; before = taken) {
    await nextTurn();
    most = Math.max(most, taken - before);
  }
  if (sockets === 1) expect(most).toBe(1);
  else expect(most).toBeGreaterThan(5);
  // Whichever socket took it, the one server answers.
  for (const client of clients) client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
  const answers = await Promise.all(clients.map((client) => once(client, 'data') as Promise<[Buffer]>));
  expect(answers.every(([answer]) => answer.toString().endsWith('here'))).toBe(true);
  await undo.disposeAsync();
  await expect(once(connect(Number(new URL(url).port), '127.0.0.1'), 'connect')).rejects.toThrow('ECONNREFUSED');
});

test('a door that lingers answers what comes over a kept-alive connection just as it closes, and says that the next one will not be', async () => {
  await using undo = new AsyncDisposableStack();
  const server = createServer((_request, response) => void response.end('here'));
  const url = await listen(undo, server, { ...AT, sockets: 2, lingers: true });
  const client = connect(Number(new URL(url).port), '127.0.0.1');
  const ask = async () => {
    client.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const [answer] = (await once(client, 'data')) as [Buffer];
    return answer.toString().toLowerCase();
  };
  expect(await ask()).toContain('connection: keep-alive');
  const closed = undo.disposeAsync();
  expect(await ask()).toContain('connection: close');
  await closed;
});

test.each(['M2M_CALLBACK_PORT', 'M2M_GRAPHQL_PORT'])(
  'a second gateway on the port of a running one (%s) is refused, and does not share it',
  async (variable) => {
    await using folder = await tempFolder();
    await using simulator = await startSimulator();
    await using first = await openGateway(simulator, `${folder.path}/first.sqlite`);
    const { port } = new URL(variable === 'M2M_CALLBACK_PORT' ? first.urls.callbacks : first.urls.graphql);
    await expect(openGateway(simulator, `${folder.path}/second.sqlite`, { [variable]: port })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
      message: expect.stringContaining(`Set ${variable} to a free port`),
    });
  },
);
