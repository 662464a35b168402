import { once } from 'node:events';
import { copyFileSync, readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import type { RotationReport } from '../../src/resolvers/callbacks/callback-registrations.ts';
import { carrierClient } from '../support/carrier-client.ts';
import { readMetric } from '../support/read-metric.ts';
import { openClockedGateway, type ClockedGateway } from './support/clocked-gateway.ts';

const DAY_MS = 86_400_000;
const MINUTE_MS = 60_000;
const SERVICES = ['CarrierService', 'NiddService', 'DeviceProfileService'] as const;
const FORCE = '/callbacks/rotate?force=true';

const message = (comment: string) => JSON.stringify({ requestId: 'of-another-tool', status: 'Success', comment });
const pathOf = ({ gateway, account }: ClockedGateway) => gateway.callbackPath(account, 'CarrierService');
const urlsAt = ({ simulator, account }: ClockedGateway) => simulator.listeners(account).map(({ url }) => url);
const urlsOf = ({ gateway, account }: ClockedGateway) =>
  SERVICES.map((each) => gateway.urls.callbacks + gateway.callbackPath(account, each));
const counted = ({ gateway }: ClockedGateway, outcome: string) =>
  readMetric(gateway.urls.admin, `m2m_callbacks_total{service="CarrierService",outcome="${outcome}"}`);
const onFormer = ({ gateway }: ClockedGateway, former: string) =>
  readMetric(gateway.urls.admin, `m2m_callbacks_on_former_total{former="${former}"}`);
const rotate = (stack: ClockedGateway, path = '/callbacks/rotate') => stack.command<RotationReport>('POST', path);
const states = async (stack: ClockedGateway) =>
  (await stack.command<{ state: string }[]>('GET', '/callbacks')).body.map(({ state }) => state);

/** Registers, then rotates once. Returns the path from before and the one from after. */
async function rotated(env: Readonly<Record<string, string>> = {}) {
  const stack = await openClockedGateway(env);
  await stack.command('POST', '/callbacks/register');
  const former = pathOf(stack);
  const { status } = await rotate(stack);
  if (status !== 200) throw new Error(`not rotated: ${status}`);
  return { stack, former, current: pathOf(stack), [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() };
}

test('a rotation gives every registration of ours a new URL, and says until when the former ones are taken', async () => {
  await using stack = await openClockedGateway({ M2M_CALLBACK_USERNAME: 'before', M2M_CALLBACK_PASSWORD: 'password-before' });
  await stack.command('POST', '/callbacks/register');
  const before = urlsAt(stack);
  await stack.restart({ M2M_CALLBACK_USERNAME: 'after', M2M_CALLBACK_PASSWORD: 'password-after' });
  const { status, body } = await rotate(stack);
  expect(status).toBe(200);
  expect(body.formerUntil).toBe(stack.clock.ms + DAY_MS);
  expect(body.listeners).toMatchObject(SERVICES.map((service) => ({ service, state: 'ours', change: 'registered' })));
  expect(urlsAt(stack)).toEqual(urlsOf(stack));
  for (const url of urlsAt(stack)) expect(before).not.toContain(url);
  // New credentials reach the carrier the same way.
  for (const listener of stack.simulator.listeners(stack.account))
    expect(listener).toMatchObject({ username: 'after', password: 'password-after' });
});

test('URLs from before the first rotation stay the same, so existing registrations go on', async () => {
  await using stack = await openClockedGateway({ M2M_CALLBACK_SECRET: 'a-secret-of-thirty-two-characters' });
  expect(pathOf(stack)).toBe('/callbacks/ZdT01yZyq1S7YPdukuGa62yhqWEZ3mojnkzJdeUCipE');
});

test('within 24 hours a message is taken on the former and the new path, and is one message', async () => {
  await using rotation = await rotated();
  const { stack, former, current } = rotation;
  expect(former).not.toBe(current);
  expect(await stack.post(former, message('a'))).toBe(200);
  expect(await stack.post(current, message('a'))).toBe(200);
  expect(await stack.post(current, message('b'))).toBe(200);
  expect(await stack.post(former, message('b'))).toBe(200);
  expect(await counted(stack, 'unclaimed')).toBe(2);
  expect(await counted(stack, 'duplicate')).toBe(2);
});

test('the use of a former path is counted and logged as a warning once a minute and service, without the path and the account', async () => {
  await using rotation = await rotated();
  const { stack, former, current } = rotation;
  for (const comment of ['a', 'b', 'c']) await stack.post(former, message(comment));
  await stack.post(current, message('d'));
  expect(await onFormer(stack, 'rotation')).toBe(3);
  expect(stack.log.of('callback_on_former_rotation')).toMatchObject([{ level: 40, service: 'CarrierService', count: 1 }]);
  stack.clock.ms += MINUTE_MS;
  await stack.post(former, message('e'));
  await until(() => stack.log.of('callback_on_former_rotation').length > 1);
  expect(stack.log.of('callback_on_former_rotation')).toMatchObject([{ count: 1 }, { count: 3 }]);
  for (const secret of [former, current, stack.account]) expect(stack.log.text()).not.toContain(secret.replace('/callbacks/', ''));
});

test('24 hours after the rotation the former path is no longer taken', async () => {
  await using rotation = await rotated();
  const { stack, former, current } = rotation;
  stack.clock.ms += DAY_MS - 1;
  expect(await stack.post(former, message('a'))).toBe(200);
  stack.clock.ms += 1;
  expect(await stack.post(former, message('b'))).toBe(404);
  expect(await stack.post(current, message('c'))).toBe(200);
  expect(await counted(stack, 'unclaimed')).toBe(2);
});

test('a restart keeps the new URLs, the former ones, and the time until which those are taken', async () => {
  await using rotation = await rotated();
  const { stack, former, current } = rotation;
  await stack.restart();
  expect(pathOf(stack)).toBe(current);
  expect(await states(stack)).toEqual(['ours', 'ours', 'ours']);
  expect(await stack.post(former, message('a'))).toBe(200);
  expect(await stack.post(current, message('a'))).toBe(200);
  stack.clock.ms += DAY_MS;
  await stack.restart();
  expect(await stack.post(former, message('b'))).toBe(404);
  expect(await stack.post(current, message('c'))).toBe(200);
});

test('a callback that is under way when its path is given up is still taken', async () => {
  await using rotation = await rotated();
  const { stack, former } = rotation;
  const body = message('under way');
  const { port } = new URL(stack.gateway.urls.callbacks);
  const socket = connect(Number(port), '127.0.0.1');
  const head = `POST ${former} HTTP/1.1\r\nhost: x\r\nconnection: close\r\nexpect: 100-continue\r\ncontent-length: ${body.length}\r\n\r\n`;
  socket.write(head + body.slice(0, 10));
  // "100 Continue" shows that the door has read the head.
  await once(socket, 'data');
  expect((await rotate(stack, FORCE)).status).toBe(200);
  stack.clock.ms += DAY_MS;
  expect(await stack.post(former, message('too late'))).toBe(404);
  socket.write(body.slice(10));
  expect(await text(socket)).toContain('HTTP/1.1 200');
  expect(await counted(stack, 'unclaimed')).toBe(1);
});

test('a second rotation within 24 hours is refused with the time that is left, and changes nothing', async () => {
  await using rotation = await rotated();
  const { stack, former, current } = rotation;
  stack.clock.ms += 3 * 60 * MINUTE_MS + 1;
  const registered = urlsAt(stack);
  const refused = await stack.command<{ error: string; message: string }>('POST', '/callbacks/rotate');
  expect(refused).toMatchObject({ status: 400, body: { error: 'BAD_USER_INPUT' } });
  expect(refused.body.message).toMatch(/^Nothing was changed: .*Wait 21 h 0 min.*rotate --force$/);
  expect(urlsAt(stack)).toEqual(registered);
  for (const path of [former, current]) expect(await stack.post(path, message(path.slice(-5)))).toBe(200);
  stack.clock.ms += DAY_MS;
  expect((await rotate(stack)).status).toBe(200);
});

test('a forced rotation takes effect at once, and of the earlier URLs only the last ones are still taken', async () => {
  await using rotation = await rotated();
  const { stack, former, current } = rotation;
  expect((await rotate(stack, FORCE)).status).toBe(200);
  expect(await stack.post(former, message('a'))).toBe(404);
  expect(await stack.post(current, message('b'))).toBe(200);
  expect(await stack.post(pathOf(stack), message('c'))).toBe(200);
  expect(urlsAt(stack)).toEqual(urlsOf(stack));
});

test('two rotations at once become one: the second is refused or helps to finish the first', async () => {
  await using stack = await openClockedGateway();
  await stack.command('POST', '/callbacks/register');
  const former = pathOf(stack);
  const answers = await Promise.all([rotate(stack), rotate(stack)]);
  expect([200, 400]).toEqual(expect.arrayContaining(answers.map(({ status }) => status)));
  expect(await stack.post(former, message('a'))).toBe(200);
  expect(urlsAt(stack)).toEqual(urlsOf(stack));
});

test('a registration of another tool, and a service without one, stay as they are', async () => {
  await using stack = await openClockedGateway();
  await stack.command('POST', '/callbacks/register');
  await using client = carrierClient(stack.simulator);
  const theirs = 'http://127.0.0.1:9006/their-path';
  await client.thingSpace.register(stack.account, { serviceName: 'NiddService', url: theirs, username: '', password: '' });
  await client.thingSpace.deregister(stack.account, 'DeviceProfileService');
  const { body } = await rotate(stack);
  expect(body.listeners).toMatchObject([
    { state: 'ours', change: 'registered' },
    { state: 'other', change: null },
    { state: 'none', change: null },
  ]);
  expect(new Set(urlsAt(stack))).toEqual(new Set([urlsOf(stack)[0], theirs]));
});

test.each(['register', 'rotate'])('a rotation that fails half-way loses nothing, reports it, and is finished by %s', async (command) => {
  await using stack = await openClockedGateway();
  await stack.command('POST', '/callbacks/register');
  const former = pathOf(stack);
  stack.simulator.faults.endpoints.add({ endpoint: 'callbackRegister', latencyMs: 0 });
  stack.simulator.faults.endpoints.add({ endpoint: 'callbackRegister', status: 503 });
  const failed = await stack.command<{ message: string }>('POST', '/callbacks/rotate');
  expect(failed.status).toBe(502);
  expect(failed.body.message).toMatch(/^The callback URLs were rotated, but .*HTTP 503.*taken until .*npm run callbacks -- register/);
  expect(await states(stack)).toEqual(['ours', 'former', 'former']);
  expect(await stack.post(former, message('a'))).toBe(200);
  const current = pathOf(stack);
  expect(await stack.post(current, message('b'))).toBe(200);
  expect((await stack.command('POST', `/callbacks/${command}`)).status).toBe(200);
  // No second rotation has begun.
  expect(pathOf(stack)).toBe(current);
  expect(urlsAt(stack)).toEqual(urlsOf(stack));
  expect((await rotate(stack)).status).toBe(400);
});

test('a carrier that cannot be asked is noticed before anything is changed', async () => {
  await using stack = await openClockedGateway();
  await stack.command('POST', '/callbacks/register');
  const before = pathOf(stack);
  stack.simulator.faults.endpoints.add({ endpoint: 'callbackList', status: 503 });
  expect((await rotate(stack)).status).toBe(502);
  expect(pathOf(stack)).toBe(before);
  expect((await rotate(stack)).status).toBe(200);
});

test('a registration with a lapsed URL of ours is distinguished from another tool’s, and renewed', async () => {
  await using rotation = await rotated();
  const { stack, former } = rotation;
  await using client = carrierClient(stack.simulator);
  const url = stack.gateway.urls.callbacks + former;
  await client.thingSpace.register(stack.account, { serviceName: 'CarrierService', url, username: '', password: '' });
  expect(await states(stack)).toEqual(['former', 'ours', 'ours']);
  stack.clock.ms += DAY_MS;
  expect(await states(stack)).toEqual(['lapsed', 'ours', 'ours']);
  expect((await stack.command('POST', '/callbacks/register')).status).toBe(200);
  expect(await states(stack)).toEqual(['ours', 'ours', 'ours']);
  expect((await stack.command<unknown[]>('POST', '/callbacks/remove')).body).toHaveLength(3);
  expect(urlsAt(stack)).toEqual([]);
});

test('paths of both generations are also taken with the previous secret', async () => {
  const secret = 'the-secret-of-before-its-own-rotation';
  await using rotation = await rotated({ M2M_CALLBACK_SECRET: secret });
  const { stack, former, current } = rotation;
  await stack.restart({ M2M_CALLBACK_SECRET: 'the-secret-that-came-after-this-one', M2M_CALLBACK_PREVIOUS_SECRET: secret });
  expect(await states(stack)).toEqual(['former', 'former', 'former']);
  expect(await stack.post(former, message('a'))).toBe(200);
  expect(await stack.post(current, message('b'))).toBe(200);
  expect(await stack.post(pathOf(stack), message('c'))).toBe(200);
  expect(await onFormer(stack, 'secret')).toBe(2);
  expect(await onFormer(stack, 'rotation')).toBe(1);
  stack.clock.ms += DAY_MS;
  expect(await stack.post(former, message('d'))).toBe(404);
  expect(await stack.post(current, message('e'))).toBe(200);
});

/** Restores a store from before a rotation. Returns the path that the carrier has from that rotation. */
async function restoredFromBefore() {
  const stack = await openClockedGateway();
  await stack.command('POST', '/callbacks/register');
  const backup = `${stack.storePath}.before`;
  await stack.restart({}, () => copyFileSync(stack.storePath, backup));
  await rotate(stack);
  const latest = pathOf(stack);
  await stack.restart({}, () => copyFileSync(backup, stack.storePath));
  return { stack, latest, [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() };
}

test('a store restored from before a rotation takes the rotated URLs, and changes nothing at the carrier', async () => {
  await using restored = await restoredFromBefore();
  const { stack, latest } = restored;
  const registered = urlsAt(stack);
  expect(await stack.post(latest, message('a'))).toBe(200);
  expect(await states(stack)).toEqual(['ours', 'ours', 'ours']);
  expect((await stack.command('POST', '/callbacks/register')).status).toBe(200);
  expect(urlsAt(stack)).toEqual(registered);
  await stack.restart();
  expect(await stack.post(latest, message('c'))).toBe(200);
});

test('a rotation after restoring a backup counts on from the carrier’s generation, one day later at the earliest', async () => {
  await using restored = await restoredFromBefore();
  const { stack, latest } = restored;
  const registered = urlsAt(stack);
  // As far as the restored store knows, the carrier may still use the URLs from before that rotation.
  expect((await rotate(stack)).status).toBe(400);
  stack.clock.ms += DAY_MS;
  expect((await rotate(stack)).status).toBe(200);
  for (const url of urlsAt(stack)) expect(registered).not.toContain(url);
  expect(urlsAt(stack)).toEqual(urlsOf(stack));
  expect(await stack.post(latest, message('a'))).toBe(200);
  stack.clock.ms += DAY_MS;
  expect(await stack.post(latest, message('b'))).toBe(404);
});

test('a store whose generation cannot be read is not used, because a guess could refuse every callback', async () => {
  await using stack = await openClockedGateway();
  await rotate(stack);
  const broken = stack.restart({}, () => {
    using store = new DatabaseSync(stack.storePath);
    store.exec(`UPDATE fact SET value = '{"current":-1}' WHERE key = 'callback-generation'`);
  });
  await expect(broken).rejects.toMatchObject({ code: 'STORE_UNUSABLE', message: expect.stringContaining('callback-generation') });
});

test('the store holds only the number of the generation, and nothing that makes a path', async () => {
  const secret = 'a-callback-secret-that-stays-outside';
  await using rotation = await rotated({ M2M_CALLBACK_SECRET: secret });
  const { stack, former, current } = rotation;
  await stack.restart({}, () => {
    const bytes = readFileSync(stack.storePath, 'latin1');
    expect(bytes).toContain('callback-generation');
    for (const hidden of [secret, former, current]) expect(bytes).not.toContain(hidden.replace('/callbacks/', ''));
  });
});
