import { expect, test } from 'vitest';
import { openClockedGateway } from './support/clocked-gateway.ts';
import { callback, openDoor } from './support/open-door.ts';

const GOOD = JSON.stringify(callback());

test.each([
  ['a prefix', '/m2m'],
  ['a prefix with a slash at its end', '/m2m/'],
  ['a prefix like our own path', '/callbacks/m2m'],
])('a callback is taken when the proxy leaves %s before the path', async (_what, prefix) => {
  await using door = await openDoor();
  expect((await door.post(GOOD, {}, `${prefix}${door.path()}`)).status).toBe(200);
  expect((await door.stored()).applied).toHaveLength(1);
});

test('a callback to a path that is not ours is logged once a minute without the path; other paths are only lines of refusals', async () => {
  await using stack = await openClockedGateway();
  const unknown = stack.gateway.callbackPath('0999999999-00001', 'CarrierService');
  for (let times = 0; times < 3; times++) expect(await stack.post(unknown, GOOD)).toBe(404);
  for (const path of ['/', '/wp-login.php', `/x?${unknown}`]) expect(await stack.post(path, GOOD)).toBe(404);
  const told = { level: 40, reason: expect.stringContaining('npm run callbacks -- list') as string };
  expect(stack.log.of('callback_path_unknown')).toMatchObject([{ ...told, count: 1 }]);
  expect(stack.log.of('callback_refused')).toMatchObject([{ level: 40, status: 404, reason: 'Not found.', count: 1 }]);
  stack.clock.ms += 60_000;
  expect(await stack.post(unknown, GOOD)).toBe(404);
  expect(stack.log.of('callback_path_unknown')).toMatchObject([{ count: 1 }, { count: 3 }]);
  expect(stack.log.text()).not.toContain(unknown.replace('/callbacks/', ''));
});
