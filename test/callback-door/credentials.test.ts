import { createHmac } from 'node:crypto';
import { request } from 'undici';
import { expect, test } from 'vitest';
import { readConfig } from '../../src/config/config.ts';
import { startGateway } from '../../src/gateway.ts';
import { createLogger } from '../../src/logger.ts';
import { gatewayEnv } from '../support/gateway-env.ts';
import { until } from '../support/until.ts';
import { tempFolder } from '../support/temp-folder.ts';
import { ACCOUNT, callback, CREDENTIALS, DEVICE, openDoor } from './support/open-door.ts';

const CARRIER_CREDENTIALS = { clientId: 'key', clientSecret: 'secret', username: 'user', password: 'password' };

test.each([
  ['are right', {}],
  ['are missing', { username: undefined, password: undefined }],
  ['are empty', { username: '', password: '' }],
  ['are null', { username: null, password: null }],
])('a message whose credentials %s is applied', async (_what, credentials) => {
  await using door = await openDoor();
  expect((await door.post(JSON.stringify(callback(credentials)))).status).toBe(200);
  expect(await door.outcome()).toMatchObject({ status: 'SUCCEEDED' });
  const { kept, applied } = await door.stored();
  expect(kept).toEqual([]);
  expect(applied[0]).not.toContain(CREDENTIALS.password);
});

test.each([
  ['a wrong password', { password: 'guess' }],
  ['the password in an array', { password: [CREDENTIALS.password] }],
  ['the password in an object', { password: { password: CREDENTIALS.password } }],
  ['a number for the password', { password: 1 }],
  ['true for the password', { password: true }],
  ['the password in the other case', { password: CREDENTIALS.password.toUpperCase() }],
  ['a blank behind the password', { password: `${CREDENTIALS.password} ` }],
  ['an empty password beside the username', { password: '' }],
  ['no password beside the username', { password: undefined }],
  ['null beside the username', { password: null }],
  ['the right password and a wrong username', { username: 'somebody' }],
  ['the right password and no username', { username: undefined }],
])('a message with %s is acknowledged and becomes a dead letter with the password hidden', async (_what, credentials) => {
  await using door = await openDoor();
  const body = JSON.stringify(callback(credentials));
  expect(await door.post(body)).toEqual({ status: 200, body: '{}' });
  expect(await door.outcome()).toMatchObject({ status: 'PENDING' });
  expect(await door.stillApplies()).toBe('SUCCEEDED');
  const { kept, unclaimed, applied } = await door.stored();
  expect({ unclaimed, applied }).toEqual({ unclaimed: [], applied: [] });
  expect(kept).toMatchObject([{ reason: 'QUARANTINED', account: ACCOUNT, service: 'CarrierService' }]);
  const stars = '*'.repeat(CREDENTIALS.password.length);
  expect(Buffer.from(kept[0]?.body ?? []).toString()).toBe(body.replaceAll(CREDENTIALS.password, stars));
});

test.each([
  ['JSON', JSON.stringify(callback({ username: 'x', password: 'a"b\\c&d' })), 'c&d'],
  ['XML', '<CallbackRequest><Username>x</Username><Password>a"b\\c&amp;d</Password><RequestId>1</RequestId></CallbackRequest>', 'c&amp;d'],
])('a password that %s writes in another way is hidden too', async (_what, body, leak) => {
  await using door = await openDoor({ M2M_CALLBACK_PASSWORD: 'a"b\\c&d' });
  await door.post(body);
  const { kept } = await door.stored();
  expect(kept).toMatchObject([{ reason: 'QUARANTINED' }]);
  expect(Buffer.from(kept[0]?.body ?? []).toString()).not.toContain(leak);
});

test('in strict mode a message without credentials is a dead letter too', async () => {
  await using door = await openDoor({ M2M_CALLBACK_STRICT: 'on' });
  expect((await door.post(JSON.stringify(callback({ username: '', password: '' })))).status).toBe(200);
  expect(await door.outcome()).toMatchObject({ status: 'PENDING' });
  expect((await door.stored()).kept).toMatchObject([{ reason: 'QUARANTINED' }]);
});

