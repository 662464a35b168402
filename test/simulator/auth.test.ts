import { expect, test } from 'vitest';
import { startSimulator } from '../../simulator/start-simulator.ts';
import { CarrierClient } from './support/carrier-client.ts';
import { ManualClock } from './support/manual-clock.ts';

const errorCode = (code: string) => ({ status: 400, json: { errorCode: `UnifiedWebService.${code}` } });
const wso2 = (status: number, code: string) => ({ status, json: { fault: { code } } });

test('hands out the same bearer inside the hour, with what is left of it, and a new one after', async () => {
  const clock = new ManualClock();
  await using simulator = await startSimulator({ clock });
  await using client = new CarrierClient(simulator);
  const first = await client.token();
  expect(first).toMatchObject({ status: 200, json: { token_type: 'Bearer', expires_in: 3600 } });
  clock.advance(1_000_500);
  expect(await client.token()).toMatchObject({ json: { ...(first.json as object), expires_in: 2599 } });
  clock.advance(2_600_000);
  expect((await client.token()).json).not.toMatchObject({ access_token: (first.json as { access_token: string }).access_token });
});

test('refuses token requests in the OAuth dialect', async () => {
  await using simulator = await startSimulator();
  await using client = new CarrierClient(simulator);
  expect(await client.token('')).toMatchObject({
    status: 400,
    json: { error: 'invalid_request', error_description: 'Missing grant_type parameter value' },
  });
  expect(await client.token('grant_type=password')).toMatchObject({ status: 400, json: { error: 'unsupported_grant_type' } });
  expect(await client.token(undefined, { authorization: 'Basic bm86bm8=' })).toMatchObject({
    status: 401,
    json: { error: 'invalid_client' },
  });
  expect(await client.token(undefined, { authorization: '' })).toMatchObject(wso2(401, '900902'));
});

test('a revoked bearer is replaced by the next token request', async () => {
  await using client = await CarrierClient.start();
  const { clientId, clientSecret } = client.simulator.credentials;
  const basic = Buffer.from(`${clientId}:${clientSecret}`).toString('base64');
  const headers = { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' };
  const form = `grant_type=client_credentials&token=${client.bearer}`;
  expect((await client.send('POST', `${client.simulator.oauthUrl}/oauth2/revoke`, form, headers)).status).toBe(200);
  expect(await client.login()).toMatchObject(wso2(401, '900901'));
});

test('refuses bad bearers and unknown paths with WSO2 fault bodies', async () => {
  await using simulator = await startSimulator();
  await using client = new CarrierClient(simulator);
  expect(await client.login()).toMatchObject(wso2(401, '900902'));
  client.bearer = 'unknown';
  expect(await client.login()).toMatchObject(wso2(401, '900901'));
  expect(await client.call('GET', '/nowhere')).toMatchObject(wso2(400, '900906'));
  await using known = await CarrierClient.open(simulator);
  simulator.faults.expireBearer();
  expect(await known.login()).toMatchObject(wso2(401, '900901'));
});

test('ends a session after 20 idle minutes, counted from its last use', async () => {
  const clock = new ManualClock();
  await using client = await CarrierClient.start({ clock, bearerLifetimeMs: 24 * 3_600_000 });
  const plans = () => client.call('GET', '/plans/TestAccount-1');
  for (let round = 0; round < 2; round += 1) {
    clock.advance(20 * 60_000);
    expect((await plans()).status).toBe(200);
  }
  clock.advance(20 * 60_000 + 1);
  expect(await plans()).toMatchObject(errorCode('REQUEST_FAILED.SessionToken.Expired'));
  client.session = 'not-a-guid';
  expect(await plans()).toMatchObject(errorCode('INPUT_INVALID.SessionToken.Invalid'));
  client.session = '';
  expect(await plans()).toMatchObject(errorCode('REQUEST_FAILED.SessionToken.Format'));
});

test('writes session failures with the business code on profile operations too', async () => {
  await using client = await CarrierClient.start();
  client.simulator.faults.expireSessions();
  expect(await client.call('POST', '/devices/profile/actions/profile_resume', {})).toMatchObject(
    errorCode('REQUEST_FAILED.SessionToken.Expired'),
  );
});

test('logs out', async () => {
  await using client = await CarrierClient.start();
  expect((await client.call('POST', '/session/logout')).json).toEqual({ sessionToken: client.session });
  expect(await client.call('POST', '/session/logout')).toMatchObject(errorCode('INPUT_INVALID.SessionToken.Invalid'));
});

test('locks the user at the fifth consecutive refused login, until unlocked', async () => {
  await using client = await CarrierClient.start();
  for (let attempt = 0; attempt < 4; attempt += 1) await client.login('wrong');
  expect((await client.login()).status).toBe(200);
  for (let attempt = 0; attempt < 5; attempt += 1) {
    expect(await client.login('wrong')).toMatchObject(errorCode('INPUT_INVALID.Password.Invalid'));
  }
  expect(await client.login()).toMatchObject(errorCode('REQUEST_FAILED.UserLocked'));
  expect(client.simulator.ledger.counts.loginsRefused).toBe(10);
  client.simulator.faults.unlock();
  expect((await client.login()).status).toBe(200);
});

test('keeps older sessions at a new login, unless told otherwise', async () => {
  for (const loginInvalidatesSessions of [false, true]) {
    await using client = await CarrierClient.start({ loginInvalidatesSessions });
    await client.login();
    expect((await client.call('GET', '/plans/TestAccount-1')).status).toBe(loginInvalidatesSessions ? 400 : 200);
  }
});

test('resets the password, effective at once', async () => {
  await using client = await CarrierClient.start();
  const old = client.simulator.credentials.password;
  const answer = await client.call('PUT', '/session/password/actions/reset', { oldPassword: old });
  expect(answer.json).toEqual({ newPassword: client.simulator.credentials.password });
  expect((await client.login(old)).status).toBe(400);
  expect((await client.login()).status).toBe(200);
});
