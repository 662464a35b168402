import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import { startTcpFaultProxy, type TcpFaultProxy } from '../support/tcp-fault-proxy.ts';
import { until } from '../support/until.ts';

/** Answers each piece with `<piece>`, and tells what it was asked. */
async function startEcho(): Promise<{ url: string; asked: string[] }> {
  const asked: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined));
    socket.on('data', (piece) => {
      asked.push(String(piece));
      socket.write(`<${String(piece)}>`);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  const address = server.address();
  return { url: `tcp://127.0.0.1:${typeof address === 'object' ? address?.port : ''}`, asked };
}

async function client(proxy: TcpFaultProxy): Promise<Socket> {
  const socket = connect(Number(new URL(proxy.through('tcp://127.0.0.1:1')).port), '127.0.0.1');
  onTestFinished(() => void socket.destroy());
  await once(socket, 'connect');
  return socket;
}

async function ask(socket: Socket, piece: string): Promise<string> {
  socket.write(piece);
  return String((await once(socket, 'data'))[0]);
}

test('connections are cut with a reset, and new ones are taken', async () => {
  const { url } = await startEcho();
  await using proxy = await startTcpFaultProxy(url);
  const socket = await client(proxy);
  expect(await ask(socket, 'one')).toBe('<one>');
  const failed = once(socket, 'error');
  proxy.cut();
  expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  expect(await ask(await client(proxy), 'two')).toBe('<two>');
  expect(proxy.connections).toBe(2);
});

test('new connections are refused until it is healed, and open ones go on', async () => {
  const { url } = await startEcho();
  await using proxy = await startTcpFaultProxy(url);
  const socket = await client(proxy);
  await proxy.refuse();
  await expect(client(proxy)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(await ask(socket, 'one')).toBe('<one>');
  await proxy.heal();
  expect(await ask(await client(proxy), 'two')).toBe('<two>');
});

test('while it is frozen connections are taken and nothing goes through; then everything comes, in order', async () => {
  const { url, asked } = await startEcho();
  await using proxy = await startTcpFaultProxy(url);
  const old = await client(proxy);
  expect(await ask(old, 'before')).toBe('<before>');
  proxy.freeze();
  const fresh = await client(proxy);
  const answers = [old, fresh].map((socket, at) => ask(socket, `frozen ${at}`));
  // A connection beside the proxy shows that the server had time to answer.
  const beside = connect(Number(new URL(url).port), '127.0.0.1');
  for (let times = 0; times < 5; times++) await ask(beside, 'beside');
  beside.destroy();
  expect(asked.filter((piece) => piece !== 'beside')).toEqual(['before']);
  await proxy.heal();
  expect(await Promise.all(answers)).toEqual(['<frozen 0>', '<frozen 1>']);
});

test('answers come later, and none overtakes another when the latency ends', async () => {
  const { url } = await startEcho();
  await using proxy = await startTcpFaultProxy(url);
  const socket = await client(proxy);
  let answered = '';
  socket.on('data', (piece) => (answered += String(piece)));
  proxy.delay(200);
  socket.write('late');
  await until(() => proxy.waiting === 1);
  expect(answered).toBe('');
  proxy.delay(0);
  socket.write('at once');
  await until(() => answered.length >= '<late><at once>'.length);
  expect(answered).toBe('<late><at once>');
});

test('after so many bytes of answers the connection is closed, once', async () => {
  const { url } = await startEcho();
  await using proxy = await startTcpFaultProxy(url);
  const socket = await client(proxy);
  const struck = proxy.cutAfter(7);
  const all = text(socket);
  socket.write('12345');
  socket.write('67890');
  expect(await all).toMatch(/^<12345/);
  expect(await all).toHaveLength(7);
  await struck;
  expect(await ask(await client(proxy), 'more than seven')).toBe('<more than seven>');
});

test('the answer to a text is lost, and what was asked is done', async () => {
  const { url, asked } = await startEcho();
  await using proxy = await startTcpFaultProxy(url);
  const socket = await client(proxy);
  const passed = proxy.loseAnswerTo('COMMIT');
  expect(await ask(socket, 'BEGIN')).toBe('<BEGIN>');
  const failed = once(socket, 'error');
  socket.write('COMMIT');
  await passed;
  expect((await failed)[0]).toMatchObject({ code: 'ECONNRESET' });
  expect(asked).toEqual(['BEGIN', 'COMMIT']);
  expect(await ask(await client(proxy), 'COMMIT')).toBe('<COMMIT>');
});
