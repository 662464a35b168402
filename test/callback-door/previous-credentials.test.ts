import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { readMetric } from '../support/read-metric.ts';
import { openClockedGateway } from './support/clocked-gateway.ts';
import { openDeadLetterBox } from './support/dead-letter-box.ts';
import { callback, CREDENTIALS, openDoor } from './support/open-door.ts';

const PREVIOUS = { username: 'previous-user', password: 'previous-password' };
const ROTATED = { M2M_CALLBACK_PREVIOUS_USERNAME: PREVIOUS.username, M2M_CALLBACK_PREVIOUS_PASSWORD: PREVIOUS.password };
const stars = (text: string) => '*'.repeat(text.length);

test.each([
  ['current', CREDENTIALS, 'right'],
  ['previous', PREVIOUS, 'previous'],
])('a message with the %s credentials is applied and counted', async (_what, credentials, counted) => {
  await using door = await openDoor(ROTATED);
  expect(await door.post(JSON.stringify(callback(credentials)))).toEqual({ status: 200, body: '{}' });
  expect(await door.outcome()).toMatchObject({ status: 'SUCCEEDED' });
  expect(await readMetric(door.admin, `m2m_callback_credentials_total{credentials="${counted}"}`)).toBe(1);
  const { kept, applied } = await door.stored();
  expect(kept).toEqual([]);
  expect(applied[0]).not.toContain(credentials.password);
});

test.each([
  ['the previous username and the current password', { username: PREVIOUS.username, password: CREDENTIALS.password }],
  ['the current username and the previous password', { username: CREDENTIALS.username, password: PREVIOUS.password }],
  ['the previous password in an array', { username: PREVIOUS.username, password: [PREVIOUS.password] }],
  ['the previous username alone', { username: PREVIOUS.username, password: '' }],
  ['the previous password in the other case', { username: PREVIOUS.username, password: PREVIOUS.password.toUpperCase() }],
])('a message with %s becomes a dead letter with every password hidden', async (_what, credentials) => {
  await using door = await openDoor(ROTATED);
  const body = JSON.stringify(callback(credentials));
  expect((await door.post(body)).status).toBe(200);
  expect(await door.outcome()).toMatchObject({ status: 'PENDING' });
  expect(await readMetric(door.admin, 'm2m_callback_credentials_total{credentials="wrong"}')).toBe(1);
  const { kept } = await door.stored();
  const hidden = [CREDENTIALS, PREVIOUS].reduce((text, { password }) => text.replaceAll(password, stars(password)), body);
  expect(kept.map(({ reason, body: bytes }) => [reason, Buffer.from(bytes).toString()])).toEqual([['QUARANTINED', hidden]]);
});

test.each([
  ['the current one', 'secret-of-now-and-before', 'secret-of-now'],
  ['the previous one', 'secret-of-now', 'secret-of-now-and-before'],
])('when %s contains the other password, no part of either is stored', async (_what, current, previous) => {
  await using door = await openDoor({ ...ROTATED, M2M_CALLBACK_PASSWORD: current, M2M_CALLBACK_PREVIOUS_PASSWORD: previous });
  await door.post(`unreadable ${current} ${previous}`);
  const [kept] = (await door.stored()).kept;
  expect(Buffer.from(kept?.body ?? []).toString()).toBe(`unreadable ${stars(current)} ${stars(previous)}`);
});

test('previous credentials are also right when the current registration has none', async () => {
  await using door = await openDoor({ ...ROTATED, M2M_CALLBACK_USERNAME: '', M2M_CALLBACK_PASSWORD: '' });
  await door.post(JSON.stringify(callback(PREVIOUS)));
  expect(await door.outcome()).toMatchObject({ status: 'SUCCEEDED' });
});

test('in strict mode previous credentials are accepted', async () => {
  await using door = await openDoor({ ...ROTATED, M2M_CALLBACK_STRICT: 'on' });
  await door.post(JSON.stringify(callback(PREVIOUS)));
  expect(await door.outcome()).toMatchObject({ status: 'SUCCEEDED' });
});

test('the use of previous credentials is logged as a warning once a minute, without the credentials', async () => {
  const env = { ...ROTATED, M2M_CALLBACK_USERNAME: CREDENTIALS.username, M2M_CALLBACK_PASSWORD: CREDENTIALS.password };
  await using stack = await openClockedGateway(env);
  const path = stack.gateway.callbackPath(stack.account, 'CarrierService');
  for (const comment of ['a', 'b']) await stack.post(path, JSON.stringify(callback({ ...PREVIOUS, comment })));
  expect(stack.log.of('callback_with_previous_credentials')).toMatchObject([{ level: 40, service: 'CarrierService', count: 1 }]);
  expect(await readMetric(stack.gateway.urls.admin, 'm2m_callbacks_on_former_total{former="credentials"}')).toBe(2);
  for (const secret of [PREVIOUS.username, PREVIOUS.password, stack.account]) expect(stack.log.text()).not.toContain(secret);
});

test('a dead letter can be applied when its credentials are configured as the previous ones', async () => {
  await using box = await openDeadLetterBox();
  await box.post(box.callback(1, PREVIOUS));
  await box.restart(ROTATED);
  const [letter] = await box.list();
  expect(await box.redrive([letter?.id ?? ''])).toEqual(['APPLIED']);
});

test('a username without its password is a fault of the configuration', () => {
  const carrier = {
    url: 'http://127.0.0.1:9/api',
    credentials: { clientId: 'k', clientSecret: 's', username: 'u', password: 'p' },
    accounts: ['a'],
  };
  expect(() => readConfig({ ...gatewayEnv(carrier, 'x'), M2M_CALLBACK_PREVIOUS_USERNAME: 'only' })).toThrow(
    'M2M_CALLBACK_PREVIOUS_USERNAME and M2M_CALLBACK_PREVIOUS_PASSWORD go together',
  );
});
