import type { ServerResponse } from 'node:http';
import { expect, test } from 'vitest';
import type { SimulatorOptions } from '../../simulator/options.ts';
import { account, CarrierClient } from './support/carrier-client.ts';
import { ManualClock } from './support/manual-clock.ts';
import { openScene } from './support/scene.ts';

const iccid = '89141390780800784259';
const refusal = (code: string) => ({ status: 400, json: { errorCode: `UnifiedWebService.${code}` } });

async function scene(options: SimulatorOptions = {}) {
  const clock = new ManualClock();
  const opened = await openScene(['CarrierService'], { clock, ...options });
  return { ...opened, clock, counts: () => opened.listener.messages.map(({ callbackCount }) => callbackCount) };
}

test('registers, lists with the password in clear, and deregisters', async () => {
  await using client = await CarrierClient.start();
  const path = `/callbacks/${account}`;
  expect(await client.call('GET', path)).toMatchObject({ status: 200, text: '' });
  const registered = { name: 'CarrierService', url: 'https://gateway.example:9001/hook', username: 'u', password: 'p' };
  expect((await client.call('POST', path, registered)).json).toEqual({ accountName: account, serviceName: 'CarrierService' });
  const { name: serviceName, ...rest } = registered;
  expect((await client.call('GET', path)).json).toEqual([{ accountName: account, serviceName, ...rest }]);
  expect((await client.call('DELETE', `${path}/name/CarrierService`)).json).toEqual({ accountName: account, serviceName });
  expect((await client.call('DELETE', `${path}/name/CarrierService`)).status).toBe(400);
});

test('keeps one listener per service and account: the second replaces the first, or is refused', async () => {
  for (const registration of ['replace', 'refuse'] as const) {
    await using client = await CarrierClient.start({ registration });
    const register = (url: string) => client.call('POST', `/callbacks/${account}`, { name: 'CarrierService', url });
    await register('http://one.example/');
    expect((await register('http://two.example/')).status).toBe(registration === 'replace' ? 200 : 400);
    expect(client.simulator.listeners(account).map(({ url }) => url)).toEqual([
      registration === 'replace' ? 'http://two.example/' : 'http://one.example/',
    ]);
  }
});

test('refuses listeners that break the rules', async () => {
  await using client = await CarrierClient.start();
  const { username, password } = client.simulator.credentials;
  const register = (change: object) =>
    client.call('POST', `/callbacks/${account}`, { name: 'CarrierService', url: 'http://gateway.example/', ...change });
  expect(await register({ name: 'Carrier' })).toMatchObject(refusal('INPUT_INVALID.ServiceName.Invalid'));
  expect(await register({ url: 'ftp://gateway.example/' })).toMatchObject(refusal('INPUT_INVALID.Url.Invalid'));
  expect(await register({ url: 'http://gateway.example:8080/' })).toMatchObject(refusal('INPUT_INVALID.Url.Port'));
  expect(await register({ username: 'x'.repeat(41) })).toMatchObject(refusal('INPUT_INVALID.Callback.Credentials'));
  expect(await register({ username, password })).toMatchObject(refusal('INPUT_INVALID.Callback.Credentials'));
  for (const port of [80, 443, 9001, 9006, 50_551, 50_559, 28_200, 28_220]) {
    expect((await register({ url: `https://gateway.example:${port}/` })).status).toBe(200);
  }
  expect((await register({ url: 'http://127.0.0.1:5999/' })).status).toBe(200);
});

test('loses the message when no listener is registered', async () => {
  await using s = await scene();
  await s.client.call('DELETE', `/callbacks/${account}/name/CarrierService`);
  const requestId = await s.client.activated(iccid);
  await s.simulator.idle();
  expect(s.simulator.ledger.lost).toMatchObject([{ requestId, service: 'CarrierService', reason: 'no listener' }]);
});

test('observed: sends again what is unanswered after 4 s, even if the first is then answered', async () => {
  await using s = await scene();
  const open: ServerResponse[] = [];
  s.listener.answer = (response) => open.push(response);
  await s.client.activated(iccid);
  await expect.poll(() => open.length).toBe(1);
  s.clock.advance(3_999);
  expect(s.simulator.ledger.callbacks).toHaveLength(1);
  s.clock.advance(1);
  await expect.poll(() => open.length).toBe(2);
  for (const response of open) response.end();
  await s.simulator.idle();
  expect(s.counts()).toEqual([1, 2]);
  expect(s.simulator.ledger.counts.callbacksAcknowledged).toBe(2);
});

test('observed: retries a refused callback exactly once, 1.2 to 1.7 s later', async () => {
  await using s = await scene();
  s.listener.answer = (response) => response.writeHead(503).end();
  await s.client.activated(iccid);
  await s.simulator.ledger.until(({ counts }) => counts.callbacksRefused === 1);
  s.clock.advance(1_199);
  expect(s.simulator.ledger.callbacks).toHaveLength(1);
  s.clock.advance(501);
  await s.simulator.ledger.until(({ counts }) => counts.callbacksRefused === 2);
  await s.simulator.idle();
  expect(s.counts()).toEqual([1, 2]);
});

test('documented: sends four times in all, 5 minutes apart', async () => {
  await using s = await scene({ resend: 'documented' });
  s.listener.answer = (response) => response.writeHead(500).end();
  await s.client.activated(iccid);
  for (let refused = 1; refused <= 4; refused += 1) {
    await s.simulator.ledger.until(({ counts }) => counts.callbacksRefused === refused);
    s.clock.advance(300_000);
  }
  await s.simulator.idle();
  expect(s.counts()).toEqual([1, 2, 3, 4]);
});

test('sends any message on demand', async () => {
  await using s = await scene();
  expect(await s.simulator.emitCallback(account, 'CarrierService', { any: 'thing' })).toEqual({ status: 200 });
  expect(await s.simulator.emitCallback(account, 'None', '<x/>', { url: `${s.listener.url}/x`, contentType: 'text/xml' })).toEqual({
    status: 200,
  });
  expect(s.listener.received).toMatchObject([
    { path: '/CarrierService', body: '{"any":"thing"}' },
    { path: '/x', body: '<x/>', contentType: 'text/xml' },
  ]);
  expect(() => s.simulator.emitCallback(account, 'NiddService', {})).toThrow('No listener');
});

test('keeps the pace it is given', async () => {
  await using s = await scene({ callbacksPerSecond: 50 });
  await s.client.activated(...Array.from({ length: 10 }, (_, index) => `8914139078080078${index}111`));
  await s.simulator.ledger.until(({ counts }) => counts.callbacksAcknowledged === 1);
  expect(s.simulator.ledger.counts.callbacksSent).toBe(1);
  for (let step = 2; step <= 10; step += 1) {
    s.clock.advance(20);
    await s.simulator.ledger.until(({ counts }) => counts.callbacksAcknowledged === step);
    expect(s.simulator.ledger.counts.callbacksSent).toBe(step);
  }
});

test('a seed repeats the run', async () => {
  const run = async () => {
    await using s = await scene({ seed: 7 });
    await s.client.activated(iccid);
    await s.simulator.idle();
    return s.listener.received.map(({ body }) => body);
  };
  expect(await run()).toEqual(await run());
});
