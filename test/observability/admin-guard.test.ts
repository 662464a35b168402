import { existsSync } from 'node:fs';
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import { Agent, request } from 'undici';
import { expect, test } from 'vitest';
import { refuseStranger } from '../../src/server/admin/admin-guard.ts';
import { startStack } from '../support/stack.ts';

const COMMANDS = [
  ['GET', '/callbacks'],
  ['POST', '/callbacks/register'],
  ['POST', '/callbacks/remove'],
  ['POST', '/login/unlatch'],
  ['GET', '/keys'],
  ['POST', '/keys/create'],
  ['POST', '/keys/revoke'],
  ['POST', '/keys/change'],
  ['GET', '/store/stats'],
  ['POST', '/store/purge'],
] as const;
const MONITORED = ['/health/live', '/health/ready', '/health/ready/callbacks', '/metrics'] as const;

test('a web page, of a foreign site or under a name it has made up for this machine, cannot ask the admin listener anything', async () => {
  await using stack = await startStack({ register: false });
  const { admin } = stack.gateway.urls;
  const answerTo = async (method: 'GET' | 'POST', path: string, headers: Record<string, string>) => {
    const answer = await request(`${admin}${path}`, { method, headers });
    return { status: answer.statusCode, body: (await answer.body.text()).slice(0, 200) };
  };
  const backup = `${stack.storePath}.backup`;
  const commands = [...COMMANDS, ['POST', `/store/backup?path=${encodeURIComponent(backup)}`] as const];
  for (const [method, path] of commands) {
    expect(await answerTo(method, path, { origin: 'https://evil.example' }), path).toMatchObject({ status: 403 });
    // A page that this machine serves is a page too.
    expect(await answerTo(method, path, { origin: admin }), path).toMatchObject({ status: 403 });
    expect(await answerTo(method, path, { host: 'evil.example:9090' }), path).toMatchObject({ status: 421 });
    expect(await answerTo(method, path, { host: '127.0.0.1.evil.example' }), path).toMatchObject({ status: 421 });
  }
  expect(existsSync(backup)).toBe(false);
  expect(stack.simulator.ledger.counts.calls).toEqual({});
  for (const path of MONITORED) {
    expect(await answerTo('GET', path, { origin: 'https://evil.example' }), path).toMatchObject({ status: 403 });
    // Monitoring may know it by any name; there is nothing of an account or a device in it.
    expect(await answerTo('GET', path, { host: 'gateway:9090' }), path).toMatchObject({ status: 200 });
  }
  for (const host of ['localhost:9090', '127.0.0.1', '[::1]:9090', '10.0.0.7:9090'])
    expect(await answerTo('GET', '/store/stats', { host }), host).toMatchObject({ status: 200 });
});

test.each([
  ['/store/purge?olderThanDays=0', 'is not a number of days from 1 to 3650'],
  ['/store/purge?olderThanDays=', 'is not a number of days'],
  ['/store/purge?olderThanDays=30d', 'is not a number of days'],
  ['/store/backup', 'is not an absolute path'],
  ['/store/backup?path=backup.sqlite', 'is not an absolute path'],
])('POST %s is answered 400 in words', async (path, words) => {
  await using stack = await startStack({ register: false });
  const answer = await request(`${stack.gateway.urls.admin}${path}`, { method: 'POST' });
  expect({ status: answer.statusCode, body: await answer.body.json() }).toMatchObject({
    status: 400,
    body: { error: 'BAD_USER_INPUT', message: expect.stringContaining(words) as string },
  });
});

test.each([
  ['127.0.0.1', 'IPv4', true],
  ['127.8.9.10', 'IPv4', true],
  ['::1', 'IPv6', true],
  ['::ffff:127.0.0.1', 'IPv6', true],
  ['10.0.0.7', 'IPv4', false],
  ['172.17.0.1', 'IPv4', false],
  ['128.0.0.1', 'IPv4', false],
  ['::ffff:10.0.0.7', 'IPv6', false],
  ['fe80::1', 'IPv6', false],
  ['::2', 'IPv6', false],
  // Gone before it was asked.
  [undefined, undefined, false],
])('a command from %s (%s) is taken: %s', (remoteAddress, remoteFamily, taken) => {
  const socket = Object.defineProperties(new Socket(), { remoteAddress: { value: remoteAddress }, remoteFamily: { value: remoteFamily } });
  const incoming = new IncomingMessage(socket);
  expect(refuseStranger(incoming, 'POST /keys/create')).toEqual(
    taken ? null : { status: 403, body: { error: 'FORBIDDEN', message: expect.stringContaining('over loopback only') as string } },
  );
  for (const path of MONITORED) expect(refuseStranger(incoming, `GET ${path}`)).toBeNull();
});

test('another machine can watch this gateway and not command it, however it calls itself', async () => {
  await using stack = await startStack({ register: false });
  // Asked from an address of this machine that is not loopback, which stands for another one's.
  const addresses = Object.values(networkInterfaces()).flatMap((all) => all ?? []);
  for (const { address: localAddress } of addresses.filter(({ family, internal }) => family === 'IPv4' && !internal)) {
    const dispatcher = new Agent({ localAddress });
    const statusOf = async (method: 'GET' | 'POST', path: string, headers: Record<string, string> = {}) => {
      const answer = await request(`${stack.gateway.urls.admin}${path}`, { method, headers, dispatcher });
      await answer.body.dump();
      return answer.statusCode;
    };
    for (const [method, path] of COMMANDS)
      expect(await statusOf(method, path, { host: 'localhost', 'x-forwarded-for': '127.0.0.1' }), path).toBe(403);
    for (const path of MONITORED) expect(await statusOf('GET', path), path).toBe(200);
    await dispatcher.destroy();
  }
  expect(stack.simulator.ledger.counts.calls).toEqual({});
});