test('credentials that were not registered are wrong credentials', async () => {
  await using door = await openDoor({ M2M_CALLBACK_USERNAME: '', M2M_CALLBACK_PASSWORD: '' });
  expect((await door.post(JSON.stringify(callback()))).status).toBe(200);
  expect((await door.stored()).kept).toMatchObject([{ reason: 'QUARANTINED' }]);
});

test('a path made with the previous secret is still taken', async () => {
  const previous = 'a-previous-secret-of-the-tests-32-chars';
  await using door = await openDoor({ M2M_CALLBACK_PREVIOUS_SECRET: previous });
  const token = createHmac('sha256', previous).update(`${ACCOUNT}\nCarrierService`).digest('base64url');
  expect((await door.post(JSON.stringify(callback()), {}, `/callbacks/${token}`)).status).toBe(200);
  expect(await door.outcome()).toMatchObject({ status: 'SUCCEEDED' });
});

test('the use of the previous secret is logged, without the account and the path, so that an operator registers again', async () => {
  const previous = 'a-previous-secret-of-the-tests-32-chars';
  await using folder = await tempFolder();
  const carrier = { url: 'http://127.0.0.1:9/api', credentials: CARRIER_CREDENTIALS, accounts: [ACCOUNT] };
  const config = readConfig({ ...gatewayEnv(carrier, `${folder.path}/gateway.sqlite`), M2M_CALLBACK_PREVIOUS_SECRET: previous });
  const logged: string[] = [];
  const logger = createLogger({ level: 'warn', destination: { write: (line) => void logged.push(line) } });
  const onFatal = (error: Error): never => {
    throw error;
  };
  await using gateway = await startGateway(config, { logger, onFatal });
  const token = createHmac('sha256', previous).update(`${ACCOUNT}\nCarrierService`).digest('base64url');
  const body = JSON.stringify(callback({ username: '', password: '' }));
  expect((await request(`${gateway.urls.callbacks}/callbacks/${token}`, { method: 'POST', body })).statusCode).toBe(200);
  const events = () => logged.map((line) => (JSON.parse(line) as { event: string }).event).filter((event) => event.startsWith('callback'));
  await until(() => events().length > 0);
  expect(events()).toEqual(['callback_on_previous_secret']);
  for (const secret of [previous, token, ACCOUNT, DEVICE]) expect(logged.join()).not.toContain(secret);
});

test('a path made with any other secret is not taken', async () => {
  await using door = await openDoor();
  const token = createHmac('sha256', 'a-previous-secret-of-the-tests-32-chars').update(`${ACCOUNT}\nCarrierService`).digest('base64url');
  expect((await door.post(JSON.stringify(callback()), {}, `/callbacks/${token}`)).status).toBe(404);
});

test('callbacks are counted by service, outcome and credentials', async () => {
  await using door = await openDoor();
  await door.post(JSON.stringify(callback({ username: '', password: '' })));
  await door.post(JSON.stringify(callback({ callbackCount: 2 })));
  await door.post(JSON.stringify(callback({ password: 'guess' })));
  await door.post('nonsense', {}, door.path('NiddService'));
  await door.post('{}', {}, '/callbacks/wrong');
  const metrics = await (await request(`${door.admin}/metrics`)).body.text();
  for (const line of [
    'm2m_callbacks_total{service="CarrierService",outcome="applied"} 1',
    'm2m_callbacks_total{service="CarrierService",outcome="duplicate"} 1',
    'm2m_callbacks_total{service="CarrierService",outcome="quarantined"} 1',
    'm2m_callbacks_total{service="NiddService",outcome="unreadable"} 1',
    'm2m_callback_credentials_total{credentials="wrong"} 1',
    'm2m_callback_credentials_total{credentials="right"} 1',
    'm2m_callback_credentials_total{credentials="none"} 2',
    'm2m_callbacks_refused_total{status="404"} 1',
  ]) {
    expect(metrics.split('\n')).toContain(line);
  }
});
