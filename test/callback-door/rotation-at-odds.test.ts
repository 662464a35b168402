import { expect, test } from 'vitest';
import type { RotationReport } from '../../src/resolvers/callbacks/callback-registrations.ts';
import { openClockedGateway, type ClockedGateway } from './support/clocked-gateway.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const SERVICES = ['CarrierService', 'NiddService', 'DeviceProfileService'] as const;
const FORCE = '/callbacks/rotate?force=true';

const message = (comment: string) => JSON.stringify({ requestId: 'of-another-tool', status: 'Success', comment });
const urlsAt = ({ simulator, account }: ClockedGateway) => simulator.listeners(account).map(({ url }) => url);
const urlsOf = ({ gateway, account }: ClockedGateway) =>
  SERVICES.map((each) => gateway.urls.callbacks + gateway.callbackPath(account, each));
const rotate = (stack: ClockedGateway, path = '/callbacks/rotate') => stack.command<RotationReport>('POST', path);

/** Registers, then rotates all but the last two services. The carrier still has those under their former URLs. */
async function halfRotated() {
  const stack = await openClockedGateway();
  await stack.command('POST', '/callbacks/register');
  const former = urlsAt(stack).map((url) => new URL(url).pathname);
  stack.simulator.faults.endpoints.add({ endpoint: 'callbackRegister', latencyMs: 0 });
  stack.simulator.faults.endpoints.add({ endpoint: 'callbackRegister', status: 503 });
  const { status } = await rotate(stack);
  if (status !== 502) throw new Error(`not half-rotated: ${status}`);
  return { stack, former: former[1] ?? '', [Symbol.asyncDispose]: () => stack[Symbol.asyncDispose]() };
}

test('a former URL is taken while the carrier is seen to have it, so an unfinished rotation loses nothing', async () => {
  await using rotation = await halfRotated();
  const { stack, former } = rotation;
  for (let hour = 0; hour < 48; hour++) {
    stack.clock.ms += HOUR_MS;
    expect(await stack.command('GET', '/callbacks')).toMatchObject({ body: [{ state: 'ours' }, { state: 'former' }, { state: 'former' }] });
    expect(await stack.post(former, message(`hour ${hour}`))).toBe(200);
  }
  await stack.restart();
  expect(await stack.post(former, message('after a restart'))).toBe(200);
});

test('a rotation that is finished late takes the former URLs for another 24 hours', async () => {
  await using rotation = await halfRotated();
  const { stack, former } = rotation;
  stack.clock.ms += DAY_MS - 1;
  expect(await stack.command('POST', '/callbacks/register')).toMatchObject({ status: 200 });
  expect(urlsAt(stack)).toEqual(urlsOf(stack));
  stack.clock.ms += DAY_MS - 1;
  expect(await stack.post(former, message('a'))).toBe(200);
  // When the carrier is seen to have no former URL, their time is not prolonged.
  expect(await stack.command('GET', '/callbacks')).toMatchObject({ status: 200 });
  stack.clock.ms += 1;
  expect(await stack.post(former, message('b'))).toBe(404);
});

test('a rotation that is forced again and again while the carrier refuses never gives up the URLs that the carrier has', async () => {
  await using rotation = await halfRotated();
  const { stack, former } = rotation;
  const current = stack.gateway.callbackPath(stack.account, 'NiddService');
  for (const attempt of [1, 2]) {
    stack.simulator.faults.endpoints.add({ endpoint: 'callbackRegister', status: 503 });
    expect((await rotate(stack, FORCE)).status).toBe(502);
    expect(await stack.post(former, message(`attempt ${attempt}`))).toBe(200);
  }
  expect((await rotate(stack, FORCE)).status).toBe(200);
  expect(urlsAt(stack)).toEqual(urlsOf(stack));
  // A forced rotation takes effect: the generation that was current is now the former one.
  expect(await stack.post(former, message('given up'))).toBe(404);
  expect(await stack.post(current, message('former'))).toBe(200);
});

test('a rotation waits for a registration under way, so no registration keeps a former URL', async () => {
  await using stack = await openClockedGateway();
  stack.simulator.faults.endpoints.add({ endpoint: 'callbackRegister', latencyMs: 300 });
  const registering = stack.command('POST', '/callbacks/register');
  await stack.simulator.ledger.until(({ counts }) => counts.calls['callbackRegister'] === 1);
  const rotation = await rotate(stack, FORCE);
  expect(await registering).toMatchObject({ status: 200 });
  expect(rotation).toMatchObject({ status: 200, body: { listeners: SERVICES.map(() => ({ state: 'ours', change: 'registered' })) } });
  expect(urlsAt(stack)).toEqual(urlsOf(stack));
});
